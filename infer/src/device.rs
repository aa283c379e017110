//! Boards that run a model, as an [`Engine`] like the models in files.

use std::fmt;

use ::device::{Answer, Board, Input, Outcome};
use image::GrayImage;
use no_std_core::format::{ONE, OutputKind};
use no_std_core::prepare::Preparation;

use crate::engine::{Cost, Engine, Logits, Scores};
use crate::error::{DeviceError, RunError};
use crate::file::{InFile, one_line};
use crate::picture::{Pixels, SIDE};

/// A board that is ready to run its model.
pub struct Device {
    name: String,
    board: ::device::Device,
    labels: Vec<String>,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Device {
    /// Finds out what is at `address`: see [`device::Device::open`](::device::Device::open).
    pub fn open(address: &str) -> Result<Self, InFile<DeviceError>> {
        let device = ::device::Device::open(address).map_err(InFile::named(address))?;
        check_digits(device.board()).map_err(InFile::named(address))?;
        let classes = device.board().spec.output.elements();
        let label = |class: u64| match device.labels().get(class as usize) {
            Some(label) => one_line(label),
            None => class.to_string(),
        };
        Ok(Self {
            name: one_line(address),
            labels: (0..classes).map(label).collect(),
            board: device,
        })
    }

    /// Has the board prepare a picture and run its model on it. Only the rows that it asks for are sent.
    pub fn scores_of_picture(&self, picture: &GrayImage) -> Result<Scores, InFile<RunError>> {
        self.run(picture.as_raw(), picture.height(), true)
    }

    fn run(&self, bytes: &[u8], rows: u32, prepare: bool) -> Result<Scores, InFile<RunError>> {
        let input = Input {
            bytes,
            // A board refuses a picture long before it is as high.
            rows: u16::try_from(rows).unwrap_or(u16::MAX),
            prepare,
        };
        let answer = self.board.run(&input);
        answer.map(scores).map_err(InFile::named(&self.name))
    }
}

impl Engine for Device {
    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn preparation(&self) -> Preparation {
        self.board.board().preparation
    }

    fn scores(&self, pixels: &Pixels) -> Result<Scores, InFile<RunError>> {
        self.run(pixels, SIDE as u32, false)
    }
}

fn scores(answer: Answer) -> Scores {
    let class = match answer.outcome {
        Outcome::Class { class, .. } => class.into(),
        Outcome::Values | Outcome::Difference { .. } => 0,
    };
    let share = |&probability: &u32| f64::from(probability) / f64::from(ONE);
    Scores {
        class,
        probabilities: answer.probabilities.iter().map(share).collect(),
        accepted: Some(answer.accepted),
        logits: Logits::Int8(answer.values),
        cost: Some(Cost {
            cycles: answer.cycles,
            stack_bytes: answer.stack,
        }),
    }
}

/// Refuses a board whose model is for other inputs than pictures of digits, or has no classes.
fn check_digits(board: &Board) -> Result<(), DeviceError> {
    let input = board.spec.input;
    let side = SIDE as u16;
    if (input.rows, input.columns, input.channels) != (side, side, 1) {
        return Err(DeviceError::Unknown("an input of 28 x 28 x 1"));
    }
    if board.output_kind != OutputKind::Classes {
        return Err(DeviceError::Unknown("an output of classes"));
    }
    Ok(())
}

/// Gives the board at `address` the model in `file`, and tells `progress` how many bytes are there; see
/// [`device::update`].
pub fn update(
    address: &str,
    file: &[u8],
    progress: impl FnMut(usize),
) -> Result<String, InFile<DeviceError>> {
    ::device::update(address, file, progress).map_err(InFile::named(address))
}
