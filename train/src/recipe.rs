//! How a network is trained, as files ([TOML](https://toml.io)) and checkpoints say it.

use std::path::{Path, PathBuf};

use input::file::{self, ReadError, display_name};
use no_std_core::format::OutputKind;
use serde::{Deserialize, Serialize};

use crate::architecture::Network;
use crate::data::augment::Transform;
use crate::optimizer::Optimizer;
use crate::syntax;

#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    #[error("{}: expected a recipe: {source}", display_name(path))]
    Read { path: PathBuf, source: ReadError },
    #[error(
        "{}: expected a recipe in UTF-8, found other bytes",
        display_name(path)
    )]
    NotText { path: PathBuf },
    #[error("{}, line {line}: {reason}", display_name(path))]
    Line {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error("{}: expected {expected}, found {found}", display_name(path))]
    Value {
        path: PathBuf,
        expected: &'static str,
        found: f32,
    },
}

/// Epochs of a network that is trained already.
const TUNING_EPOCHS: u32 = 10;

/// What a recipe says. What it leaves out is as without a recipe.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    pub epochs: Option<u32>,
    pub batch: Option<u32>,
    pub optimizer: Option<Optimizer>,
    pub learning_rate: Option<f32>,
    /// Epochs without a better loss on the validation set after which training ends.
    pub patience: Option<u32>,
    pub schedule: Schedule,
    /// Epochs in which the step size rises from zero.
    pub warm_up: f32,
    /// The share of each parameter that a step at rate 1 takes away; without it the optimiser's own.
    pub weight_decay: Option<f32>,
    /// The share that running means of the parameters keep at each step. The network is used with these means then.
    pub average: Option<f32>,
    /// The share of a label that is spread over all classes.
    pub label_smoothing: f32,
    pub class_weights: ClassWeights,
    /// Drawn pictures of no class that are learnt as well, as being none of them.
    pub negatives: u32,
    pub pixels: Pixels,
    /// Random changes of each picture, in their order.
    pub augment: Vec<Transform>,
}

/// How the step size changes over a fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Not at all.
    #[default]
    Constant,
    /// Down to a hundredth along half a wave ([Loshchilov and Hutter](https://arxiv.org/abs/1608.03983)).
    Cosine,
    /// Up from a 25th in the first three tenths, then down to nearly zero, along half a wave each
    /// ([Smith and Topin](https://arxiv.org/abs/1708.07120)).
    OneCycle,
}

/// How much the pictures of a class count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All pictures the same.
    #[default]
    None,
    /// All classes the same, however many pictures they have.
    Balanced,
}

/// What a network takes for pixels from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pixels {
    /// Numbers whose mean is 0 and whose deviation is 1 in each channel of the pictures to learn from.
    #[default]
    Normalized,
    /// The same.
    Unchanged,
}

impl Recipe {
    /// The recipe for a network where none is named.
    pub fn usual(network: &Network) -> Self {
        let is_of_pictures =
            network.output == OutputKind::Classes && network.scaling.input.is_none();
        if network.is_digits() {
            Self::default()
        } else if is_of_pictures {
            Self::pictures()
        } else {
            Self::of_program(include_str!("../../models/recipes/numbers.toml"))
        }
    }

    /// The recipe for a network that is trained already where none is named: it has less to learn.
    pub fn tuning() -> Self {
        Self {
            epochs: Some(TUNING_EPOCHS),
            ..Self::pictures()
        }
    }

    /// The recipe for pictures of any kind.
    fn pictures() -> Self {
        Self::of_program(include_str!("../../models/recipes/pictures.toml"))
    }

    fn of_program(text: &str) -> Self {
        toml::from_str(text).expect("the recipes of the program are read in the tests")
    }

    /// The part that a checkpoint keeps beside what its record says itself.
    #[must_use]
    pub fn kept(self) -> Self {
        Self {
            epochs: None,
            batch: None,
            optimizer: None,
            learning_rate: None,
            ..self
        }
    }

    /// Reads a file.
    pub fn open(path: &Path) -> Result<Self, RecipeError> {
        let bytes = file::read(path).map_err(|source| RecipeError::Read {
            path: path.into(),
            source,
        })?;
        let text =
            String::from_utf8(bytes).map_err(|_| RecipeError::NotText { path: path.into() })?;
        let recipe: Self = toml::from_str(&text).map_err(|error| {
            let position = error.span().map_or(0, |span| span.start);
            RecipeError::Line {
                path: path.into(),
                line: syntax::line_of(&text, position),
                reason: syntax::reason(&error),
            }
        })?;
        recipe.expect_in_range(path)?;
        Ok(recipe)
    }

    fn expect_in_range(&self, path: &Path) -> Result<(), RecipeError> {
        let one = |number: Option<u32>| number.map_or(1.0, |number| number as f32);
        let share = |number: Option<f32>| number.unwrap_or(0.0);
        let rate = self.learning_rate.unwrap_or(1.0);
        for (expected, found, is_right) in [
            (
                "at most 1000000 negatives",
                self.negatives as f32,
                self.negatives <= 1_000_000,
            ),
            (
                "epochs of 1 or more",
                one(self.epochs),
                one(self.epochs) >= 1.0,
            ),
            (
                "a batch of 1 or more",
                one(self.batch),
                one(self.batch) >= 1.0,
            ),
            (
                "a patience of 1 or more",
                one(self.patience),
                one(self.patience) >= 1.0,
            ),
            (
                "a learning_rate above 0",
                rate,
                rate > 0.0 && rate.is_finite(),
            ),
            (
                "a warm_up of 0 or more epochs",
                self.warm_up,
                self.warm_up >= 0.0,
            ),
            (
                "a weight_decay from 0 to less than 1",
                share(self.weight_decay),
                (0.0..1.0).contains(&share(self.weight_decay)),
            ),
            (
                "an average from 0 to less than 1",
                share(self.average),
                (0.0..1.0).contains(&share(self.average)),
            ),
            (
                "a label_smoothing from 0 to less than 1",
                self.label_smoothing,
                (0.0..1.0).contains(&self.label_smoothing),
            ),
        ] {
            if !is_right {
                let path = path.into();
                return Err(RecipeError::Value {
                    path,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    /// Whether there is nothing in it: each picture counts the same, as it is, at one step size.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether samples are mixtures of two.
    pub fn mixes(&self) -> bool {
        let is_mixup = |one: &Transform| matches!(one, Transform::Mixup(_));
        self.augment.iter().any(is_mixup)
    }

    /// Whether pictures are learnt in both polarities.
    pub fn inverts(&self) -> bool {
        let is_inversion = |one: &Transform| matches!(one, Transform::Invert(_));
        self.augment.iter().any(is_inversion)
    }

    /// The step size in parts of the largest one, `done` epochs after the start of `epochs`.
    pub fn rate(&self, done: f32, epochs: f32) -> f32 {
        let warm = if done < self.warm_up {
            done / self.warm_up
        } else {
            1.0
        };
        // From 1 down to 0 along half a wave.
        let wave = |share: f32| f32::midpoint(libm::cosf(std::f32::consts::PI * share), 1.0);
        let share = (done / epochs).clamp(0.0, 1.0);
        let planned = match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => 0.01 + 0.99 * wave(share),
            Schedule::OneCycle if share < PEAK => 1.0 - 0.96 * wave(share / PEAK),
            Schedule::OneCycle => 1e-4 + (1.0 - 1e-4) * wave((share - PEAK) / (1.0 - PEAK)),
        };
        warm * planned
    }
}

/// The share of a fit at which the step size of one cycle is the largest.
const PEAK: f32 = 0.3;

impl ClassWeights {
    /// How much a picture of each class counts, where there are so many of each: 1 in the mean over the pictures.
    pub fn of(self, counts: &[usize]) -> Vec<f32> {
        let present = counts.iter().filter(|&&count| count > 0).count();
        let all: usize = counts.iter().sum();
        let weight = |&count: &usize| match self {
            Self::Balanced if count > 0 => all as f32 / (present * count) as f32,
            Self::Balanced | Self::None => 1.0,
        };
        counts.iter().map(weight).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::Description;

    fn opened(text: &str) -> Result<Recipe, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.toml");
        std::fs::write(&path, text).unwrap();
        Recipe::open(&path).map_err(|error| error.to_string())
    }

    /// As `README.md` of the models says.
    #[test]
    fn the_recipe_of_digits_is_for_the_network_of_digits() {
        let file = |name: &str| Path::new("../models/recipes").join(name);
        let recipe = Recipe::open(&file("digits.toml")).unwrap();
        assert!(recipe.negatives > 0 && !recipe.mixes());
        assert_eq!(recipe.pixels, Pixels::Unchanged);
        let network = Description::open(&file("digits-network.toml")).unwrap();
        let network = network.network(network.input(), network.numbers()).unwrap();
        let digits = Network::digits();
        assert_eq!(
            (&network.name, &network.labels),
            (&digits.name, &digits.labels)
        );
        assert_eq!(network.multiply_adds(), digits.multiply_adds());
    }

    #[test]
    fn what_a_file_leaves_out_is_as_without_one() {
        assert_eq!(opened("").unwrap(), Recipe::default());
        assert!(
            opened("epochs = 3\nlearning_rate = 0.1")
                .unwrap()
                .kept()
                .is_plain()
        );
        let recipe = opened("schedule = 'cosine'\naugment = [{ flip = 'both' }, { mixup = 0.2 }]");
        let recipe = recipe.unwrap();
        assert!(!recipe.is_plain() && recipe.mixes());
        let json = serde_json::to_string(&recipe).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), recipe);
        let drawn = "augment = [{ elastic = 0.05 }, { thickness = [-0.03, 0.06] }, { pen = 0.3 }, { cut = 0.1 },
            { levels = 0.4 }, { paper = 0.2 }, { light = 0.3 }, { shadow = 0.5 }, { jpeg = [20, 95] }, { frame = 0.1 },
            { clutter = 0.2 }]";
        let drawn = opened(drawn).unwrap();
        let json = serde_json::to_string(&drawn).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), drawn);
        let digits = Network::digits();
        assert!(Recipe::usual(&digits).is_plain());
        let input = [1, 30, 30];
        let other = Recipe::usual(&Network { input, ..digits });
        assert!(!other.augment.is_empty());
        let tuning = Recipe::tuning();
        assert!(tuning.epochs < other.epochs && tuning.kept() == other.kept());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, parts) in [
            (
                "epoch = 3",
                &["line 1", "unknown field `epoch`", "`epochs`"][..],
            ),
            (
                "\nepochs = 'ten'",
                &[
                    "line 2",
                    "expected a whole number of 0 or more, found string \"ten\"",
                ],
            ),
            (
                "\nschedule = 'cos'",
                &["line 2", "unknown variant `cos`", "`one_cycle`"],
            ),
            ("epochs = 0", &["expected epochs of 1 or more, found 0"]),
            ("learning_rate = -1", &["learning_rate above 0, found -1"]),
            (
                "label_smoothing = 1.0",
                &["label_smoothing from 0 to less than 1, found 1"],
            ),
            ("average = 2.0", &["average from 0 to less than 1, found 2"]),
            (
                "weight_decay = -0.5",
                &["weight_decay from 0 to less than 1, found -0.5"],
            ),
            ("warm_up = nan", &["warm_up of 0 or more epochs, found NaN"]),
            (
                "\n\naugment = [{ rotate = 200 }]",
                &["line 3", "at most 180, found 200"],
            ),
            (
                "augment = [{ jpeg = [90, 20] }]",
                &[
                    "line 1",
                    "from 1 to 100, the smaller one first, found 90 and 20",
                ],
            ),
        ] {
            let found = opened(text).unwrap_err();
            for part in parts {
                assert!(found.contains(part), "{text}: {found}");
            }
        }
        let missing = Recipe::open(Path::new("nowhere/r.toml"))
            .unwrap_err()
            .to_string();
        assert!(missing.contains("r.toml: expected a recipe"), "{missing}");
    }

    #[test]
    fn step_sizes_rise_and_fall_as_the_schedule_says() {
        let rate = |schedule, warm_up, done| {
            let recipe = Recipe {
                schedule,
                warm_up,
                ..Recipe::default()
            };
            recipe.rate(done, 10.0)
        };
        for (schedule, warm_up, done, expected) in [
            (Schedule::Constant, 0.0, 0.0, 1.0),
            (Schedule::Constant, 0.0, 9.9, 1.0),
            (Schedule::Constant, 4.0, 1.0, 0.25),
            (Schedule::Cosine, 0.0, 0.0, 1.0),
            (Schedule::Cosine, 0.0, 5.0, 0.505),
            (Schedule::Cosine, 0.0, 10.0, 0.01),
            (Schedule::Cosine, 2.0, 1.0, 0.5 * (0.01 + 0.99 * 0.975_528)),
            (Schedule::OneCycle, 0.0, 0.0, 0.04),
            (Schedule::OneCycle, 0.0, 1.5, 0.52),
            (Schedule::OneCycle, 0.0, 3.0, 1.0),
            (Schedule::OneCycle, 0.0, 10.0, 1e-4),
            // A fit that goes on for longer than was planned.
            (Schedule::Cosine, 0.0, 12.0, 0.01),
        ] {
            let found = rate(schedule, warm_up, done);
            assert!(
                (found - expected).abs() < 1e-5,
                "{schedule:?} {done}: {found}"
            );
        }
    }

    #[test]
    fn balanced_classes_count_the_same_and_a_picture_1_in_the_mean() {
        let counts = [10, 0, 30, 60];
        let weights = ClassWeights::Balanced.of(&counts);
        let totals = weights
            .iter()
            .zip(counts)
            .map(|(weight, count)| weight * count as f32);
        let totals: Vec<f32> = totals.collect();
        assert!((totals[0] - totals[2]).abs() < 1e-4 && (totals[0] - totals[3]).abs() < 1e-4);
        assert!((totals.iter().sum::<f32>() - 100.0).abs() < 1e-3);
        assert_eq!(ClassWeights::None.of(&counts), [1.0; 4]);
    }
}
