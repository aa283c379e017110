//! `ReduceMax` over the last axis, which stays with size 1
//! (<https://onnx.ai/onnx/operators/onnx__ReduceMax.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator. Equal maxima share the gradient equally.
pub static REDUCE_MAX: Operator = Operator {
    name: "ReduceMax",
    infer,
    gradient: Gradient::Rule(gradient),
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    shape::expect_f32(inputs[0], inputs[0].shape().len())?;
    match inputs[0].shape() {
        [rest @ .., size] if *size > 0 => Ok(TensorType::f32(&[rest, &[1]].concat())),
        found => Err(format!(
            "expected at least one element in the last axis, found {found:?}"
        )),
    }
}

fn gradient(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let last_axis = graph.shape(node.inputs[0]).len() - 1;
    let winners = graph.equal(node.inputs[0], node.output)?;
    let winners = graph.cast_to_f32(winners)?;
    let count = graph.reduce_sum(winners, &[last_axis])?;
    let share = graph.div(dy, count)?;
    Ok(vec![Some(graph.mul(winners, share)?)])
}

impl Graph {
    /// The largest element along the last axis.
    pub fn reduce_max(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let last_axis = self.shape(x).len().saturating_sub(1);
        let attributes = Attributes::none()
            .sizes("axes", &[last_axis])
            .integer("keepdims", 1);
        self.apply(&REDUCE_MAX, &[x], attributes)
    }
}
