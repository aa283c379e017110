//! `Mul`: elementwise product with broadcasting (<https://onnx.ai/onnx/operators/onnx__Mul.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static MUL: Operator = Operator {
    name: "Mul",
    infer: shape::binary,
    gradient: Gradient::Rule(|graph, node, dy| {
        let (a, b) = (node.inputs[0], node.inputs[1]);
        Ok(vec![Some(graph.mul(dy, b)?), Some(graph.mul(dy, a)?)])
    }),
};

impl Graph {
    /// `a * b`.
    pub fn mul(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&MUL, &[a, b], Attributes::none())
    }
}
