//! The loss of networks whose outputs are numbers.

use no_std_core::format::OutputKind;

use super::{Costs, IMAGES, Learnt, WEIGHTS, image_type};
use crate::architecture::{Forward, Network};
use crate::graph::{Graph, GraphError, ValueId};
use crate::layers::Training;
use crate::loss::mean_squared_error;
use crate::tensor::TensorType;

/// Input: what the outputs shall be, `[N, outputs]`.
pub const TARGETS: &str = "targets";
/// Output: the mean squared error of each sample, `[N]`, in the scale of the layers.
pub const ERRORS: &str = "errors";

/// `(images, targets, weights, masks, parameters)` to outputs and what they cost; the targets of a reconstruction are the
/// images.
pub(super) fn forward_and_loss(
    graph: &mut Graph,
    network: &Network,
    batch_size: usize,
    parameters: &[ValueId],
    learnt: Option<Learnt>,
) -> Result<(Forward, Costs), GraphError> {
    let images = graph.input(IMAGES, image_type(network, batch_size))?;
    let targets = match network.output {
        OutputKind::Reconstruction => None,
        OutputKind::Classes | OutputKind::Values => {
            let shape = [batch_size, network.output_len()];
            Some(graph.input(TARGETS, TensorType::f32(&shape))?)
        }
    };
    let weights = graph.input(WEIGHTS, TensorType::f32(&[batch_size]))?;
    let training = learnt.map(|(masks, _)| Training { masks, weights });
    let scaled = network.scaled_input(graph, images)?;
    let forward = network.forward(graph, scaled, parameters, training)?;
    let targets = match (targets, &network.scaling.output) {
        (Some(targets), Some(scale)) => graph.standardize(targets, scale.moments())?,
        (Some(targets), None) => targets,
        (None, _) => scaled,
    };
    let loss = mean_squared_error(graph, forward.output, targets, weights)?;
    if learnt.is_none() {
        graph.output(ERRORS, loss.of_samples)?;
    }
    let (mean, sum) = (loss.mean, loss.sum);
    Ok((forward, Costs { mean, sum }))
}
