//! `Sub`: elementwise difference with broadcasting (<https://onnx.ai/onnx/operators/onnx__Sub.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator.
pub static SUB: Operator = Operator {
    name: "Sub",
    infer: shape::binary,
    gradient: Gradient::Rule(|graph, _, dy| {
        let minus_one = graph.scalar(-1.0);
        Ok(vec![Some(dy), Some(graph.mul(dy, minus_one)?)])
    }),
};

impl Graph {
    /// `a - b`.
    pub fn sub(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&SUB, &[a, b], Attributes::none())
    }
}
