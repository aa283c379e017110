//! `Equal`: elementwise comparison with broadcasting (<https://onnx.ai/onnx/operators/onnx__Equal.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static EQUAL: Operator = Operator {
    name: "Equal",
    infer: shape::comparison,
    gradient: Gradient::Zero,
};

impl Graph {
    /// Whether `a == b`, as truth values.
    pub fn equal(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&EQUAL, &[a, b], Attributes::none())
    }
}
