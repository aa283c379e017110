//! How a network is trained, as files ([TOML](https://toml.io)) and checkpoints say it.

mod range;

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

/// What a recipe says. What it leaves out is not done, and numbers that it leaves out are those of the options.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    pub epochs: Option<u32>,
    pub batch: Option<u32>,
    pub optimizer: Option<Optimizer>,
    pub learning_rate: Option<f32>,
    /// Epochs without a better one on the validation set (more right answers, or as many with less loss) after which training ends.
    pub patience: Option<u32>,
    pub schedule: Schedule,
    /// Epochs in which the step size rises from zero.
    pub warm_up: f32,
    /// The share of each parameter that a step at rate 1 takes away; without it the optimiser's own.
    pub weight_decay: Option<f32>,
    /// The share that running means of the parameters and of batches' statistics keep at each step. The network is used with these means then.
    pub average: Option<f32>,
    /// The share of a label that is spread over all classes.
    pub label_smoothing: f32,
    pub class_weights: ClassWeights,
    /// Digits in print, drawn, that are learnt as well.
    pub printed: u32,
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
        self.augment.iter().any(Transform::inverts)
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
mod tests;
