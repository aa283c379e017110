//! The training graph whose data set and plan of an epoch are with the runtime, so that a step takes nothing from the
//! host and gives nothing back.
//!
//! Inputs that the host-fed graph has once a step have one more axis here: [`LABELS`] one of samples, [`WEIGHTS`] and
//! the masks one of steps. What to take of them the graph knows from [`STEP`], a variable that counts.

use input::normalization::Normalization;

use super::flat::Layout;
use super::{
    CORRECT, IMAGES, LABELS, LOSS_SUM, TrainingModel, WEIGHTS, append_training, mask_name,
};
use crate::architecture::Network;
use crate::gradient::gradients;
use crate::graph::{Graph, GraphError, Target, ValueId};
use crate::layers::{Parameter, Training};
use crate::loss::{Soft, cross_entropy};
use crate::optimizer::{Method, Variable};
use crate::tensor::{ElementType, Tensor, TensorType};

/// Input: the sample in each row of each step, `[steps, rows]`.
pub const SAMPLES: &str = "samples";
/// Variable: number of steps done in the epoch, a scalar.
pub const STEP: &str = "step";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Images on the device, each variant one.
    pub samples: usize,
    pub batch_size: usize,
}

impl Sizes {
    /// Steps of an epoch; the last one may be filled up with rows of weight 0.
    pub fn steps(&self) -> usize {
        self.samples.div_ceil(self.batch_size)
    }

    /// Samples in a step; the first one is step 0.
    pub fn count(&self, step: usize) -> usize {
        self.batch_size.min(self.samples - step * self.batch_size)
    }
}

/// One training step on the data set: `(images, labels, samples, weights, masks, learning_rate, step, loss_sum,
/// correct, variables)` to `(step, loss_sum, correct, variables).next`.
///
/// [`IMAGES`] are bytes `[samples, channels, rows, columns]` and masks bytes `[steps, rows, units]`, 1 for what is
/// kept; [`LOSS_SUM`] and [`CORRECT`] are variables here, `[steps]`, in which each step writes its element. The
/// parameters are one variable: [`Layout`] tells where a checkpoint's are. `numbers` says what pixels from 0 to 1 become.
pub fn training(
    network: &Network,
    method: &Method,
    sizes: Sizes,
    numbers: Option<&Normalization>,
    target: Target,
) -> Result<TrainingModel, GraphError> {
    let mut graph = Graph::of_forms(target);
    let step = graph.input(STEP, TensorType::new(ElementType::I64, &[]))?;
    let mut plan = Plan {
        graph: &mut graph,
        step,
        sizes,
    };
    let samples = plan.rows(SAMPLES, ElementType::I64, &[])?;
    let weights = plan.rows(WEIGHTS, ElementType::F32, &[])?;
    let masks = plan.masks(network)?;
    let (images, labels) = gathered(&mut graph, network, sizes.samples, samples)?;
    let images = match numbers {
        Some(numbers) => graph.standardize(images, [numbers.mean(), numbers.deviation()])?,
        None => images,
    };
    let layout = Layout::new(network);
    let (all, variable, trained) = layout.input(&mut graph)?;
    let mut variables = vec![variable];
    let parameters = with_statistics(&mut graph, network, &trained, &mut variables)?;
    let training = Training {
        masks: &masks,
        weights,
    };
    let forward = network.forward(&mut graph, images, &parameters, Some(training))?;
    let soft = Soft {
        smoothing: method.label_smoothing,
        ..Soft::default()
    };
    let loss = cross_entropy(&mut graph, forward.output, labels, weights, soft)?;
    let numbers = [(LOSS_SUM, loss.sum), (CORRECT, loss.correct)];
    append_history(&mut graph, step, sizes.steps(), numbers)?;
    let found = gradients(&mut graph, loss.mean, &trained)?;
    let gradient = layout.gradient(&mut graph, &found)?;
    let variables = (vec![all], variables);
    let statistics = &forward.updates;
    append_training(
        graph,
        network,
        method,
        variables,
        vec![gradient],
        statistics,
    )
}

/// All parameters in the network's order: the trained ones, and statistics of batches, each a variable of its own.
fn with_statistics(
    graph: &mut Graph,
    network: &Network,
    trained: &[ValueId],
    variables: &mut Vec<Variable>,
) -> Result<Vec<ValueId>, GraphError> {
    let mut trained = trained.iter().copied();
    let mut value = |parameter: Parameter| {
        if parameter.is_trained {
            let next = trained.next();
            return next.ok_or(GraphError::MissingParameter(parameter.name));
        }
        let value = graph.input(&parameter.name, TensorType::f32(&parameter.shape));
        variables.push(Variable {
            name: parameter.name,
            shape: parameter.shape,
            initial: 0.0,
        });
        value
    };
    network.parameters().into_iter().map(&mut value).collect()
}

/// Inputs with a row for each step, of which the graph takes the present one.
struct Plan<'a> {
    graph: &'a mut Graph,
    step: ValueId,
    sizes: Sizes,
}

impl Plan<'_> {
    /// What an input `[steps, rows, ...]` holds for this step.
    fn rows(
        &mut self,
        name: &str,
        element: ElementType,
        shape: &[usize],
    ) -> Result<ValueId, GraphError> {
        let shape = [&[self.sizes.steps(), self.sizes.batch_size], shape].concat();
        let all = self.graph.input(name, TensorType::new(element, &shape))?;
        self.graph.gather(all, self.step, 0)
    }

    /// The masks as the network takes them: 0 and `1 / (1 - rate)`.
    fn masks(&mut self, network: &Network) -> Result<Vec<ValueId>, GraphError> {
        let mut masks = Vec::new();
        for (layer, rate, shape) in network.dropouts() {
            let kept = self.rows(&mask_name(&layer), ElementType::U8, &shape)?;
            let kept = self.graph.cast_to_f32(kept)?;
            let scale = self.graph.scalar(1.0 / (1.0 - rate));
            masks.push(self.graph.mul(kept, scale)?);
        }
        Ok(masks)
    }
}

/// Images `[samples, channels, rows, columns]` with pixels `0.0..=1.0`, and labels `[samples]`.
fn gathered(
    graph: &mut Graph,
    network: &Network,
    count: usize,
    samples: ValueId,
) -> Result<(ValueId, ValueId), GraphError> {
    let shape = [&[count], &network.input[..]].concat();
    let images = graph.input(IMAGES, TensorType::new(ElementType::U8, &shape))?;
    let labels = graph.input(LABELS, TensorType::new(ElementType::I64, &[count]))?;
    let bytes = graph.gather(images, samples, 0)?;
    let bytes = graph.cast_to_f32(bytes)?;
    let largest = graph.scalar(f32::from(u8::MAX));
    let pixels = graph.div(bytes, largest)?;
    Ok((pixels, graph.gather(labels, samples, 0)?))
}

/// Writes numbers into their histories, at this step's position, and counts the step.
fn append_history(
    graph: &mut Graph,
    step: ValueId,
    steps: usize,
    numbers: [(&str, ValueId); 2],
) -> Result<(), GraphError> {
    let positions: Vec<usize> = (0..steps).collect();
    let positions = graph.sizes(&positions);
    let here = graph.equal(positions, step)?;
    for (name, number) in numbers {
        let history = graph.input(name, TensorType::f32(&[steps]))?;
        let next = graph.where_select(here, number, history)?;
        graph.output(&Variable::next_name(name), next)?;
    }
    let one = graph.constant(Tensor::integer(1));
    let next = graph.add(step, one)?;
    graph.output(&Variable::next_name(STEP), next)
}
