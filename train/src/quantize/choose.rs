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
    /// Logits of the images to choose by, plain and inverted, as real numbers.
    pub logits: Array2<f32>,
    /// Share of right answers.
    pub accuracy: f64,
}

impl Candidate {
    /// What the integers of the logits stand for.
    pub fn meaning(&self) -> Quantization {
        self.layers.last().map_or(IMAGE, |layer| layer.to)
    }

    /// The logits as integers.
    pub fn integers(&self) -> Array2<i8> {
        integers(&self.logits, self.meaning())
    }

    fn new(
        runtime: &Runtime,
        network: &FloatNetwork,
        method: Method,
        outputs: &mut [Vec<f32>],
        held_out: &Dataset,
    ) -> Result<Self, Error> {
        let ranges: Vec<Range> = outputs
            .iter_mut()
            .map(|values| Range::of(values, method))
            .collect();
        let layers = quantize_layers(network, &ranges)?;
        let model = graphs::shipped(network, &layers, &[])?;
        let logits = run_model(runtime, &model, held_out, VARIANTS)?;
        let accuracy = accuracy(&logits, held_out);
        Ok(Self {
            method,
            ranges,
            layers,
            logits,
            accuracy,
        })
    }
}

/// The best candidate; on equal accuracy an earlier method is preferred. `outputs` are those of each float layer for
/// the calibration images.
pub fn choose(
    runtime: &Runtime,
    network: &FloatNetwork,
    mut outputs: Vec<Vec<f32>>,
    held_out: &Dataset,
    interrupted: &AtomicBool,
) -> Result<Candidate, Error> {
    let [first, others @ ..] = METHODS;
    let mut best = Candidate::new(runtime, network, first, &mut outputs, held_out)?;
    for method in others {
        go_on(interrupted)?;
        match Candidate::new(runtime, network, method, &mut outputs, held_out) {
            Ok(candidate) if candidate.accuracy > best.accuracy => best = candidate,
            // A narrower range than the whole may be impossible where the whole is not.
            Ok(_) | Err(Error::Quantize(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(best)
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
