//! `LogSoftmax` over the last axis (<https://onnx.ai/onnx/operators/onnx__LogSoftmax.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Node, ValueId};

/// The operator.
pub static LOG_SOFTMAX: Operator =
    Operator { name: "LogSoftmax", infer: shape::unary, gradient: Gradient::Rule(gradient) };

/// `dx = dy - softmax(x) * sum(dy)`
fn gradient(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let last_axis = graph.shape(dy).len() - 1;
    let total = graph.reduce_sum(dy, &[last_axis])?;
    let softmax = graph.exp(node.output)?;
    let share = graph.mul(softmax, total)?;
    Ok(vec![Some(graph.sub(dy, share)?)])
}

impl Graph {
    /// Logarithms of the softmax along the last axis.
    pub fn log_softmax(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&LOG_SOFTMAX, &[x], Attributes::none().integer("axis", -1))
    }
}
