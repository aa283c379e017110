//! Pixels in, prediction out.

use std::time::{Duration, Instant};

use crate::file::InFile;
use crate::model::{Model, ModelError};
use crate::picture::Pixels;

/// What the model says about one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Index of the most probable class; the first one on a tie.
    pub class: usize,
    /// Name of that class.
    pub label: String,
    /// One probability in 0..=1 for each class, in the order of the model's labels; they add up to
    /// 1.
    pub probabilities: Vec<f64>,
    /// Time the network took, without reading and decoding the picture.
    pub elapsed: Duration,
}

/// Runs the model on one picture.
///
/// # Errors
///
/// Those of [`Model::logits`].
pub fn predict(model: &Model, pixels: &Pixels) -> Result<Prediction, InFile<ModelError>> {
    let start = Instant::now();
    let logits = model.logits(pixels)?;
    let elapsed = start.elapsed();
    let class = first_maximum(&logits);
    Ok(Prediction {
        class,
        label: model.labels()[class].clone(),
        probabilities: softmax(&logits),
        elapsed,
    })
}

/// Probabilities of finite logits, in f64: `exp(logit) / sum of exp(logits)`.
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    // Shifting every logit by the largest one cancels out of the quotient and keeps `exp` from
    // overflowing.
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits
        .iter()
        .map(|&logit| (f64::from(logit) - f64::from(largest)).exp())
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn first_maximum(logits: &[f32]) -> usize {
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PIXELS;
    use crate::support;

    fn assert_close(actual: &[f64], expected: &[f64]) {
        assert_eq!(actual.len(), expected.len());
        for (actual, expected) in actual.iter().zip(expected) {
            assert!(
                (actual - expected).abs() < 1e-6,
                "{actual} is not {expected}"
            );
        }
    }

    #[test]
    fn softmax_gives_back_the_probabilities_of_their_logarithms() {
        let probabilities = [0.5, 0.25, 0.125, 0.0625, 0.0625];
        let logits: Vec<f32> = probabilities.iter().map(|p: &f64| p.ln() as f32).collect();
        assert_close(&softmax(&logits), &probabilities);
        let shifted: Vec<f32> = logits.iter().map(|logit| logit + 3.0).collect();
        assert_close(&softmax(&shifted), &probabilities);
    }

    #[test]
    fn softmax_survives_the_largest_floats() {
        assert_close(&softmax(&[f32::MAX, f32::MIN, f32::MAX]), &[0.5, 0.0, 0.5]);
        assert_close(&softmax(&[f32::MIN, f32::MIN]), &[0.5, 0.5]);
    }

    #[test]
    fn the_first_of_equal_classes_wins() {
        let model =
            Model::from_bytes(&support::constant(&[1.0, 2.0, 2.0], Some("a,b,c")), "tie").unwrap();
        let prediction = predict(&model, &[0; PIXELS]).unwrap();
        assert_eq!((prediction.class, prediction.label.as_str()), (1, "b"));
    }

    #[test]
    fn the_class_follows_the_picture() {
        let model = Model::from_bytes(&support::brightness(), "brightness").unwrap();
        let white = predict(&model, &[255; PIXELS]).unwrap();
        let black = predict(&model, &[0; PIXELS]).unwrap();
        assert_eq!(
            (white.label.as_str(), black.label.as_str()),
            ("bright", "dark")
        );
        // The logits of all-white pixels are 0 and 1, those of black ones 0 and -1: sigmoid(1) both
        // times.
        let likelier = 1.0 / (1.0 + (-1.0_f64).exp());
        assert_close(&white.probabilities, &[1.0 - likelier, likelier]);
        assert_close(&black.probabilities, &[likelier, 1.0 - likelier]);
    }
}
