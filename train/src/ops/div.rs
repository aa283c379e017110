//! `Div`: elementwise quotient with broadcasting (<https://onnx.ai/onnx/operators/onnx__Div.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static DIV: Operator = Operator {
    name: "Div",
    infer: shape::binary,
    gradient: Gradient::Rule(|graph, node, dy| {
        // d(a/b)/db = -(a/b)/b
        let b = node.inputs[1];
        let da = graph.div(dy, b)?;
        let product = graph.mul(da, node.output)?;
        let minus_one = graph.scalar(-1.0);
        Ok(vec![Some(da), Some(graph.mul(product, minus_one)?)])
    }),
};

impl Graph {
    /// `a / b`.
    pub fn div(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&DIV, &[a, b], Attributes::none())
    }
}
