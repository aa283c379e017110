//! `Sqrt`: elementwise square root (<https://onnx.ai/onnx/operators/onnx__Sqrt.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static SQRT: Operator = Operator {
    name: "Sqrt",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| {
        let two = graph.scalar(2.0);
        let twice = graph.mul(node.output, two)?;
        Ok(vec![Some(graph.div(dy, twice)?)])
    }),
};

impl Graph {
    /// The square root of `x`.
    pub fn sqrt(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&SQRT, &[x], Attributes::none())
    }
}
