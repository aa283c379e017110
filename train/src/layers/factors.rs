//! Scales whose products are the same in whatever order they are computed.
//!
//! The factor from the sums of a filter to its outputs is `x_scale * w_scale / y_scale`, in 32-bit floats. ONNX Runtime
//! computes it from left to right, tract with `1 / y_scale` and in another order, and where the last bit of the factor
//! differs, now and then an output does. Nothing depends on the last bits of a scale, so scales close by are taken on which
//! all orders agree: of weights here, of tensors where the layers of a network are settled together.
//!
//! Where all filters have one factor, tract multiplies sums by it exactly and rounds once, not as floats do. An output
//! differs where the exact product is beside a half that the float is; such factors are avoided, too.

use ndarray::Array1;
use no_std_core::requantize::Multiplier;

/// Floats above its scale among which a filter seeks its own; most have one among the first ten.
const NEAR: usize = 128;
/// Sums beyond are not looked at for products beside a half: among so many there are always some.
const LARGEST: usize = 1 << 20;
/// Integers of outputs from the zero point on, to either side.
const STEPS: u32 = 256;

/// The scales of a layer's weights, and the factors from its sums to its outputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Factors {
    /// Scale of each filter.
    pub weights: Array1<f32>,
    /// Factor of each filter, positive, normal and below 2^24.
    pub multipliers: Array1<f32>,
}

/// A factor on which not all orders agree, or that the core cannot multiply by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unfit {
    /// Index of the filter.
    pub filter: usize,
    /// Its factor.
    pub factor: f32,
}

impl Factors {
    /// Scales of weights at or just above these ones, for an input and an output of these scales.
    pub fn near(from: f32, weights: &Array1<f32>, to: f32) -> Result<Self, Unfit> {
        let mut factors = Self {
            weights: weights.clone(),
            multipliers: weights.clone(),
        };
        for (filter, &weight) in weights.iter().enumerate() {
            let factor = (from * weight) / to;
            (factors.weights[filter], factors.multipliers[filter]) = fits(from, weight, to)
                .next()
                .ok_or(Unfit { filter, factor })?;
        }
        factors.set_first_apart(from, to);
        Ok(factors)
    }

    /// Where all filters have one factor, gives the first another; a filter alone one that rounds alike, if one is near.
    fn set_first_apart(&mut self, from: f32, to: f32) {
        let factors: Vec<f32> = self.multipliers.to_vec();
        let [first, others @ ..] = &factors[..] else {
            return;
        };
        if others
            .iter()
            .any(|other| other.to_bits() != first.to_bits())
        {
            return;
        }
        let is_better = |factor: f32| match others.first() {
            Some(other) => factor.to_bits() != other.to_bits(),
            None => rounds_alike(factor, usize::MAX),
        };
        let better = fits(from, self.weights[0], to).find(|&(_, factor)| is_better(factor));
        if let Some((weight, factor)) = better {
            (self.weights[0], self.multipliers[0]) = (weight, factor);
        }
    }

    /// One scale of weights that is just this one, for sums of up to `largest`.
    pub fn exactly(from: f32, weight: f32, to: f32, largest: usize) -> Result<Self, Unfit> {
        let found = (from * weight) / to;
        let fit = factor(from, weight, to);
        let factor = fit
            .filter(|&factor| largest > LARGEST || rounds_alike(factor, largest))
            .ok_or(Unfit {
                filter: 0,
                factor: found,
            })?;
        Ok(Self {
            weights: Array1::from_elem(1, weight),
            multipliers: Array1::from_elem(1, factor),
        })
    }
}

/// Scales at or just above this one that have a factor, with that.
fn fits(from: f32, weight: f32, to: f32) -> impl Iterator<Item = (f32, f32)> {
    let near = upwards(weight).take(NEAR);
    near.filter_map(move |weight| Some((weight, factor(from, weight, to)?)))
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

/// Whether the products of the factor with sums of up to `largest` give the same integers rounded once as rounded to a float
/// before. For each half that is the nearest sum's product alone.
fn rounds_alike(factor: f32, largest: usize) -> bool {
    let step = f64::from(factor);
    let differs = |integer: u32| {
        let sum = ((f64::from(integer) + 0.5) / step).round();
        let [once, twice] = [sum * step, f64::from(sum as f32 * factor)];
        sum <= largest as f64 && once.round_ties_even() as i64 != twice.round_ties_even() as i64
    };
    !(0..STEPS).any(differs)
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
    fn scales_that_are_found_are_close_and_agree_in_every_order() {
        let mut random = Random::new(6, 0);
        let mut draw = |low: f32, high: f32| 10f32.powf(random.between(low, high));
        let mut found = 0;
        for _ in 0..100 {
            let (from, to) = (draw(-4.0, 0.0), draw(-4.0, 0.0));
            let weights: Array1<f32> = (0..64).map(|_| draw(-5.0, 0.0)).collect();
            let Ok(factors) = Factors::near(from, &weights, to) else {
                continue;
            };
            found += 1;
            for (filter, &weight) in factors.weights.iter().enumerate() {
                assert!((1.0..1.000_02).contains(&(weight / weights[filter])));
                let orders = all_orders([from, weight], to);
                let expected = [factors.multipliers[filter]; 6];
                assert_eq!(orders, expected, "{from} {weight} {to}");
            }
        }
        assert!(found > 50, "{found}");
    }

    #[test]
    fn scales_that_agree_already_stay() {
        let weights = Array1::from(vec![0.3, 0.7, 1.1]);
        let factors = Factors::near(0.5, &weights, 0.25).unwrap();
        assert_eq!(factors.weights, weights);
        assert_eq!(factors.multipliers, weights * 2.0);
        let one = Factors::exactly(0.5, 1.0, 0.25, 510).unwrap();
        assert_eq!(one.multipliers.to_vec(), [2.0]);
    }

    #[test]
    fn products_beside_a_half_are_found_as_by_trying_every_sum() {
        let mut random = Random::new(7, 0);
        let mut found = [0; 2];
        for _ in 0..400 {
            let factor = 10f32.powf(random.between(-3.5, -1.0));
            let differs = |sum: u32| {
                let once = f64::from(sum) * f64::from(factor);
                let twice = sum as f32 * factor;
                once < 256.0 && once.round_ties_even() as i64 != twice.round_ties_even() as i64
            };
            let expected = !(0..65_280).any(differs);
            assert_eq!(rounds_alike(factor, 65_279), expected, "{factor}");
            found[usize::from(expected)] += 1;
        }
        assert!(found.iter().all(|&count| count > 9), "{found:?}");
        // 926 times this is 45.499999590; as a float it is 45.5.
        let factor = f32::from_bits(0x3d49_42e7);
        assert!(!rounds_alike(factor, 926) && rounds_alike(factor, 925));
        assert!(Factors::exactly(1.0, factor, 1.0, 926).is_err());
    }

    #[test]
    fn filters_of_one_factor_get_two() {
        let factors = Factors::near(0.5, &Array1::from(vec![0.3; 3]), 0.25).unwrap();
        let [first, second, third] = factors.multipliers.to_vec()[..] else {
            panic!("{factors:?}")
        };
        assert!(first > second);
        assert_eq!(second.to_bits(), third.to_bits());
        let factor = f32::from_bits(0x3d49_42e7);
        let alone = Factors::near(1.0, &Array1::from(vec![factor]), 1.0).unwrap();
        assert!(alone.weights[0] > factor && rounds_alike(alone.multipliers[0], usize::MAX));
    }

    #[test]
    fn factors_that_no_scale_near_makes_sound_are_told() {
        let near = |from, weight, to| Factors::near(from, &Array1::from(vec![1.0, weight]), to);
        let unfit = |filter, factor| Err(Unfit { filter, factor });
        assert_eq!(near(1.0, 1e-30, 1e10), unfit(1, 1e-40));
        assert_eq!(near(1.0, 1e12, 0.1), unfit(1, 1e13));
        // The product of the first two is below the normal numbers and has few digits.
        let Unfit { filter, factor } = near(1e-30, 1e-11, 1e-30).unwrap_err();
        assert!(
            filter == 1 && (factor / 1e-11 - 1.0).abs() < 1e-3,
            "{factor}"
        );
    }
}
