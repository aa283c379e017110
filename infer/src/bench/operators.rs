//! The time of each operator of an integer model.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::BenchmarkError;
use super::sample::sample;
use crate::engine::Engine;
use crate::flash::FlashModel;

/// Runs of which the fastest one of each operator counts: others came in between the slower ones.
const RUNS: usize = 200;
/// However many those are, they end then.
const MOST: Duration = Duration::from_secs(2);

/// What an operator takes.
#[derive(Clone, Debug, Serialize)]
pub struct OperatorTime {
    pub operator: &'static str,
    /// Rows, columns and channels of its output.
    pub output: [u16; 3],
    pub multiply_adds: u64,
    pub microseconds: f64,
}

/// The least time of each operator in some runs.
pub(super) fn operators(model: &FlashModel<'_>) -> Result<Vec<OperatorTime>, BenchmarkError> {
    let input = sample(&model.spec().input);
    let operations: Vec<_> = model.model().operations().collect();
    let mut least = vec![Duration::MAX; operations.len()];
    let start = Instant::now();
    for _ in 0..RUNS {
        let mut before = Instant::now();
        model.run_observed(&input, |operator| {
            let now = Instant::now();
            least[operator] = least[operator].min(now - before);
            before = now;
        })?;
        if start.elapsed() > MOST {
            break;
        }
    }
    let times = operations.iter().zip(least).map(|(operation, time)| {
        let shape = operation.output().shape;
        OperatorTime {
            operator: operation.name(),
            output: [shape.rows, shape.columns, shape.channels],
            multiply_adds: operation.multiply_adds(),
            microseconds: time.as_secs_f64() * 1e6,
        }
    });
    Ok(times.collect())
}

impl OperatorTime {
    pub(super) const HEADING: [&'static str; 4] = ["operator", "output", "multiply-adds", "us"];

    /// A row of the table.
    pub(super) fn cells(&self) -> Vec<String> {
        let [rows, columns, channels] = self.output;
        vec![
            self.operator.to_owned(),
            format!("{rows} x {columns} x {channels}"),
            self.multiply_adds.to_string(),
            format!("{:.2}", self.microseconds),
        ]
    }
}
