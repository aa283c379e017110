//! What runs a model, whichever of the two kinds of file it is in, or whichever board.

use no_std_core::prepare::Preparation;
use serde::Serialize;

use crate::error::RunError;
use crate::file::InFile;
use crate::picture::Pixels;

/// A model that is ready to run.
pub trait Engine {
    /// Names of the classes, in the order of the logits; at least one.
    fn labels(&self) -> &[String];

    /// How a picture becomes the pixels that the model takes, unless the user says otherwise.
    fn preparation(&self) -> Preparation;

    /// Runs the model on one picture.
    fn scores(&self, pixels: &Pixels) -> Result<Scores, InFile<RunError>>;
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
