//! An input in, a prediction out.

use std::time::{Duration, Instant};

use crate::device::Device;
use crate::engine::{Answer, Cost, Engine};
use crate::error::RunError;
use crate::file::InFile;
use crate::output::Output;
use crate::prepare::{Candidates, Prepared};

/// What the model says about one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub output: Output,
    /// Time the network took, without reading and decoding the input; of a board, with the way there and back.
    pub elapsed: Duration,
    /// What it took on a board.
    pub cost: Option<Cost>,
    /// How the picture was prepared, where that was chosen.
    pub prepared: Option<Prepared>,
}

/// Runs the model on one input; on each of two, of which that counts whose best class is more probable, the plain one of
/// equals. Then both are what it took.
pub fn predict(
    engine: &(impl Engine + ?Sized),
    candidates: &Candidates,
) -> Result<Prediction, InFile<RunError>> {
    let run = |input, prepared| {
        let prediction = timed(|| engine.run(input))?;
        Ok(Prediction {
            prepared,
            ..prediction
        })
    };
    match candidates {
        Candidates::One(input, prepared) => run(input, *prepared),
        Candidates::Both { plain, centred } => {
            let plain = run(plain, Some(Prepared::Plain))?;
            let centred = run(centred, Some(Prepared::Centred))?;
            Ok(plain.or(centred))
        }
    }
}

impl Prediction {
    /// The surer one of both, with what both took.
    fn or(self, other: Self) -> Self {
        let elapsed = self.elapsed + other.elapsed;
        let cost = self.cost.zip(other.cost).map(|(a, b)| Cost {
            cycles: a.cycles.saturating_add(b.cycles),
            stack_bytes: a.stack_bytes.max(b.stack_bytes),
        });
        let is_surer = other.output.certainty() > self.output.certainty();
        Self {
            elapsed,
            cost,
            ..if is_surer { other } else { self }
        }
    }
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
        prepared: None,
    })
}
