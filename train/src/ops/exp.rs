//! `Exp`: elementwise exponential (<https://onnx.ai/onnx/operators/onnx__Exp.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static EXP: Operator = Operator {
    name: "Exp",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| Ok(vec![Some(graph.mul(dy, node.output)?)])),
};

impl Graph {
    /// `e` to the power of `x`.
    pub fn exp(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&EXP, &[x], Attributes::none())
    }
}
