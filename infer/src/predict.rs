//! An input in, a prediction out.

use std::time::{Duration, Instant};

use crate::device::Device;
use crate::engine::{Answer, Cost, Engine};
use crate::error::RunError;
use crate::file::InFile;
use crate::input::Input;
use crate::output::Output;

/// What the model says about one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub output: Output,
    /// Time the network took, without reading and decoding the input; of a board, with the way there and back.
    pub elapsed: Duration,
    /// What it took on a board.
    pub cost: Option<Cost>,
}

/// Runs the model on one input.
pub fn predict(engine: &dyn Engine, input: &Input) -> Result<Prediction, InFile<RunError>> {
    timed(|| engine.run(input))
}

/// Has a board prepare a picture of so many rows and run its model on it.
pub fn predict_on_board(
    device: &Device,
    (pixels, rows): &(Vec<u8>, u32),
) -> Result<Prediction, InFile<RunError>> {
    timed(|| device.run_picture(pixels, *rows))
}

fn timed<E>(run: impl FnOnce() -> Result<Answer, E>) -> Result<Prediction, E> {
    let start = Instant::now();
    let Answer { output, cost } = run()?;
    Ok(Prediction {
        output,
        elapsed: start.elapsed(),
        cost,
    })
}
