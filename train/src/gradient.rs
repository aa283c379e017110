//! Reverse-mode differentiation, graph in, graph out
//! ([Baydin et al., section 3.2](https://arxiv.org/abs/1502.05767)).

use std::collections::{HashMap, HashSet};

use crate::graph::{Graph, GraphError, ValueId};
use crate::ops::Gradient;
use crate::tensor::Tensor;

/// Adds nodes that compute the gradient of `loss` (one number) with respect to each of `parameters`.
///
/// Where a value is used several times its gradients are added; where it was broadcast they are summed back to
/// its shape.
pub fn gradients(
    graph: &mut Graph,
    loss: ValueId,
    parameters: &[ValueId],
) -> Result<Vec<ValueId>, GraphError> {
    if graph.tensor_type(loss).len() != 1 {
        return Err(GraphError::LossNotScalar(graph.tensor_type(loss).clone()));
    }
    let dependent = dependent_values(graph, parameters);
    let shape = graph.shape(loss).to_vec();
    let one = graph.constant(Tensor::filled(&shape, 1.0));
    let mut found = HashMap::from([(loss, one)]);
    for index in (0..graph.nodes().len()).rev() {
        let node = &graph.nodes()[index];
        let Some(&dy) = found.get(&node.output) else {
            continue;
        };
        if dependent.contains(&node.output) {
            propagate(graph, index, dy, &dependent, &mut found)?;
        }
    }
    let gradient_of = |&parameter: &ValueId| {
        let unconnected = || GraphError::Unconnected(graph.name(parameter).into());
        found.get(&parameter).copied().ok_or_else(unconnected)
    };
    parameters.iter().map(gradient_of).collect()
}

/// The values that depend on any of the parameters, and the parameters.
fn dependent_values(graph: &Graph, parameters: &[ValueId]) -> HashSet<ValueId> {
    let mut dependent: HashSet<ValueId> = parameters.iter().copied().collect();
    for node in graph.nodes() {
        if node.inputs.iter().any(|input| dependent.contains(input)) {
            dependent.insert(node.output);
        }
    }
    dependent
}

/// Applies the rule of a node, or of the part that it ends, and hands the results to the inputs.
fn propagate(
    graph: &mut Graph,
    index: usize,
    dy: ValueId,
    dependent: &HashSet<ValueId>,
    found: &mut HashMap<ValueId, ValueId>,
) -> Result<(), GraphError> {
    let node = graph.nodes()[index].clone();
    let (inputs, input_gradients) = match (graph.part(node.output), node.operator.gradient) {
        (Some(part), _) => (part.inputs, (part.rule)(graph, dy)?),
        (None, Gradient::Rule(rule)) => (node.inputs.clone(), rule(graph, &node, dy)?),
        (None, Gradient::Zero) => return Ok(()),
        (None, Gradient::Missing) => {
            return Err(GraphError::MissingGradient {
                operator: node.operator.name,
                value: graph.name(node.output).into(),
            });
        }
    };
    for (input, gradient) in inputs.into_iter().zip(input_gradients) {
        let Some(gradient) = gradient.filter(|_| dependent.contains(&input)) else {
            continue;
        };
        let gradient = sum_to_shape_of(graph, gradient, input)?;
        let total = match found.get(&input) {
            Some(&earlier) => graph.add(earlier, gradient)?,
            None => gradient,
        };
        found.insert(input, total);
    }
    Ok(())
}

/// Sums a gradient over the axes along which `value` was broadcast.
fn sum_to_shape_of(
    graph: &mut Graph,
    gradient: ValueId,
    value: ValueId,
) -> Result<ValueId, GraphError> {
    let (from, to) = (graph.shape(gradient).to_vec(), graph.shape(value).to_vec());
    if from == to {
        return Ok(gradient);
    }
    let missing = from.len() - to.len();
    let was_broadcast =
        |&axis: &usize| axis < missing || (to[axis - missing] == 1 && from[axis] > 1);
    let axes: Vec<usize> = (0..from.len()).filter(was_broadcast).collect();
    let sum = graph.reduce_sum(gradient, &axes)?;
    graph.reshape(sum, &to)
}
