//! What quantising will make of a network, before there are data: everything but its numbers.

use std::sync::atomic::AtomicBool;

use no_std_core::Model;

use super::check::LayerFacts;
use super::int8::{Int8Network, Int8Node};
use super::prune::{Pruned, prune};
use super::range::{Method, Range};
use super::run::Runner;
use super::sets::Sets;
use super::write::{self, Description};
use super::{Arrays, Data, OutputKind, QuantizeError, calibrated, observe, prepared};
use crate::import::Options;
use crate::network::{Network, Shape};
use crate::runtime::Runtime;

/// Where the inputs are from that a network is outlined with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Those that it will be quantised with.
    Real,
    /// Numbers of whatever range.
    Drawn,
}

/// A network in integers.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Where the inputs were from.
    pub origin: Origin,
    /// Channels, rows and columns of the input.
    pub input: Shape,
    /// Whether pictures become it.
    pub takes_pictures: bool,
    /// What the output is.
    pub output: OutputKind,
    /// Its layers in order.
    pub layers: Vec<OutlinedLayer>,
    /// What was taken out, because it is the same for every input.
    pub pruned: Pruned,
    /// Bytes of the flash file.
    pub flash: usize,
    /// Bytes of memory that a run needs, the input among them.
    pub arena: usize,
    /// The node at the end that is left out.
    pub dropped: Option<String>,
}

/// A layer in integers.
#[derive(Clone, Debug, PartialEq)]
pub struct OutlinedLayer {
    /// Name: `conv1`.
    pub name: String,
    /// The node of the model that it comes from.
    pub origin: String,
    /// Channels, rows and columns of what it makes.
    pub shape: Shape,
    /// Number of weights, or of entries of a table.
    pub weights: usize,
    /// What the core says of it.
    pub facts: LayerFacts,
}

/// Quantises a model without checking or writing it. With drawn inputs all sizes are those that
/// [`quantize`](super::quantize()) makes of it, but for channels that are the same for every input only by the rounding that
/// follows from the range of the real ones.
pub fn outline(
    runtime: &Runtime,
    (model, options): (&[u8], &Options),
    (arrays, origin): (Arrays, Origin),
) -> Result<Outline, QuantizeError> {
    let data = Data::Arrays(arrays);
    let network = prepared(model, options, &data)?;
    let sets = Sets::of(&network, &data)?;
    let runner = &Runner {
        runtime,
        names: sets.names,
        interrupted: &AtomicBool::new(false),
    };
    let mut int8 = match origin {
        Origin::Real => calibrated(runner, &network, &sets, &mut |_| ())?.0.int8,
        Origin::Drawn => of_drawn(runner, &network, &sets)?,
    };
    let pruned = prune(&mut int8);
    let description = Description {
        output: sets.output,
        labels: &sets.labels,
        threshold: 0,
        preparation: sets.preparation,
        pixels: sets.pixels.as_ref(),
    };
    let file = write::flash_file(&int8, &description)?;
    let core = Model::new(&file).map_err(QuantizeError::Core)?;
    let layers = int8.nodes.iter().zip(core.operations());
    let layers = layers.map(|(node, operation)| layer(node, LayerFacts::of(&operation)));
    Ok(Outline {
        origin,
        input: int8.input,
        takes_pictures: sets.pixels.is_some(),
        output: sets.output,
        layers: layers.collect(),
        pruned,
        flash: file.len(),
        arena: core.arena_len(),
        dropped: network.dropped,
    })
}

fn of_drawn(runner: &Runner, network: &Network, sets: &Sets) -> Result<Int8Network, QuantizeError> {
    let seen = observe::histograms(runner, network, &sets.calibration)?;
    let ranges = seen.iter().map(|seen| Range::of(seen, Method::MinMax));
    let ranges: Vec<Range> = ranges.collect();
    Ok(Int8Network::new(network, &ranges, sets.given)?.1)
}

fn layer(node: &Int8Node, facts: LayerFacts) -> OutlinedLayer {
    OutlinedLayer {
        name: node.name.clone(),
        origin: node.origin.clone(),
        shape: node.shape,
        weights: node.layer.form().weights(),
        facts,
    }
}
