//! What runs a model, whichever of the two kinds of file it is in, or whichever board.

use serde::Serialize;

use crate::error::RunError;
use crate::file::InFile;
use crate::input::Input;
use crate::output::Output;
use crate::spec::Spec;

/// A model that is ready to run.
pub trait Engine {
    /// What the model takes and gives.
    fn spec(&self) -> &Spec;

    /// Runs the model on one input, which has as many values as the model takes.
    fn run(&self, input: &Input) -> Result<Answer, InFile<RunError>>;

    /// The same engine, if several threads can run it at once.
    fn shared(&self) -> Option<&(dyn Engine + Sync)> {
        None
    }
}

/// What a model makes of one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub output: Output,
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

/// Refuses an input that has not as many values as a model takes.
pub(crate) fn check_len(spec: &Spec, input: &Input) -> Result<(), RunError> {
    let (expected, found) = (spec.input.elements(), input.len());
    if expected == found {
        Ok(())
    } else {
        Err(RunError::Length { expected, found })
    }
}
