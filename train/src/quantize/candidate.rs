//! An int8 network that quantising may take, and what it answers.

use std::sync::Arc;

use ndarray::{Array2, ArrayView1};

use super::int8::Int8Network;
use super::range::Method;
use super::run::Runner;
use super::samples::Samples;
use super::{QuantizeError, graphs};
use crate::network::Network;
use crate::ops::Quantization;

/// Samples to choose by, and what is right for them.
#[derive(Clone, Debug)]
pub struct HeldOut {
    pub samples: Samples,
    pub right: Reference,
}

/// What is right for samples.
#[derive(Clone, Debug)]
pub enum Reference {
    /// The class of each.
    Classes(Vec<usize>),
    /// The outputs of the network in floats.
    Outputs(Array2<f32>),
}

impl HeldOut {
    /// The labels are right where there are any, else what the network in floats answers.
    pub fn new(
        runner: &Runner,
        network: &Network,
        samples: Samples,
        are_classes: bool,
    ) -> Result<Self, QuantizeError> {
        let right = match samples.labels() {
            Some(labels) if are_classes => Reference::Classes(labels),
            _ => {
                let model = graphs::float(network, None, runner.names)?;
                let outputs = runner.outputs(&model, &samples)?;
                if are_classes {
                    Reference::Classes(outputs.outer_iter().map(|row| class(&row)).collect())
                } else {
                    Reference::Outputs(outputs)
                }
            }
        };
        Ok(Self { samples, right })
    }
}

/// An int8 network and how it does on the samples to choose by.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// How the ranges of its tensors were found.
    pub method: Method,
    /// In floats, with the same layers.
    pub network: Network,
    pub int8: Int8Network,
    /// Outputs for the samples to choose by.
    pub integers: Array2<i8>,
    /// For each of them whether its class is right; empty where there are no classes.
    pub right: Vec<bool>,
    /// The greater, the better.
    pub score: f64,
}

impl Candidate {
    /// Runs the network on the samples to choose by.
    pub fn measured(
        runner: &Runner,
        method: Method,
        (network, int8): (Network, Int8Network),
        held_out: &HeldOut,
    ) -> Result<Self, QuantizeError> {
        let outputs = int8_outputs(runner, &int8, &held_out.samples)?;
        let name = runner.runtime.kind().name();
        let (right, score) = match &held_out.right {
            Reference::Classes(classes) => {
                let right = right(&outputs, classes);
                let score = right.iter().filter(|&&right| right).count() as f64;
                (right, score)
            }
            Reference::Outputs(expected) => {
                let squares = (&outputs - expected).mapv(|error| f64::from(error).powi(2));
                (Vec::new(), -squares.sum())
            }
        };
        Ok(Self {
            method,
            integers: integers(name, &outputs, int8.output())?,
            right,
            score,
            network,
            int8,
        })
    }
}

/// What an int8 network puts out for samples, in floats.
pub fn int8_outputs(
    runner: &Runner,
    int8: &Int8Network,
    samples: &Samples,
) -> Result<Array2<f32>, QuantizeError> {
    let model = graphs::shipped(int8, runner.names, "int8", &[])?;
    runner.outputs(&model, &as_integers(samples, int8.from))
}

/// The samples as the integers of the input have them; pictures are such.
pub fn as_integers(samples: &Samples, meaning: Quantization) -> Samples {
    match samples {
        Samples::Pictures { .. } => samples.clone(),
        Samples::Pixels {
            pixels,
            chosen,
            labels,
            numbers,
            ..
        } => Samples::Pixels {
            pixels: Arc::clone(pixels),
            chosen: chosen.clone(),
            labels: labels.clone(),
            numbers: numbers.clone(),
            meaning: Some(meaning),
        },
        Samples::Arrays { inputs, labels } => Samples::Arrays {
            inputs: inputs.mapv(|value| meaning.rounded(value)),
            labels: labels.clone(),
        },
    }
}

/// The class with the largest logit, the first one on a tie.
fn class(logits: &ArrayView1<f32>) -> usize {
    let logits = logits.iter().enumerate().rev();
    let best = logits.max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(class, _)| class)
}

/// For each row whether its class is right.
pub fn right(logits: &Array2<f32>, classes: &[usize]) -> Vec<bool> {
    let rows = logits.outer_iter().map(|row| class(&row));
    rows.zip(classes)
        .map(|(found, &right)| found == right)
        .collect()
}

/// The integers that a runtime's logits stand for: each to the bit, or the runtime has computed something else.
pub fn integers(
    runtime: &str,
    logits: &Array2<f32>,
    meaning: Quantization,
) -> Result<Array2<i8>, QuantizeError> {
    let is_other = |logit: &&f32| meaning.rounded(**logit).to_bits() != logit.to_bits();
    match logits.iter().find(is_other) {
        None => Ok(logits.mapv(|logit| meaning.integer(logit))),
        Some(logit) => Err(QuantizeError::Check {
            runtime: runtime.into(),
            reason: format!("expected outputs that int8 integers stand for, found {logit:e}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_found_again_in_what_they_stand_for() {
        for scale in [0.1, 1.0 / 255.0, 0.123_456_79, 3.7e-7, 8.1e12] {
            for zero_point in [-128, -3, 0, 90, 127] {
                let all = Array2::from_shape_fn((16, 16), |(row, column)| {
                    (16 * row + column) as u8 as i8
                });
                let real = |q: i8| scale * f32::from(i16::from(q) - i16::from(zero_point));
                let meaning = Quantization { scale, zero_point };
                let logits = all.mapv(real);
                assert_eq!(integers("a", &logits, meaning).unwrap(), all);
                // Neither a bit more, nor half an integer, nor one that is beyond all of them.
                let next = f32::from_bits(logits[[3, 3]].to_bits() + 1);
                for other in [next, real(7) + scale / 2.0, real(127) + scale, f32::NAN] {
                    let mut logits = logits.clone();
                    logits[[3, 3]] = other;
                    let error = integers("a", &logits, meaning).unwrap_err().to_string();
                    assert!(error.starts_with("checking it on a failed: "), "{error}");
                }
            }
        }
    }
}
