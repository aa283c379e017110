//! `Where`: elementwise choice with broadcasting (<https://onnx.ai/onnx/operators/onnx__Where.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, TensorType};

/// The operator.
pub static WHERE: Operator = Operator {
    name: "Where",
    infer,
    gradient: Gradient::Rule(|graph, node, dy| {
        let zero = graph.scalar(0.0);
        let chosen = graph.where_select(node.inputs[0], dy, zero)?;
        let refused = graph.where_select(node.inputs[0], zero, dy)?;
        Ok(vec![None, Some(chosen), Some(refused)])
    }),
};

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    if inputs[0].element() != ElementType::Bool {
        return Err("expected truth values as the first input".into());
    }
    let branches = shape::binary(&inputs[1..], attributes)?;
    let shape = shape::broadcast(inputs[0].shape(), &branches.shape)?;
    Ok(TensorType::new(branches.element, &shape))
}

impl Graph {
    /// `a` where `condition` is true, `b` elsewhere.
    pub fn where_select(
        &mut self,
        condition: ValueId,
        a: ValueId,
        b: ValueId,
    ) -> Result<ValueId, GraphError> {
        self.apply(&WHERE, &[condition, a, b], Attributes::none())
    }
}
