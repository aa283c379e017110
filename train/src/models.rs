//! The graphs of a network: one that trains, one that measures, one that is shipped.

pub mod flat;
pub mod numbers;
pub mod on_device;

use no_std_core::format::OutputKind;

use crate::architecture::{Forward, Network};
use crate::gradient::gradients;
use crate::graph::{Forms, Graph, GraphError, Target, ValueId};
use crate::layers::Training;
use crate::loss::{Soft, cross_entropy};
use crate::optimizer::{Method, Trainable, Variable, append_updates};
use crate::tensor::{ElementType, Tensor, TensorType};

/// Input: images `[N, channels, rows, columns]`, pixels `0.0..=1.0`.
pub const IMAGES: &str = "images";
/// Input: class indices `[N]`.
pub const LABELS: &str = "labels";
/// Input: how much each image counts, 1 unless classes have weights; 0 for rows that fill up a batch, `[N]`.
pub const WEIGHTS: &str = "weights";
/// Input: how much the images of a batch that is updated with count, a scalar.
pub const COUNT: &str = "count";
/// Input: step size, a scalar.
pub const LEARNING_RATE: &str = "learning_rate";
/// Input: class indices of what images are mixed with, `[N]`.
pub const MIXED_LABELS: &str = "mixed_labels";
/// Input: the share of the first class of a mixture, `[N]`.
pub const SHARES: &str = "shares";
/// Output: sum of the losses of the batch, a scalar.
pub const LOSS_SUM: &str = "loss_sum";
/// Output: number of right answers in the batch, a scalar; of classes only.
pub const CORRECT: &str = "correct";
pub const LOGITS: &str = "logits";

/// What the shipped form calls its input and its output.
pub fn names(output: OutputKind) -> [&'static str; 2] {
    match output {
        OutputKind::Classes => [IMAGES, LOGITS],
        OutputKind::Values | OutputKind::Reconstruction => ["input", "output"],
    }
}

/// Masks, and how parameters are updated.
type Learnt<'a> = (&'a [ValueId], &'a Method);

/// What a batch costs.
struct Costs {
    mean: ValueId,
    sum: ValueId,
}

pub fn mask_name(layer: &str) -> String {
    format!("{layer}.mask")
}

fn gradient_name(parameter: &str) -> String {
    format!("{parameter}.gradient")
}

/// Name of the input that takes an output of one of several parts.
pub fn part_name(output: &str, part: usize) -> String {
    format!("{output}.{part}")
}

/// A model in the ONNX format and the variables that it updates at each run.
pub struct TrainingModel {
    pub onnx: Vec<u8>,
    /// Parameters first, in the network's order, then the optimiser's state.
    pub variables: Vec<Variable>,
}

/// One training step: `(images, labels, weights, masks, learning_rate, variables)`, and `(mixed_labels, shares)` where
/// samples are mixtures, to `(loss_sum, correct, variables.next)`.
pub fn training(
    network: &Network,
    method: impl Into<Method>,
    batch_size: usize,
    forms: impl Into<Forms>,
) -> Result<TrainingModel, GraphError> {
    let method = method.into();
    let mut graph = Graph::of_forms(forms);
    let masks = mask_inputs(&mut graph, network, batch_size)?;
    let (parameters, variables) = parameter_inputs(&mut graph, network)?;
    let learnt = Some((&*masks, &method));
    let (forward, loss) = forward_and_loss(&mut graph, network, batch_size, &parameters, learnt)?;
    let trained = trained(network, &parameters);
    let found = gradients(&mut graph, loss.mean, &trained)?;
    let variables = (trained, variables);
    append_training(graph, network, &method, variables, found, &forward.updates)
}

/// The parameters that have a gradient.
fn trained(network: &Network, parameters: &[ValueId]) -> Vec<ValueId> {
    let all = network.parameters().into_iter().zip(parameters);
    all.filter(|(parameter, _)| parameter.is_trained)
        .map(|(_, &value)| value)
        .collect()
}

/// Completes a graph that has the gradients, and the next values of statistics, with the optimiser.
fn append_training(
    mut graph: Graph,
    network: &Network,
    method: &Method,
    (parameters, mut variables): (Vec<ValueId>, Vec<Variable>),
    found: Vec<ValueId>,
    statistics: &[(ValueId, ValueId)],
) -> Result<TrainingModel, GraphError> {
    for &(statistic, next) in statistics {
        let name = Variable::next_name(graph.name(statistic));
        graph.output(&name, next)?;
    }
    let trainable = |(parameter, gradient)| Trainable {
        parameter,
        gradient,
    };
    let trainables: Vec<_> = parameters.into_iter().zip(found).map(trainable).collect();
    let rate = graph.input(LEARNING_RATE, TensorType::f32(&[]))?;
    let state = append_updates(&mut graph, method, &trainables, statistics, rate)?;
    variables.extend(state);
    Ok(TrainingModel {
        onnx: graph.specialized()?.to_onnx(&network.name, &[]),
        variables,
    })
}

/// The gradients of a part of a batch: `(images, labels, weights, masks, parameters)` of `rows` images to
/// `(loss_sum, correct, gradients)`, the gradients being those of the sum of the losses. The network must have no
/// statistics of batches.
pub fn part(
    network: &Network,
    method: &Method,
    rows: usize,
    forms: impl Into<Forms>,
) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::of_forms(forms);
    let masks = mask_inputs(&mut graph, network, rows)?;
    let (parameters, _) = parameter_inputs(&mut graph, network)?;
    let learnt = Some((&*masks, method));
    let (_, loss) = forward_and_loss(&mut graph, network, rows, &parameters, learnt)?;
    let trained = trained(network, &parameters);
    let found = gradients(&mut graph, loss.sum, &trained)?;
    for (&parameter, gradient) in trained.iter().zip(found) {
        let name = gradient_name(graph.name(parameter));
        graph.output(&name, gradient)?;
    }
    Ok(graph.specialized()?.to_onnx(&network.name, &[]))
}

/// The update that follows the gradients of so many parts: `(gradients, count, learning_rate, variables)` to
/// `variables.next`.
pub fn update(
    network: &Network,
    method: &Method,
    parts: usize,
) -> Result<TrainingModel, GraphError> {
    let mut graph = Graph::new();
    let count = graph.input(COUNT, TensorType::f32(&[]))?;
    let (parameters, variables) = parameter_inputs(&mut graph, network)?;
    let trained = trained(network, &parameters);
    let mut found = Vec::new();
    for &parameter in &trained {
        let name = gradient_name(graph.name(parameter));
        let parameter_type = graph.tensor_type(parameter).clone();
        let mut total = graph.input(&part_name(&name, 0), parameter_type.clone())?;
        for part in 1..parts {
            let gradient = graph.input(&part_name(&name, part), parameter_type.clone())?;
            total = graph.add(total, gradient)?;
        }
        found.push(graph.div(total, count)?);
    }
    append_training(graph, network, method, (trained, variables), found, &[])
}

/// Measures a network: `(images, labels, weights, parameters)` to `(logits, loss_sum, correct)`; of numbers
/// `(images, targets, weights, parameters)` to `(logits, loss_sum, errors)`, without targets for a reconstruction.
pub fn evaluation(
    network: &Network,
    batch_size: usize,
    target: Target,
) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::of_forms(target);
    let (parameters, _) = parameter_inputs(&mut graph, network)?;
    let (forward, _) = forward_and_loss(&mut graph, network, batch_size, &parameters, None)?;
    let output = network.unscaled_output(&mut graph, forward.output)?;
    graph.output(LOGITS, output)?;
    Ok(graph.specialized()?.to_onnx(&network.name, &[]))
}

/// The shipped form: one image in, logits or numbers out, parameters inside, nothing of training left.
pub fn inference(
    network: &Network,
    parameters: Vec<Tensor>,
    metadata: &[(String, String)],
) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let [input, output] = names(network.output);
    let images = graph.input(input, image_type(network, 1))?;
    let parameters = parameters.into_iter().map(|tensor| graph.constant(tensor));
    let parameters: Vec<ValueId> = parameters.collect();
    let scaled = network.scaled_input(&mut graph, images)?;
    let forward = network.forward(&mut graph, scaled, &parameters, None)?;
    let outputs = network.unscaled_output(&mut graph, forward.output)?;
    graph.output(output, outputs)?;
    Ok(graph.to_onnx(&network.name, metadata))
}

fn image_type(network: &Network, batch_size: usize) -> TensorType {
    TensorType::f32(&[&[batch_size], &network.input[..]].concat())
}

fn mask_inputs(
    graph: &mut Graph,
    network: &Network,
    rows: usize,
) -> Result<Vec<ValueId>, GraphError> {
    let mut masks = Vec::new();
    for (layer, _, shape) in network.dropouts() {
        let shape = [&[rows], &shape[..]].concat();
        masks.push(graph.input(&mask_name(&layer), TensorType::f32(&shape))?);
    }
    Ok(masks)
}

fn parameter_inputs(
    graph: &mut Graph,
    network: &Network,
) -> Result<(Vec<ValueId>, Vec<Variable>), GraphError> {
    let mut values = Vec::new();
    let mut variables = Vec::new();
    for parameter in network.parameters() {
        values.push(graph.input(&parameter.name, TensorType::f32(&parameter.shape))?);
        variables.push(Variable {
            name: parameter.name,
            shape: parameter.shape,
            initial: 0.0,
        });
    }
    Ok((values, variables))
}

fn forward_and_loss(
    graph: &mut Graph,
    network: &Network,
    batch_size: usize,
    parameters: &[ValueId],
    learnt: Option<Learnt>,
) -> Result<(Forward, Costs), GraphError> {
    if network.output != OutputKind::Classes {
        let (forward, costs) =
            numbers::forward_and_loss(graph, network, batch_size, parameters, learnt)?;
        graph.output(LOSS_SUM, costs.sum)?;
        return Ok((forward, costs));
    }
    let images = graph.input(IMAGES, image_type(network, batch_size))?;
    let labels = graph.input(LABELS, TensorType::new(ElementType::I64, &[batch_size]))?;
    let weights = graph.input(WEIGHTS, TensorType::f32(&[batch_size]))?;
    let training = learnt.map(|(masks, _)| Training { masks, weights });
    let forward = network.forward(graph, images, parameters, training)?;
    let soft = match learnt {
        Some((_, method)) => soft(graph, method, batch_size)?,
        None => Soft::default(),
    };
    let loss = cross_entropy(graph, forward.output, labels, weights, soft)?;
    graph.output(LOSS_SUM, loss.sum)?;
    graph.output(CORRECT, loss.correct)?;
    let (mean, sum) = (loss.mean, loss.sum);
    Ok((forward, Costs { mean, sum }))
}

/// What an answer is held against beside the label, with inputs for it.
fn soft(graph: &mut Graph, method: &Method, batch_size: usize) -> Result<Soft, GraphError> {
    let mixed = if method.mixes {
        let labels = TensorType::new(ElementType::I64, &[batch_size]);
        let labels = graph.input(MIXED_LABELS, labels)?;
        Some([labels, graph.input(SHARES, TensorType::f32(&[batch_size]))?])
    } else {
        None
    };
    Ok(Soft {
        smoothing: method.label_smoothing,
        mixed,
        negatives: method.negatives,
    })
}
