//! Of numbers, which are neither right nor wrong, where they lie, and how far from those that belong to the inputs.

use std::fmt;

use serde::Serialize;

use super::{Effort, write_cost};
use crate::engine::Cost;
use crate::output::Values;

/// Where the numbers that a model gives lie.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfValues {
    inputs: usize,
    least: f32,
    mean: f64,
    greatest: f32,
    #[serde(flatten)]
    errors: Option<Errors>,
    inputs_per_second: f64,
    #[serde(flatten)]
    cost: Option<Cost>,
}

/// How far the numbers are from those that belong to the inputs, on average over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Errors {
    mean_squared_error: f64,
    mean_absolute_error: f64,
}

pub struct ValueTally {
    least: f32,
    greatest: f32,
    sum: f64,
    count: usize,
    /// Numbers that belong to inputs, and the sums of squared and of absolute differences from them.
    known: usize,
    squares: f64,
    absolutes: f64,
}

impl Default for ValueTally {
    fn default() -> Self {
        Self {
            least: f32::INFINITY,
            greatest: f32::NEG_INFINITY,
            sum: 0.0,
            count: 0,
            known: 0,
            squares: 0.0,
            absolutes: 0.0,
        }
    }
}

impl ValueTally {
    pub fn add(&mut self, found: &Values, targets: Option<&[f32]>) {
        let values = found.numbers.reals();
        for (value, target) in values.iter().zip(targets.unwrap_or_default()) {
            let error = f64::from(*value) - f64::from(*target);
            self.known += 1;
            self.squares += error * error;
            self.absolutes += error.abs();
        }
        for value in values {
            self.least = self.least.min(value);
            self.greatest = self.greatest.max(value);
            self.sum += f64::from(value);
            self.count += 1;
        }
    }

    pub fn finish(self, effort: Effort) -> OfValues {
        let known = self.known as f64;
        OfValues {
            inputs: effort.runs,
            least: self.least,
            mean: self.sum / self.count as f64,
            greatest: self.greatest,
            errors: (self.known > 0).then(|| Errors {
                mean_squared_error: self.squares / known,
                mean_absolute_error: self.absolutes / known,
            }),
            inputs_per_second: effort.per_second(),
            cost: effort.cost,
        }
    }
}

impl fmt::Display for OfValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, mean, greatest) = (self.least, self.mean, self.greatest);
        writeln!(f, "inputs   {}", self.inputs)?;
        writeln!(f, "values   {least} to {greatest}, {mean:.4} on average")?;
        if let Some(Errors {
            mean_squared_error: squared,
            mean_absolute_error: absolute,
        }) = self.errors
        {
            writeln!(
                f,
                "error    {squared:.6} squared, {absolute:.6} absolute, on average"
            )?;
        }
        writeln!(f, "speed    {:.0} inputs/s", self.inputs_per_second)?;
        write_cost(f, self.cost)
    }
}
