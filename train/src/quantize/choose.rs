//! The method for ranges whose int8 network is right most often.

use std::sync::atomic::AtomicBool;

use ndarray::Array2;

use super::check::integers;
use super::network::FloatNetwork;
use super::range::{METHODS, Method, Range};
use super::scale::{IMAGE, Int8Layer};
use super::{QuantizeError, VARIANTS, go_on, graphs};
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluate::{accuracy, run_model};
use crate::ops::Quantization;
use crate::runtime::Runtime;

/// An int8 network and how it does on the images to choose by.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// How the ranges of its layers were found.
    pub method: Method,
    /// The range of each layer's output.
    pub ranges: Vec<Range>,
    /// The layers.
    pub layers: Vec<Int8Layer>,
    /// Logits of the images to choose by, plain and inverted.
    pub integers: Array2<i8>,
    /// Share of right answers.
    pub accuracy: f64,
}

impl Candidate {
    /// What the integers of the logits stand for.
    pub fn meaning(&self) -> Quantization {
        meaning(&self.layers)
    }
}

/// The best candidate; on equal accuracy an earlier method is preferred. `outputs` are those of each float layer for
/// the calibration images.
///
/// A method whose ranges no integers can cover is passed over; if none is left, the first one's reason is the error.
pub fn choose(
    runtime: &Runtime,
    network: &FloatNetwork,
    mut outputs: Vec<Vec<f32>>,
    held_out: &Dataset,
    interrupted: &AtomicBool,
) -> Result<Candidate, Error> {
    let mut best: Option<Candidate> = None;
    let mut refusals = Vec::new();
    for method in METHODS {
        go_on(interrupted)?;
        let range = |values: &mut Vec<f32>| Range::of(values, method);
        let ranges: Vec<Range> = outputs.iter_mut().map(range).collect();
        let layers = match quantize_layers(network, &ranges) {
            Ok(layers) => layers,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        let model = graphs::shipped(network, &layers, &[])?;
        let logits = run_model(runtime, &model, held_out, VARIANTS)?;
        let accuracy = accuracy(&logits, held_out);
        if best.as_ref().is_none_or(|best| accuracy > best.accuracy) {
            let meaning = meaning(&layers);
            best = Some(Candidate {
                method,
                ranges,
                layers,
                integers: integers(runtime.kind().name(), &logits, meaning)?,
                accuracy,
            });
        }
    }
    best.ok_or_else(|| refusals.swap_remove(0).into())
}

/// What the integers of the last layer stand for.
fn meaning(layers: &[Int8Layer]) -> Quantization {
    layers.last().map_or(IMAGE, |layer| layer.to)
}

/// The layers in integers, each taking what the one before puts out.
fn quantize_layers(
    network: &FloatNetwork,
    ranges: &[Range],
) -> Result<Vec<Int8Layer>, QuantizeError> {
    let mut from = IMAGE;
    let mut layers = Vec::with_capacity(ranges.len());
    for (layer, &range) in network.layers.iter().zip(ranges) {
        let layer = Int8Layer::new(layer, from, range)?;
        from = layer.to;
        layers.push(layer);
    }
    Ok(layers)
}
