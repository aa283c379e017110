//! The method for ranges whose int8 network is right most often.

use super::QuantizeError;
use super::candidate::Candidate;
use super::network::FloatNetwork;
use super::range::{METHODS, Method, Range};
use super::run::Runner;
use super::scale::{IMAGE, Int8Layer};
use crate::data::Dataset;

/// The best candidate; on equal accuracy an earlier method is preferred. `outputs` are those of each float layer for
/// the calibration images.
///
/// A method whose ranges no integers can cover is passed over; if none is left, the first one's reason is the error.
pub fn choose<'a>(
    runner: &Runner,
    network: &'a FloatNetwork,
    mut outputs: Vec<Vec<f32>>,
    held_out: &Dataset,
) -> Result<Candidate<'a>, QuantizeError> {
    let mut best: Option<Candidate> = None;
    let mut refusals = Vec::new();
    for method in METHODS {
        runner.check_stop()?;
        let layers = match quantize_layers(network, &mut outputs, method) {
            Ok(layers) => layers,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        let candidate = Candidate::measured(runner, method, layers, held_out)?;
        let score = candidate.score();
        if best.as_ref().is_none_or(|best| score > best.score()) {
            best = Some(candidate);
        }
    }
    best.ok_or_else(|| refusals.swap_remove(0))
}

/// The layers in integers, each taking what the one before puts out.
fn quantize_layers<'a>(
    network: &'a FloatNetwork,
    outputs: &mut [Vec<f32>],
    method: Method,
) -> Result<Vec<Int8Layer<'a>>, QuantizeError> {
    let mut from = IMAGE;
    let layer = |(layer, values): (&'a _, &mut Vec<f32>)| {
        let layer = Int8Layer::new(layer, from, Range::of(values, method))?;
        from = layer.to;
        Ok(layer)
    };
    network.layers.iter().zip(outputs).map(layer).collect()
}
