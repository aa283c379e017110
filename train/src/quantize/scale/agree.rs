//! Scales whose products are the same in whatever order they are computed.
//!
//! The factor from the sums of a filter to its outputs is `x_scale * w_scale / y_scale`, in 32-bit floats. ONNX Runtime
//! computes it from left to right, tract with `1 / y_scale` and in another order, and where the last bit of the factor
//! differs, now and then an output does. Nothing depends on the last bits of a scale, so we take scales close by on which
//! all orders agree.

use ndarray::Array1;
use no_std_core::requantize::Multiplier;

/// Floats above its scale among which a filter seeks its own; most have one among the first ten.
const NEAR: usize = 128;
/// Floats above the output's scale that are tried, less than 0.2 % of it; most layers take one of the first two.
const NEAR_OUTPUT: usize = 1 << 14;

/// Scales of a layer, and the factors from sums to outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreeing {
    /// Scale of the output.
    pub to: f32,
    /// Scale of each filter.
    pub weights: Array1<f32>,
    /// Factor of each filter, positive, normal and below 2^24.
    pub factors: Array1<f32>,
}

impl Agreeing {
    /// Scales at or just above these ones. If there are none, the error is a filter and its factor.
    pub fn near(from: f32, weights: &Array1<f32>, to: f32) -> Result<Self, (usize, f32)> {
        let mut refused = Ok(());
        for to in upwards(to).take(NEAR_OUTPUT) {
            match filters(from, weights, to) {
                Ok((weights, factors)) => {
                    return Ok(Self {
                        to,
                        weights,
                        factors,
                    });
                }
                Err(filter) => refused = refused.and(Err(filter)),
            }
        }
        let filter = refused.expect_err("without a refusal there are scales");
        Err((filter, (from * weights[filter]) / to))
    }
}

/// The scale and the factor of each filter, or the index of one that has none.
fn filters(from: f32, weights: &Array1<f32>, to: f32) -> Result<(Array1<f32>, Array1<f32>), usize> {
    let mut agreeing = (weights.clone(), weights.clone());
    for (filter, &weight) in weights.iter().enumerate() {
        let found = upwards(weight)
            .take(NEAR)
            .find_map(|weight| Some((weight, factor(from, weight, to)?)));
        (agreeing.0[filter], agreeing.1[filter]) = found.ok_or(filter)?;
    }
    Ok(agreeing)
}

/// A float and those that follow it.
fn upwards(first: f32) -> impl Iterator<Item = f32> {
    std::iter::successors(Some(first), |float| Some(float.next_up()))
}

/// The factor, if every order gives the same and the core can multiply by it.
fn factor(x: f32, w: f32, y: f32) -> Option<f32> {
    let factor = (x * w) / y;
    Multiplier::from_f32_bits(factor.to_bits())?;
    let reciprocal = 1.0 / y;
    let others = [
        (x * w) * reciprocal,
        w * (x / y),
        x * (w / y),
        w * (x * reciprocal),
        x * (w * reciprocal),
    ];
    others
        .iter()
        .all(|other| other.to_bits() == factor.to_bits())
        .then_some(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;

    /// Products of `numbers` and quotients by `divisor` in every order, with and without its reciprocal.
    fn all_orders(numbers: [f32; 2], divisor: f32) -> Vec<f32> {
        let [x, w] = numbers;
        let mut results = vec![(x * w) / divisor, (x / divisor) * w, (w / divisor) * x];
        let factors = [x, w, 1.0 / divisor];
        for [a, b, c] in [[0, 1, 2], [0, 2, 1], [1, 2, 0]] {
            results.push(factors[a] * factors[b] * factors[c]);
        }
        results
    }

    #[test]
    fn agreeing_scales_are_close_and_agree_in_every_order() {
        let mut random = Random::new(6, 0);
        let mut draw = |low: f32, high: f32| 10f32.powf(random.between(low, high));
        for _ in 0..100 {
            let (from, to) = (draw(-4.0, 0.0), draw(-4.0, 0.0));
            let weights: Array1<f32> = (0..64).map(|_| draw(-5.0, 0.0)).collect();
            let agreeing = Agreeing::near(from, &weights, to).unwrap();
            assert!(
                (1.0..1.002).contains(&(agreeing.to / to)),
                "{to} became {}",
                agreeing.to
            );
            for (filter, &weight) in agreeing.weights.iter().enumerate() {
                assert!((1.0..1.000_02).contains(&(weight / weights[filter])));
                let orders = all_orders([from, weight], agreeing.to);
                assert_eq!(
                    orders, [agreeing.factors[filter]; 6],
                    "{from} {weight} {}",
                    agreeing.to
                );
            }
        }
    }

    #[test]
    fn scales_that_agree_already_stay() {
        let weights = Array1::from(vec![0.3, 0.7, 1.1]);
        let agreeing = Agreeing::near(0.5, &weights, 0.25).unwrap();
        assert_eq!((agreeing.to, &agreeing.weights), (0.25, &weights));
        assert_eq!(agreeing.factors, weights * 2.0);
    }

    #[test]
    fn factors_that_no_scale_near_makes_sound_are_told() {
        let near = |from, weight, to| Agreeing::near(from, &Array1::from(vec![1.0, weight]), to);
        assert_eq!(near(1.0, 1e-30, 1e10), Err((1, 1e-40)));
        assert_eq!(near(1.0, 1e12, 0.1), Err((1, 1e13)));
        // The product of the first two is below the normal numbers and has few digits.
        let (filter, factor) = near(1e-30, 1e-11, 1e-30).unwrap_err();
        assert!(
            filter == 1 && (factor / 1e-11 - 1.0).abs() < 1e-3,
            "{factor}"
        );
    }
}
