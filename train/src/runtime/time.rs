//! How long a model takes.

use std::time::{Duration, Instant};

use super::{Runtime, RuntimeError};
use crate::tensor::Tensor;

/// How long a model is run at least, so that one disturbance does not count.
const LONG_ENOUGH: Duration = Duration::from_millis(25);
/// The fewest runs that count.
const FEWEST: u32 = 3;

impl Runtime {
    /// The time of the shortest of several runs of a model, on inputs that stay with the runtime; what it gives stays there,
    /// too. The first run does not count.
    pub fn shortest_run(
        &self,
        threads: usize,
        onnx: &[u8],
        inputs: Vec<(String, Tensor)>,
    ) -> Result<Duration, RuntimeError> {
        let mut session = self.load_with(threads, onnx, inputs)?;
        session.run_residents()?;
        let (start, mut runs, mut shortest) = (Instant::now(), 0, Duration::MAX);
        while runs < FEWEST || start.elapsed() < LONG_ENOUGH {
            let start = Instant::now();
            session.run_residents()?;
            shortest = shortest.min(start.elapsed());
            runs += 1;
        }
        Ok(shortest)
    }
}
