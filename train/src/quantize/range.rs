//! The range of real numbers that the integers of a tensor shall cover, by three methods.

use super::histogram::{Bin, Histogram};
use crate::ops::Quantization;

/// How a range follows from the numbers seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// From the smallest to the largest number.
    MinMax,
    /// Without the outermost 0.01 % of the numbers on each side.
    Percentile,
    /// The part of the whole range whose integers have the least mean squared error.
    MeanSquaredError,
}

/// All methods; on equal accuracy an earlier one is preferred.
pub const METHODS: [Method; 3] = [Method::MinMax, Method::Percentile, Method::MeanSquaredError];

/// Share of the numbers that lie at or below the upper end of [`Method::Percentile`].
const PERCENTILE: f64 = 0.9999;
/// The parts, in hundredths of the whole range, among which [`Method::MeanSquaredError`] chooses.
const PARTS: std::ops::RangeInclusive<u8> = 20..=100;

impl Method {
    /// Name in reports and metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::MinMax => "min-max",
            Self::Percentile => "percentile 99.99",
            Self::MeanSquaredError => "mean squared error",
        }
    }
}

/// Real numbers from `low` to `high`; 0 is among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least number, at most 0.
    pub low: f32,
    /// The greatest number, at least 0.
    pub high: f32,
}

impl Range {
    /// 0 alone.
    pub const ZERO: Self = Self {
        low: 0.0,
        high: 0.0,
    };

    /// The range for numbers seen, by a method.
    pub fn of(seen: &Histogram, method: Method) -> Self {
        let [low, high] = seen.ends();
        match method {
            Method::MinMax => Self { low, high },
            Method::Percentile => {
                let [low, high] = percentile_ends(seen);
                Self {
                    low: low.min(0.0),
                    high: high.max(0.0),
                }
            }
            Method::MeanSquaredError => Self { low, high }.best_part(seen),
        }
    }

    /// The smallest range with both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// Whether integers of this meaning reach as far, to a step.
    pub fn is_within(self, Quantization { scale, zero_point }: Quantization) -> bool {
        let steps = |integer: i8| f32::from(integer) - f32::from(zero_point);
        let (low, high) = (steps(i8::MIN) - 1.0, steps(i8::MAX) + 1.0);
        self.low >= low * scale && self.high <= high * scale
    }

    fn part(self, hundredths: u8) -> Self {
        let share = f32::from(hundredths) / 100.0;
        Self {
            low: self.low * share,
            high: self.high * share,
        }
    }

    /// The part with the least error; the largest of those that are equal.
    fn best_part(self, seen: &Histogram) -> Self {
        let parts = PARTS.rev().map(|hundredths| self.part(hundredths));
        let errors = parts.map(|part| (part, part.squared_error(seen)));
        errors
            .reduce(|best, next| if next.1 < best.1 { next } else { best })
            .map_or(self, |best| best.0)
    }

    /// Sum of the squared differences of the numbers and what their integers stand for, as if those of a bin all had the
    /// integer of their mean.
    fn squared_error(self, seen: &Histogram) -> f64 {
        let quantization = self.quantization();
        let error = |bin: &Bin| bin.squared_error(quantization.rounded(bin.mean() as f32).into());
        seen.bins().map(error).sum()
    }

    /// Scale and zero point with which -128 to 127 cover the range; -128 stands for 0 where nothing is negative.
    pub fn quantization(self) -> Quantization {
        let scale = (self.high - self.low) / 255.0;
        // Casts saturate.
        let zero_point = (-128.0 - self.low / scale).round_ties_even() as i8;
        Quantization { scale, zero_point }
    }
}

/// The means of the outermost bins when [`PERCENTILE`] of all numbers lie at or beyond neither, by nearest rank.
fn percentile_ends(seen: &Histogram) -> [f32; 2] {
    let count: u64 = seen.bins().map(|bin| bin.count).sum();
    let rank = (count as f64 * PERCENTILE).ceil() as u64;
    let ends = [end(seen.bins().rev(), rank), end(seen.bins(), rank)];
    ends.map(|bin| bin.map_or(0.0, |bin| bin.mean() as f32))
}

/// The bin with the number of this rank.
fn end<'a>(mut bins: impl Iterator<Item = &'a Bin>, rank: u64) -> Option<&'a Bin> {
    let mut seen = 0;
    bins.find(|bin| {
        seen += bin.count;
        seen >= rank
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;

    fn seen(values: &[f32]) -> Histogram {
        let mut histogram = Histogram::new();
        histogram.add(values).unwrap();
        histogram
    }

    fn numbers(count: usize) -> Vec<f32> {
        let mut random = Random::new(1, 0);
        (0..count).map(|_| random.bell(1.0).powi(3)).collect()
    }

    #[test]
    fn min_max_covers_every_number_and_zero() {
        for (values, low, high) in [
            (&[1.0, 5.0, 2.0][..], 0.0, 5.0),
            (&[-3.0, -1.0], -3.0, 0.0),
            (&[-3.0, 0.5], -3.0, 0.5),
            (&[], 0.0, 0.0),
        ] {
            let range = Range::of(&seen(values), Method::MinMax);
            assert_eq!(range, Range { low, high });
        }
    }

    #[test]
    fn percentile_leaves_out_one_number_of_ten_thousand_on_each_side() {
        for count in [1, 2, 9_999, 10_000, 10_001, 20_000, 25_000] {
            let values = numbers(count);
            let mut sorted = values.clone();
            sorted.sort_by(f32::total_cmp);
            // The largest number that 99.99 % of all do not exceed, and its counterpart, by counting.
            let at_most = |bound: f32| sorted.iter().filter(|&&value| value <= bound).count();
            let enough = |&&bound: &&f32| 10_000 * at_most(bound) >= 9_999 * count;
            let high = *sorted[count.saturating_sub(20)..]
                .iter()
                .find(enough)
                .unwrap();
            let at_least = |bound: f32| sorted.iter().filter(|&&value| value >= bound).count();
            let enough = |&&bound: &&f32| 10_000 * at_least(bound) >= 9_999 * count;
            let low = *sorted[..count.min(20)].iter().rev().find(enough).unwrap();
            let found = Range::of(&seen(&values), Method::Percentile);
            // To the width of a bin.
            let width = sorted[count - 1].max(-sorted[0]) / 512.0;
            for (found, expected) in [(found.low, low.min(0.0)), (found.high, high.max(0.0))] {
                assert!(
                    (found - expected).abs() <= width,
                    "{count} numbers: {found}"
                );
            }
        }
        let none = Range {
            low: 0.0,
            high: 0.0,
        };
        assert_eq!(Range::of(&seen(&[]), Method::Percentile), none);
    }

    /// The least squared error of all parts, over all 256 integers, in 64-bit floats.
    fn least_error(values: &[f32], whole: Range) -> f64 {
        let errors = (20..=100).map(|hundredths| {
            let Quantization { scale, zero_point } = whole.part(hundredths).quantization();
            let real = |q: i16| f64::from(scale) * f64::from(q - i16::from(zero_point));
            let error = |value: f32| {
                let errors = (-128..=127).map(|q| (f64::from(value) - real(q)).powi(2));
                errors.fold(f64::INFINITY, f64::min)
            };
            values.iter().map(|&value| error(value)).sum()
        });
        errors.fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn the_part_of_least_error_is_that_of_an_exhaustive_search() {
        for (count, outlier) in [(300, 0.0), (300, 40.0), (1000, -25.0)] {
            let mut values = numbers(count);
            values.push(outlier);
            let seen = seen(&values);
            let whole = Range::of(&seen, Method::MinMax);
            let found = Range::of(&seen, Method::MeanSquaredError);
            let exact = values
                .iter()
                .map(|&value| f64::from(value - found.quantization().rounded(value)).powi(2));
            let (error, least) = (exact.sum::<f64>(), least_error(&values, whole));
            assert!(
                (error - least).abs() <= 1e-2 * least,
                "{count}, {outlier}: {error} and {least}"
            );
            assert!(found.high <= whole.high && found.low >= whole.low);
        }
    }

    #[test]
    fn an_outlier_is_cut_off_where_that_lessens_the_error() {
        let mut values: Vec<f32> = (0..100_000).map(|index| index as f32 / 100_000.0).collect();
        values.push(1.5);
        let range = Range::of(&seen(&values), Method::MeanSquaredError);
        assert!(range.high < 1.45, "{range:?}");
        let equal = Range::of(&seen(&[1.0, 1.0]), Method::MeanSquaredError);
        assert_eq!((equal.low, equal.high), (0.0, 1.0));
    }

    #[test]
    fn ranges_become_scales_as_computed_by_hand() {
        let of = |low, high| Range { low, high }.quantization();
        for (low, high, scale, zero_point) in [
            (0.0, 255.0, 1.0, -128),
            (0.0, 0.5, 0.5 / 255.0, -128),
            (-127.5, 127.5, 1.0, 0),
            (-255.0, 0.0, 1.0, 127),
            (-51.0, 204.0, 1.0, -77),
        ] {
            assert_eq!(of(low, high), Quantization { scale, zero_point });
        }
        assert!(!of(0.0, 0.0).scale.is_normal());
    }
}
