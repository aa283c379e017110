//! What the outputs of a network say of its classes.

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

/// The part of the sum that each output is, for those that are probabilities but for rounding.
pub fn shares(outputs: &[f32]) -> Vec<f64> {
    let sum: f64 = outputs.iter().copied().map(f64::from).sum();
    let share = |&output: &f32| (f64::from(output) / sum).clamp(0.0, 1.0);
    outputs.iter().map(share).collect()
}

/// Index of the largest logit, the first one on a tie.
pub fn first_maximum(logits: &[f32]) -> usize {
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn assert_close(actual: &[impl Copy + Into<f64>], expected: &[f64], tolerance: f64) {
        let actual: Vec<f64> = actual.iter().map(|&number| number.into()).collect();
        assert_eq!(actual.len(), expected.len());
        let mut pairs = actual.iter().zip(expected);
        let are_close = pairs.all(|(actual, expected)| (actual - expected).abs() < tolerance);
        assert!(are_close, "{actual:?} is not {expected:?}");
    }

    #[test]
    fn softmax_gives_back_the_probabilities_of_their_logarithms() {
        let probabilities = [0.5, 0.25, 0.125, 0.0625, 0.0625];
        for shift in [0.0, 3.0] {
            let logits = probabilities.map(|probability: f64| probability.ln() as f32 + shift);
            assert_close(&softmax(&logits), &probabilities, 1e-6);
        }
        assert_close(
            &softmax(&[f32::MAX, f32::MIN, f32::MAX]),
            &[0.5, 0.0, 0.5],
            1e-6,
        );
        assert_close(&softmax(&[f32::MIN, f32::MIN]), &[0.5, 0.5], 1e-6);
    }

    #[test]
    fn probabilities_keep_their_values() {
        assert_eq!(shares(&[0.25, 0.75]), [0.25, 0.75]);
        assert_close(&shares(&[0.2, 0.3, 0.0]), &[0.4, 0.6, 0.0], 1e-6);
    }

    #[test]
    fn the_first_of_equal_classes_wins() {
        assert_eq!(first_maximum(&[1.0, 2.0, 2.0]), 1);
    }
}
