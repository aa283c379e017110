//! `Log`: elementwise natural logarithm (<https://onnx.ai/onnx/operators/onnx__Log.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static LOG: Operator = Operator {
    name: "Log",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| Ok(vec![Some(graph.div(dy, node.inputs[0])?)])),
};

impl Graph {
    /// The natural logarithm of `x`.
    pub fn log(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&LOG, &[x], Attributes::none())
    }
}
