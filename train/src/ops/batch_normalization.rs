//! `BatchNormalization` with statistics that are given. In training, where they are those of the batch, it is made of
//! other operators.

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::TensorType;

/// Inputs: a tensor `[N, C, ...]`, then scale, bias, mean and variance, `[C]` each.
pub static BATCH_NORMALIZATION: Operator = Operator {
    name: "BatchNormalization",
    infer,
    gradient: Gradient::Rule(gradient),
};

/// That of the tensor alone: the numbers of a frozen layer have none.
fn gradient(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let factor = factor(graph, &node.inputs, &node.attributes)?;
    let dx = graph.mul(dy, factor)?;
    Ok(vec![Some(dx), None, None, None, None])
}

/// What each channel is multiplied by, as a tensor with an axis for each of the input's.
fn factor(
    graph: &mut Graph,
    inputs: &[ValueId],
    attributes: &Attributes,
) -> Result<ValueId, GraphError> {
    let shape = of_channels(graph, inputs[0]);
    let (scale, variance) = (
        graph.reshape(inputs[1], &shape)?,
        graph.reshape(inputs[4], &shape)?,
    );
    let epsilon = graph.scalar(attributes.get_float("epsilon", 1e-5));
    let raised = graph.add(variance, epsilon)?;
    let deviation = graph.sqrt(raised)?;
    graph.div(scale, deviation)
}

/// The shape of a number for each channel of a tensor.
fn of_channels(graph: &Graph, x: ValueId) -> Vec<usize> {
    let mut shape = vec![1; graph.shape(x).len()];
    shape[1] = graph.shape(x)[1];
    shape
}

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 5)?;
    shape::expect_f32(inputs[0], inputs[0].shape().len())?;
    let channels = inputs[0].shape().get(1);
    let fits = |input: &Operand| input.shape().len() == 1 && input.shape().first() == channels;
    if inputs[1..].iter().all(fits) {
        Ok(inputs[0].tensor_type.clone())
    } else {
        Err("expected a scale, bias, mean and variance for each channel".into())
    }
}

/// As operators of single elements, which tract needs where the numbers are no constants.
pub(super) fn of_elements(
    graph: &mut Graph,
    inputs: &[ValueId],
    attributes: &Attributes,
) -> Result<Option<ValueId>, GraphError> {
    let shape = of_channels(graph, inputs[0]);
    let (bias, mean) = (
        graph.reshape(inputs[2], &shape)?,
        graph.reshape(inputs[3], &shape)?,
    );
    let factor = factor(graph, inputs, attributes)?;
    let centred = graph.sub(inputs[0], mean)?;
    let scaled = graph.mul(centred, factor)?;
    graph.add(scaled, bias).map(Some)
}

impl Graph {
    /// `(x - mean) / sqrt(variance + epsilon) * scale + bias`, channel by channel.
    pub fn batch_normalization(
        &mut self,
        x: ValueId,
        [scale, bias, mean, variance]: [ValueId; 4],
        epsilon: f32,
    ) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none().float("epsilon", epsilon);
        let inputs = [x, scale, bias, mean, variance];
        self.apply(&BATCH_NORMALIZATION, &inputs, attributes)
    }
}
