//! How far logits are apart, as probabilities in integers.

use no_std_core::format::{ONE, PROBABILITY_ENTRIES};

/// The probability table of a model whose logits have this scale: entry `d` is the weight, in 1/65536, of a logit that is
/// `d` steps below the greatest.
pub fn table(logit_scale: f32) -> [u32; PROBABILITY_ENTRIES] {
    let weight = |steps: usize| (-(steps as f64) * f64::from(logit_scale)).exp();
    std::array::from_fn(|steps| (f64::from(ONE) * weight(steps)).round() as u32)
}

#[cfg(test)]
mod tests {
    use std::f32::consts::LN_2;

    use super::*;

    #[test]
    fn the_table_has_the_exponentials_as_computed_by_hand() {
        let halves = table(LN_2);
        for (steps, &entry) in halves[..=16].iter().enumerate() {
            assert_eq!(entry, ONE >> steps);
        }
        assert_eq!(halves[18..], [0; 238]);
        // 65536 / e, 65536 / e^2.
        let tenths = table(0.1);
        assert_eq!([tenths[10], tenths[20]], [24_109, 8_869]);
        assert_eq!(table(1e-9), [ONE; 256]);
        assert_eq!(table(1e9)[..2], [ONE, 0]);
    }
}
