//! What runs a model, whichever of the two kinds of file it is in, or whichever board.

use clap::ValueEnum;
use no_std_core::format::MAGIC;
use no_std_core::prepare::Preparation;
use serde::Serialize;

use crate::file::InFile;
use crate::flash::FlashModel;
use crate::model::{Model, ModelError};
use crate::picture::Pixels;

/// A model that is ready to run.
pub trait Engine {
    /// Names of the classes, in the order of the logits; at least one.
    fn labels(&self) -> &[String];

    /// How a picture becomes the pixels that the model takes, unless the user says otherwise.
    fn preparation(&self) -> Preparation;

    /// Runs the model on one picture.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotFinite`], and [`ModelError::Graph`] if running it fails; a flash file has
    /// no such errors. [`ModelError::Device`] of a board.
    fn scores(&self, pixels: &Pixels) -> Result<Scores, InFile<ModelError>>;
}

/// What a model makes of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Index of the class with the largest logit; the first one on a tie.
    pub class: usize,
    /// One probability in 0..=1 for each class.
    pub probabilities: Vec<f64>,
    /// Whether the probability reaches the model's threshold. Only flash files have one.
    pub accepted: Option<bool>,
    /// What the network gave.
    pub logits: Logits,
    /// What it took. Only boards tell.
    pub cost: Option<Cost>,
}

/// What a board needed to run a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Processor cycles.
    pub cycles: u32,
    /// The most bytes of stack that were in use at once since the board's start, all its memory among them.
    pub stack_bytes: u32,
}

impl Cost {
    /// The greater one of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            cycles: self.cycles.max(other.cycles),
            stack_bytes: self.stack_bytes.max(other.stack_bytes),
        }
    }
}

/// The outputs of a network, one for each class.
#[derive(Clone, Debug, PartialEq)]
pub enum Logits {
    /// Of a network of floats.
    Float(Vec<f32>),
    /// Of a network of 8-bit integers.
    Int8(Vec<i8>),
}

impl Logits {
    /// The logits as bytes: four a float, little-endian, or one an integer.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Float(logits) => logits
                .iter()
                .flat_map(|logit| logit.to_le_bytes())
                .collect(),
            Self::Int8(logits) => logits.iter().map(|logit| logit.cast_unsigned()).collect(),
        }
    }
}

/// What is to run a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// What the file is made for.
    #[default]
    Auto,
    /// tract, for ONNX models.
    Float,
    /// The integer engine that boards run, for flash files.
    Int8,
}

/// Opens a model that is in memory; errors call it `name`.
///
/// # Errors
///
/// Every variant of [`ModelError`] but [`ModelError::NotFinite`] and [`ModelError::Device`].
pub fn open<'a>(
    bytes: &'a [u8],
    name: &str,
    choice: Choice,
) -> Result<Box<dyn Engine + 'a>, InFile<ModelError>> {
    let other = match choice {
        Choice::Int8 if Model::recognizes(bytes) => {
            Some(("a flash file", "an ONNX model", "float"))
        }
        Choice::Float if is_flash(bytes) => Some(("an ONNX model", "a flash file", "int8")),
        _ => None,
    };
    if let Some((expected, found, engine)) = other {
        let error = ModelError::OtherEngine {
            expected,
            found,
            engine,
        };
        return Err(InFile::named(name)(error));
    }
    Ok(if choice == Choice::Int8 || is_flash(bytes) {
        Box::new(FlashModel::from_bytes(bytes, name)?)
    } else {
        Box::new(Model::from_bytes(bytes, name)?)
    })
}

/// Whether the bytes begin like those of a flash file.
pub fn is_flash(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Probabilities of finite logits, in f64: `exp(logit) / sum of exp(logits)`.
pub(crate) fn softmax(logits: &[f32]) -> Vec<f64> {
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

/// Index of the largest logit, the first one on a tie.
pub(crate) fn first_maximum(logits: &[f32]) -> usize {
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests;
