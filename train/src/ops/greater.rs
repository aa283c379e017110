//! `Greater`: elementwise comparison with broadcasting (<https://onnx.ai/onnx/operators/onnx__Greater.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static GREATER: Operator = Operator {
    name: "Greater",
    infer: shape::comparison,
    gradient: Gradient::Zero,
};

impl Graph {
    /// Whether `a > b`, as truth values.
    pub fn greater(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&GREATER, &[a, b], Attributes::none())
    }
}
