//! Of numbers, which are neither right nor wrong, where they lie.

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
    inputs_per_second: f64,
    #[serde(flatten)]
    cost: Option<Cost>,
}

pub struct ValueTally {
    least: f32,
    greatest: f32,
    sum: f64,
    count: usize,
}

impl Default for ValueTally {
    fn default() -> Self {
        Self {
            least: f32::INFINITY,
            greatest: f32::NEG_INFINITY,
            sum: 0.0,
            count: 0,
        }
    }
}

impl ValueTally {
    pub fn add(&mut self, found: &Values) {
        for value in found.numbers.reals() {
            self.least = self.least.min(value);
            self.greatest = self.greatest.max(value);
            self.sum += f64::from(value);
            self.count += 1;
        }
    }

    pub fn finish(self, effort: Effort) -> OfValues {
        OfValues {
            inputs: effort.count,
            least: self.least,
            mean: self.sum / self.count as f64,
            greatest: self.greatest,
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
        writeln!(f, "speed    {:.0} inputs/s", self.inputs_per_second)?;
        write_cost(f, self.cost)
    }
}
