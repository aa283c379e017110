//! How sure an answer must be to be accepted: as sure as nearly all are of samples of the classes.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::detector::allowed;
use crate::report::confidences;

/// The share of samples of the classes that may be rejected, as by the thresholds of flash files.
pub const REJECTED: f64 = 0.005;
/// How much below a probability its threshold lies, relative to it: runtimes round in ways that differ.
const BELOW: f64 = 1e-5;

/// The least probability of an answer that is accepted, and how it was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certainty {
    pub least_probability: f64,
    /// Samples of the classes whose answers it is from.
    pub samples: usize,
    /// Those of them that are less sure.
    pub rejected: usize,
}

impl Certainty {
    /// By the logits `[samples, classes]` of samples of the classes: the greatest probability that all but [`REJECTED`] of their
    /// answers have. `None` without samples.
    pub fn of(logits: &Array2<f32>) -> Option<Self> {
        let mut rising = confidences(logits);
        rising.sort_unstable_by(f64::total_cmp);
        let probability = rising.get(allowed(rising.len(), REJECTED))?;
        let least_probability = probability * (1.0 - BELOW);
        let is_below = |confidence: &&f64| **confidence < least_probability;
        Some(Self {
            least_probability,
            samples: rising.len(),
            rejected: rising.iter().filter(is_below).count(),
        })
    }
}

/// What is to be said of a threshold from so few samples.
pub fn note(samples: usize) -> Option<String> {
    let is_least = samples > 0 && allowed(samples, REJECTED) == 0;
    is_least.then(|| {
        format!(
            "the threshold is the least probability of {samples} samples, too few to tell a share of {REJECTED} by; more would tell"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits of two classes whose answers have these probabilities.
    fn logits(probabilities: impl Iterator<Item = f64>) -> Array2<f32> {
        let rows: Vec<[f32; 2]> = probabilities
            .map(|probability| [0.0, (probability / (1.0 - probability)).ln() as f32])
            .collect();
        rows.into()
    }

    #[test]
    fn all_but_five_of_a_thousand_are_sure_enough() {
        for (samples, rejected) in [(1, 0), (199, 0), (200, 1), (1000, 5), (1999, 9)] {
            let shuffled = (0..samples).map(|index| index * 7919 % samples);
            let probability = |index: usize| 0.5 + (index + 1) as f64 / (2 * samples + 4) as f64;
            let found = Certainty::of(&logits(shuffled.map(probability))).unwrap();
            assert_eq!((found.samples, found.rejected), (samples, rejected));
            let expected = probability(rejected);
            let difference = (found.least_probability / expected - 1.0).abs();
            assert!(difference < 2e-5, "{found:?} {expected}");
        }
        assert_eq!(Certainty::of(&Array2::zeros((0, 2))), None);
    }

    #[test]
    fn equal_answers_are_all_accepted() {
        let found = Certainty::of(&logits(std::iter::repeat_n(0.7, 50))).unwrap();
        assert_eq!(found.rejected, 0);
    }
}
