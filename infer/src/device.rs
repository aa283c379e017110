//! Boards that run a model, as an [`Engine`] like the models in files.

use std::fmt;

use ::device::{Answer as BoardAnswer, Board, Input as BoardInput, Outcome, Tensor};
use no_std_core::format::OutputKind;

use crate::engine::{Answer, Cost, Engine, check_len};
use crate::error::{DeviceError, RunError};
use crate::file::{InFile, one_line};
use crate::input::Input;
use crate::output::{Classes, Distance, Numbers, Output, Values, share, squared_steps};
use crate::spec::{InputSpec, Layout, OutputSpec, Quantization, Spec};

/// A board that is ready to run its model.
pub struct Device {
    name: String,
    board: ::device::Device,
    spec: Spec,
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
        Ok(Self {
            name: one_line(address),
            spec: spec(device.board(), device.labels()),
            board: device,
        })
    }

    /// Has the board prepare a picture of so many rows and run its model on it. Only the rows that it asks for are sent.
    pub fn run_picture(&self, pixels: &[u8], rows: u32) -> Result<Answer, InFile<RunError>> {
        let answer = self.send(pixels, rows, true);
        answer.map_err(InFile::named(&self.name))
    }

    fn send(&self, bytes: &[u8], rows: u32, prepare: bool) -> Result<Answer, RunError> {
        let answer = self.board.run(&BoardInput {
            bytes,
            // A board refuses a picture long before it is as high.
            rows: u16::try_from(rows).unwrap_or(u16::MAX),
            prepare,
        })?;
        Ok(Answer {
            cost: Some(Cost {
                cycles: answer.cycles,
                stack_bytes: answer.stack,
            }),
            output: output(self.board.board(), answer),
        })
    }

    /// The bytes that a board takes for its input: pixels where the model takes pictures, else integers.
    fn bytes(&self, input: &Input) -> Result<Vec<u8>, RunError> {
        let board = self.board.board();
        let of = quantization(&board.spec.input);
        let takes_pictures = board.preparation.takes_pictures();
        let byte = |integer: i8| integer.cast_unsigned() ^ if takes_pictures { 0x80 } else { 0 };
        match input {
            Input::Pixels(pixels) => Ok(pixels.clone()),
            // It is not said which pixels the others stand for.
            _ if takes_pictures && !of.is_of_pixels() => Err(RunError::PicturesOnly),
            Input::Integers(integers) => Ok(integers.iter().copied().map(byte).collect()),
            Input::Floats(floats) => Ok(floats
                .iter()
                .map(|&float| byte(of.integer(float)))
                .collect()),
        }
    }
}

impl Engine for Device {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run(&self, input: &Input) -> Result<Answer, InFile<RunError>> {
        let rows = self.board.board().spec.input.rows.into();
        let answer = check_len(&self.spec, input)
            .and_then(|()| self.bytes(input))
            .and_then(|bytes| self.send(&bytes, rows, false));
        answer.map_err(InFile::named(&self.name))
    }
}

fn output(board: &Board, answer: BoardAnswer) -> Output {
    let tensor = board.spec.output;
    let numbers = Numbers::Int8(answer.values, quantization(&tensor));
    let values = |numbers| Values {
        shape: sizes(&tensor).to_vec(),
        numbers,
    };
    match answer.outcome {
        Outcome::Class { class, .. } => Output::Classes(Classes {
            class: class.into(),
            probabilities: answer.probabilities.into_iter().map(share).collect(),
            accepted: Some(answer.accepted),
            logits: numbers,
        }),
        Outcome::Values => Output::Values(values(numbers)),
        Outcome::Difference { mean } => Output::Reconstruction {
            values: values(numbers),
            difference: Distance {
                score: squared_steps(mean),
                accepted: answer.accepted,
            },
        },
    }
}

/// What the board says.
fn spec(board: &Board, labels: &[String]) -> Spec {
    let label = |class: u64| match labels.get(class as usize) {
        Some(label) => one_line(label),
        None => class.to_string(),
    };
    Spec {
        input: InputSpec {
            sizes: sizes(&board.spec.input).to_vec(),
            layout: Layout::ChannelsLast,
            quantization: Some(quantization(&board.spec.input)),
            preparation: board.preparation,
        },
        output: match board.output_kind {
            OutputKind::Classes => OutputSpec::Classes {
                labels: (0..board.spec.output.elements()).map(label).collect(),
            },
            OutputKind::Values => OutputSpec::Values {
                outputs: board.spec.output.elements() as usize,
            },
            OutputKind::Reconstruction => OutputSpec::Reconstruction { threshold: None },
        },
    }
}

fn quantization(tensor: &Tensor) -> Quantization {
    Quantization {
        scale: f32::from_bits(tensor.scale),
        zero_point: tensor.zero_point,
    }
}

fn sizes(tensor: &Tensor) -> [usize; 3] {
    [tensor.rows, tensor.columns, tensor.channels].map(usize::from)
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
