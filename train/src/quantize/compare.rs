//! How much less often the integers are right than the floats, on the same samples.

use super::candidate::{Candidate, int8_outputs, right};
use super::run::Runner;
use super::samples::Samples;
use super::{QuantizeError, graphs};

/// The integers are called worse only if fair coins would fall so in fewer than this share of trials.
const CHANCE: f64 = 0.05;

/// Standard deviations on each side that 95 % of a normal distribution lie within.
const NORMAL_95: f64 = 1.96;

/// How often floats and integers are right on the same samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Number of samples, at least 1 in accuracies.
    pub samples: usize,
    /// Samples on which the floats are right.
    pub float: usize,
    /// Samples on which the integers are right.
    pub int8: usize,
    /// Samples on which only the floats are right.
    pub lost: usize,
}

impl Comparison {
    /// Counts pairs: whether the floats are right, whether the integers are.
    pub fn of(pairs: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut counts = Self::default();
        for (float, int8) in pairs {
            counts.samples += 1;
            counts.float += usize::from(float);
            counts.int8 += usize::from(int8);
            counts.lost += usize::from(float && !int8);
        }
        counts
    }

    /// Samples on which only the integers are right.
    pub fn gained(&self) -> usize {
        self.int8 + self.lost - self.float
    }

    /// Shares of right answers, of floats and of integers.
    pub fn accuracies(&self) -> [f64; 2] {
        [self.float, self.int8].map(|right| right as f64 / self.samples as f64)
    }

    /// By how much the accuracy falls.
    pub fn drop(&self) -> f64 {
        (self.float as f64 - self.int8 as f64) / self.samples as f64
    }

    /// The change of the accuracy of which these samples are a draw: its middle, and how far the interval of 95 % reaches on
    /// both sides, by the method of Agresti and Min for paired shares.
    pub fn change(&self) -> [f64; 2] {
        let [lost, gained] = [self.lost, self.gained()].map(|count| count as f64 + 0.5);
        let samples = self.samples as f64 + 2.0;
        let change = (gained - lost) / samples;
        let variance = (lost + gained - (gained - lost).powi(2) / samples) / samples.powi(2);
        [change, NORMAL_95 * variance.sqrt()]
    }

    /// Whether so many samples lost may be chance, by the sign test against samples gained.
    pub fn may_be_chance(&self) -> bool {
        self.probability_by_chance() >= CHANCE
    }

    /// How probable it is that of all samples lost or gained as many or more are lost, if each is either by a fair coin.
    pub fn probability_by_chance(&self) -> f64 {
        let count = self.lost + self.gained();
        let mut logarithm = -(count as f64) * std::f64::consts::LN_2;
        let mut probability = logarithm.exp();
        for lost in (self.lost..count).rev() {
            logarithm += ((lost + 1) as f64 / (count - lost) as f64).ln();
            probability += logarithm.exp();
        }
        probability
    }
}

/// Both networks on several sets of samples, none of which gave a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Whether labels say what is right, and not the answers of the floats.
    pub by_labels: bool,
    /// The samples that method and threshold were chosen by, of pictures in all variants.
    pub held_out: Comparison,
    /// The test images.
    pub test: Option<Comparison>,
    /// The inverted test images, where the model was trained on such.
    pub inverted_test: Option<Comparison>,
}

impl Measured {
    /// Name in metadata, name in reports, and numbers of each set.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &'static str, Comparison)> {
        let rows = [
            ("held_out", "samples held out", Some(self.held_out)),
            ("test", "test images", self.test),
            ("inverted_test", "test images, inverted", self.inverted_test),
        ];
        rows.into_iter()
            .filter_map(|(key, name, row)| Some((key, name, row?)))
    }
}

/// For each sample whether the network in floats is right.
pub fn float_right(
    runner: &Runner,
    best: &Candidate,
    (samples, classes): (&Samples, &[usize]),
) -> Result<Vec<bool>, QuantizeError> {
    let model = graphs::float(&best.network, None, runner.names)?;
    Ok(right(&runner.outputs(&model, samples)?, classes))
}

/// Both networks on the test images, variant by variant, the plain one first.
pub fn on_test(
    runner: &Runner,
    best: &Candidate,
    test: &Samples,
) -> Result<Vec<Comparison>, QuantizeError> {
    let Some(classes) = test.labels() else {
        return Ok(Vec::new());
    };
    let float = float_right(runner, best, (test, &classes))?;
    let int8 = right(&int8_outputs(runner, &best.int8, test)?, &classes);
    let pairs: Vec<_> = float.into_iter().zip(int8).collect();
    let variants = test.variants();
    let of_variant = |variant| {
        let pairs = pairs.iter().skip(variant).step_by(variants);
        Comparison::of(pairs.copied())
    };
    Ok((0..variants).map(of_variant).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;

    fn comparison(samples: usize, lost: usize, gained: usize) -> Comparison {
        let both = samples - lost - gained;
        let pairs = [
            ((true, true), both),
            ((true, false), lost),
            ((false, true), gained),
        ];
        Comparison::of(
            pairs
                .into_iter()
                .flat_map(|(pair, count)| vec![pair; count]),
        )
    }

    #[test]
    fn pairs_are_counted() {
        let counts = comparison(100, 7, 3);
        assert_eq!((counts.float, counts.int8, counts.gained()), (97, 93, 3));
        let percent = counts
            .accuracies()
            .map(|share| (100.0 * share).round() as u8);
        assert_eq!(percent, [97, 93]);
    }

    #[test]
    fn chance_is_that_of_fair_coins() {
        for (lost, gained, expected) in [
            (0, 0, 1.0),
            (1, 0, 0.5),
            (4, 0, 0.0625),
            (2, 1, 0.5),
            (3, 3, 42.0 / 64.0),
        ] {
            let found = comparison(10, lost, gained).probability_by_chance();
            assert!((found - expected).abs() < 1e-12, "{lost} {gained}: {found}");
        }
        assert!(comparison(9000, 4000, 0).probability_by_chance() < 1e-300);
    }

    #[test]
    fn nine_of_ten_intervals_hold_the_change_that_they_estimate() {
        let mut random = Random::new(31, 0);
        for (count, lost, gained) in [(50, 0.04, 0.02), (250, 0.02, 0.02), (2500, 0.01, 0.002)] {
            let mut draw = || match random.between(0.0, 1.0) {
                place if place < lost => (true, false),
                place if place < lost + gained => (false, true),
                _ => (true, true),
            };
            let held = (0..400).filter(|_| {
                let [middle, reach] = Comparison::of((0..count).map(|_| draw())).change();
                (middle - f64::from(gained - lost)).abs() <= reach
            });
            let share = held.count() as f64 / 400.0;
            assert!((0.91..=1.0).contains(&share), "{count}: {share}");
        }
    }

    #[test]
    fn a_fall_counts_if_it_is_beyond_the_limit_and_beyond_chance() {
        for (samples, lost, gained, falls) in [
            (5000, 50, 0, false),
            (5000, 51, 0, true),
            (5000, 151, 100, true),
            (5000, 0, 4000, false),
            // So few that one image is more than the limit.
            (50, 1, 0, false),
            (50, 4, 0, false),
            (50, 5, 0, true),
            (10, 9, 0, true),
            (50, 12, 8, false),
        ] {
            let counts = comparison(samples, lost, gained);
            let found = counts.drop() > 0.01 && !counts.may_be_chance();
            assert_eq!(found, falls, "{counts:?}");
        }
    }
}
