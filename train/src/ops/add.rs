//! `Add`: elementwise sum with broadcasting (<https://onnx.ai/onnx/operators/onnx__Add.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static ADD: Operator = Operator {
    name: "Add",
    infer: shape::binary,
    gradient: Gradient::Rule(|_, _, dy| Ok(vec![Some(dy), Some(dy)])),
};

impl Graph {
    /// `a + b`.
    pub fn add(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&ADD, &[a, b], Attributes::none())
    }
}
