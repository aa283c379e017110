//! Boards that run a model, at the other end of a serial line. What is said on the line is described in the crate
//! `protocol`.
//!
//! At 115200 baud an input of 784 bytes and its output take 80 ms on the line, a picture of 96 x 96 pixels in three colours
//! 2.5 s, to which the board adds its own time.

mod error;
mod line;
mod link;
mod observe;
mod room;
#[cfg(all(test, unix))]
mod tests;
mod update;

use std::cell::RefCell;
use std::time::Duration;

use no_std_core::format::OutputKind;
use no_std_core::prepare::Preparation;
use protocol::{Description, Error, MAX_WIDTH, Output, Reply, Request};

pub use error::{DeviceError, OpenError};
use line::Line;
use link::Link;
pub use protocol::{Outcome, Room, Spec, Tensor, answer_continued as checksum_continued};
pub use room::Fit;
pub use update::update;

/// How long a board may take to say what it is: it may have to start and test itself first.
const GREETING: Duration = Duration::from_secs(3);

/// How long a board may take for anything else before it is asked again, running a large network among it.
const WORK: Duration = Duration::from_secs(10);

/// A board that is ready to run its model.
#[derive(Debug)]
pub struct Device {
    link: RefCell<Link>,
    board: Board,
    labels: Vec<String>,
}

/// A board and its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// What it is called, on one line.
    pub name: String,
    /// The checksum of the model's file.
    pub checksum: u32,
    /// What the model takes and gives.
    pub spec: Spec,
    /// How a picture becomes the input.
    pub preparation: Preparation,
    /// What the output is.
    pub output_kind: OutputKind,
    /// What there is room for.
    pub room: Room,
}

/// An input for a board's model.
#[derive(Clone, Copy, Debug)]
pub struct Input<'i> {
    /// Rows from the top, all of one length.
    pub bytes: &'i [u8],
    /// How many.
    pub rows: u16,
    /// Whether the board is to prepare a picture, rather than to take each byte for a value of the model's input: a pixel
    /// of a picture, else an int8 value.
    pub prepare: bool,
}

/// What a board's model makes of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// All values of the output.
    pub values: Vec<i8>,
    /// What follows from them.
    pub outcome: Outcome,
    /// The probability of each class in 1/65536; none where there are no classes.
    pub probabilities: Vec<u32>,
    /// Whether the model takes the input for one of those that it was made for.
    pub accepted: bool,
    /// Processor cycles.
    pub cycles: u32,
    /// The most bytes of stack that were in use at once since the board's start.
    pub stack: u32,
}

impl Device {
    /// Finds out what is at `address`: a serial port like `/dev/ttyACM0`, or, for boards that are emulated,
    /// `unix:PATH` or `tcp:HOST:PORT`.
    ///
    /// # Errors
    ///
    /// Why there is no board that is in order.
    pub fn open(address: &str) -> Result<Self, DeviceError> {
        Self::greet(line::open(address)?, GREETING, WORK)
    }

    /// Like [`Self::open`], for a board that may take so long to start.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_within(address: &str, greeting: Duration) -> Result<Self, DeviceError> {
        Self::greet(line::open(address)?, greeting, WORK)
    }

    fn greet(end: Box<dyn Line>, greeting: Duration, work: Duration) -> Result<Self, DeviceError> {
        let mut link = Link::new(end, greeting);
        let board = Board::new(&describe(&mut link)?)?;
        link.set_patience(work);
        let has_names = board.spec.labels && board.output_kind == OutputKind::Classes;
        let classes = if has_names { board.outputs() } else { 0 };
        let labels = (0..classes).map(|class| label(&mut link, class as u16));
        Ok(Self {
            labels: labels.collect::<Result<_, _>>()?,
            board,
            link: RefCell::new(link),
        })
    }

    /// What the board and its model are.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The names of the classes; none where they have none.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Runs the model. Only the pieces of the input that the board asks for are sent.
    ///
    /// # Errors
    ///
    /// If the input does not suit the model, or the board is gone.
    pub fn run(&self, input: &Input<'_>) -> Result<Answer, DeviceError> {
        self.board.check(input)?;
        let mut link = self.link.borrow_mut();
        let begin = Request::Begin {
            rows: input.rows,
            row_len: input.row_len(),
            prepare: input.prepare,
        };
        let output = show(&mut link, &begin, input.bytes)?;
        let len = self.board.outputs();
        if output.len as usize != len {
            return Err(DeviceError::Output {
                expected: len,
                found: output.len as usize,
            });
        }
        let probabilities = match output.outcome {
            Outcome::Class { class, .. } if usize::from(class) < len => {
                probabilities(&mut link, len)?
            }
            Outcome::Class { .. } => return Err(DeviceError::Class(len)),
            _ => Vec::new(),
        };
        Ok(Answer {
            values: values(&mut link, len)?,
            outcome: output.outcome,
            probabilities,
            accepted: output.accepted,
            cycles: output.cycles,
            stack: output.stack,
        })
    }
}

impl Board {
    /// A board that is in order and of whose model everything is known.
    fn new(description: &Description<'_>) -> Result<Self, DeviceError> {
        let name = description.board.escape_debug().to_string();
        let spec = description.model.map_err(|found| DeviceError::SelfTest {
            board: name.clone(),
            found,
        })?;
        let unknown = |what| DeviceError::Unknown(what);
        let preparation = Preparation::from_bytes(&spec.preparation);
        let output_kind = OutputKind::from_byte(spec.output_kind);
        Ok(Self {
            name,
            checksum: description.checksum,
            spec,
            preparation: preparation.ok_or(unknown("a way to prepare pictures"))?,
            output_kind: output_kind.ok_or(unknown("a kind of output"))?,
            room: description.room,
        })
    }

    fn outputs(&self) -> usize {
        self.spec.output.elements() as usize
    }

    /// Whether the board prepares an input, which otherwise must have the size that the model takes.
    pub fn prepares(&self) -> bool {
        self.preparation.box_side().is_some() || self.preparation.fit().is_some()
    }

    fn check(&self, input: &Input<'_>) -> Result<(), DeviceError> {
        let (rows, row_len) = (u32::from(input.rows), input.row_len());
        if input.prepare && self.prepares() {
            let most = u32::from(self.room.width).min(MAX_WIDTH as u32);
            let channels = u32::from(self.spec.input.channels).max(1);
            if row_len > most || rows > u32::from(self.room.height) {
                return Err(DeviceError::Picture {
                    width: row_len / channels,
                    height: rows,
                    max_width: most / channels,
                    max_height: self.room.height.into(),
                });
            }
            return Ok(());
        }
        let expected = self.spec.input;
        let expected_len = u32::from(expected.columns) * u32::from(expected.channels);
        if (rows, row_len) == (expected.rows.into(), expected_len) {
            Ok(())
        } else {
            Err(DeviceError::Size {
                expected,
                rows,
                row_len,
            })
        }
    }
}

impl Input<'_> {
    fn row_len(&self) -> u32 {
        (self.bytes.len() / usize::from(self.rows).max(1)) as u32
    }
}

/// Shows the board an input, piece by piece, after a request that begins a run on it.
fn show(link: &mut Link, begin: &Request<'_>, bytes: &[u8]) -> Result<Output, DeviceError> {
    let mut reply = link.ask(begin)?;
    loop {
        match reply {
            Reply::NeedInput { offset, len } => {
                let start = offset as usize;
                let piece = bytes.get(start..start + usize::from(len));
                // A longer one fits no frame.
                let piece = piece.filter(|piece| piece.len() <= MAX_WIDTH);
                let bytes = piece.ok_or(DeviceError::Piece { offset, len })?;
                reply = link.ask(&Request::Input { offset, bytes })?;
            }
            Reply::Output(output) => return Ok(output),
            other => return Err(DeviceError::unexpected("an output", &other)),
        }
    }
}

/// All values of the last output.
fn values(link: &mut Link, len: usize) -> Result<Vec<i8>, DeviceError> {
    let mut values = Vec::with_capacity(len);
    while values.len() < len {
        let offset = values.len() as u32;
        match link.ask(&Request::Values { offset })? {
            Reply::Values(more) if !more.is_empty() => {
                values.extend(more.iter().map(|value| value.cast_signed()));
            }
            other => return Err(DeviceError::unexpected("values", &other)),
        }
    }
    values.truncate(len);
    Ok(values)
}

/// The probabilities of all classes.
fn probabilities(link: &mut Link, len: usize) -> Result<Vec<u32>, DeviceError> {
    let mut probabilities = Vec::with_capacity(len);
    while probabilities.len() < len {
        let class = probabilities.len() as u16;
        match link.ask(&Request::Probabilities { class })? {
            Reply::Probabilities(more) if !more.is_empty() => probabilities.extend(more),
            other => return Err(DeviceError::unexpected("probabilities", &other)),
        }
    }
    probabilities.truncate(len);
    Ok(probabilities)
}

fn describe(link: &mut Link) -> Result<Description<'_>, DeviceError> {
    match link.ask(&Request::Describe)? {
        Reply::Description(description) => Ok(description),
        Reply::Error(Error::Version) => Err(DeviceError::Version { found: None }),
        other => Err(DeviceError::unexpected("a description", &other)),
    }
}

fn label(link: &mut Link, class: u16) -> Result<String, DeviceError> {
    match link.ask(&Request::Label { class })? {
        Reply::Label(label) => {
            let expected = "a label in UTF-8";
            let label = str::from_utf8(label).map_err(|_| DeviceError::Unexpected { expected })?;
            Ok(label.to_owned())
        }
        other => Err(DeviceError::unexpected("a label", &other)),
    }
}
