//! An int8 network that quantising may take, and what it answers.

use ndarray::Array2;

use super::range::Method;
use super::run::Runner;
use super::scale::{IMAGE, Int8Layer};
use super::{QuantizeError, graphs};
use crate::data::Dataset;
use crate::ops::Quantization;

/// An int8 network and how it does on the images to choose by.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// How the ranges of its layers were found.
    pub method: Method,
    pub layers: Vec<Int8Layer<'a>>,
    /// Logits of the images to choose by.
    pub integers: Array2<i8>,
    /// For each row of them whether it is right.
    pub right: Vec<bool>,
}

impl<'a> Candidate<'a> {
    /// Runs the layers on the images to choose by.
    pub fn measured(
        runner: &Runner,
        method: Method,
        layers: Vec<Int8Layer<'a>>,
        held_out: &Dataset,
    ) -> Result<Self, QuantizeError> {
        let logits = runner.logits(&graphs::shipped(&layers, &[])?, held_out)?;
        let name = runner.runtime.kind().name();
        Ok(Self {
            method,
            integers: integers(name, &logits, meaning(&layers))?,
            right: right(&logits, held_out),
            layers,
        })
    }

    /// What the integers of the logits stand for.
    pub fn meaning(&self) -> Quantization {
        meaning(&self.layers)
    }

    /// How many answers are right.
    pub fn score(&self) -> usize {
        self.right.iter().filter(|&&right| right).count()
    }
}

/// What the integers of the last layer stand for.
fn meaning(layers: &[Int8Layer]) -> Quantization {
    layers.last().map_or(IMAGE, |layer| layer.to)
}

/// For each row whether its largest logit (the first one on a tie) is at the label of its image.
pub fn right(logits: &Array2<f32>, images: &Dataset) -> Vec<bool> {
    let variants = logits.nrows() / images.len();
    let is_right = |(row, logits): (usize, ndarray::ArrayView1<f32>)| {
        let logits = logits.iter().enumerate().rev();
        let best = logits.max_by(|a, b| a.1.total_cmp(b.1));
        best.map(|(class, _)| class) == Some(usize::from(images.labels[row / variants]))
    };
    logits.outer_iter().enumerate().map(is_right).collect()
}

/// The integers that a runtime's logits stand for: each to the bit, or the runtime has computed something else.
pub fn integers(
    runtime: &str,
    logits: &Array2<f32>,
    Quantization { scale, zero_point }: Quantization,
) -> Result<Array2<i8>, QuantizeError> {
    let zero_point = f32::from(zero_point);
    let integer = |logit: f32| (logit / scale + zero_point).round_ties_even() as i8;
    let stands_for = |integer: i8| (f32::from(integer) - zero_point) * scale;
    let is_other = |logit: &&f32| stands_for(integer(**logit)).to_bits() != logit.to_bits();
    match logits.iter().find(is_other) {
        None => Ok(logits.mapv(integer)),
        Some(logit) => Err(QuantizeError::Check {
            runtime: runtime.into(),
            reason: format!("expected logits that int8 integers stand for, found {logit:e}"),
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
