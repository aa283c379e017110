//! `Relu`: the larger of an element and zero (<https://onnx.ai/onnx/operators/onnx__Relu.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Target, ValueId};

/// The operator. Its gradient at zero is zero.
pub static RELU: Operator = Operator {
    name: "Relu",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| {
        let zero = graph.scalar(0.0);
        let active = graph.greater(node.output, zero)?;
        let dx = if graph.target() == Target::Cuda {
            graph.where_select(active, dy, zero)?
        } else {
            // CPUs multiply in one pass and select in several.
            let active = graph.cast_to_f32(active)?;
            graph.mul(dy, active)?
        };
        Ok(vec![Some(dx)])
    }),
};

impl Graph {
    /// `max(x, 0)`.
    pub fn relu(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&RELU, &[x], Attributes::none())
    }
}
