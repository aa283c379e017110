//! Why a board was of no use.

use std::io;
use std::time::Duration;

use no_std_core::FormatError;
use no_std_core::prepare::PrepareError;
use protocol::{Error, Reply, SelfTest, Tensor, VERSION};
use thiserror::Error;

use crate::room::Fit;

/// Why a board was of no use.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// There is no line.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Nobody answers.
    #[error(
        "expected an answer from a board, found none in {} s; check that this is its port and that it runs the firmware",
        .0.as_secs_f32()
    )]
    Silent(Duration),
    /// Frames do not arrive whole.
    #[error(
        "expected whole frames at 115200 baud, found damaged ones; check the cable, and that nothing else uses the port"
    )]
    Damaged,
    /// The line is gone.
    #[error("expected the board to stay connected, found: {0}; plug it in and start again")]
    Gone(#[source] io::Error),
    /// The board speaks another version of the protocol, which it may have said.
    #[error("expected a board with protocol version {VERSION}, found {}; flash the firmware of this version", found.map_or("another".to_owned(), |version| version.to_string()))]
    Version {
        /// Its version.
        found: Option<u8>,
    },
    /// The board is out of order.
    #[error("expected a board that passes its self-test, found {}: {}", board, show(*found))]
    SelfTest {
        /// Its name.
        board: String,
        /// What it found.
        found: SelfTest,
    },
    /// The model cannot serve on any board.
    #[error(transparent)]
    Model(#[from] FormatError),
    /// The model does not fit this board.
    #[error("expected a model that fits the board, found one that does not:\n{0}")]
    Room(Fit),
    /// The board refuses a request.
    #[error("expected the board to do it, found that {}", refusal(*.0))]
    Refused(Error),
    /// The board gives another answer.
    #[error(
        "expected {expected} from the board, found another answer; flash the firmware of this version"
    )]
    Unexpected {
        /// What it should be.
        expected: &'static str,
    },
    /// The board's model has something that this program does not know.
    #[error(
        "expected {0} that this program knows, found another; use the program of the firmware's version"
    )]
    Unknown(&'static str),
    /// The output is not as long as the board has said.
    #[error(
        "expected an output of {expected} values, found {found}; flash the firmware of this version"
    )]
    Output {
        /// Values that it should have.
        expected: usize,
        /// Values that it has.
        found: usize,
    },
    /// There is no such class.
    #[error("expected one of {0} classes, found another; flash the firmware of this version")]
    Class(usize),
    /// The board asks for what the input has not.
    #[error(
        "expected a board that asks for pieces of the input, found one that asks for {len} bytes at {offset}; flash the firmware of this version"
    )]
    Piece {
        /// Where it begins.
        offset: u32,
        /// How long it is.
        len: u16,
    },
    /// The input is not of the model's size.
    #[error("expected {} rows of {} bytes, found {rows} of {row_len}", expected.rows, u32::from(expected.columns) * u32::from(expected.channels))]
    Size {
        /// The model's input.
        expected: Tensor,
        /// Rows of this one.
        rows: u32,
        /// Bytes in each.
        row_len: u32,
    },
    /// The picture is larger than the board can prepare.
    #[error(
        "expected a picture of at most {max_width} x {max_height} pixels, found {width} x {height}; leave out --prepare board"
    )]
    Picture {
        /// Its width in pixels.
        width: u32,
        /// Its height.
        height: u32,
        /// The greatest width.
        max_width: u32,
        /// The greatest height.
        max_height: u32,
    },
}

/// Why there is no line.
#[derive(Debug, Error)]
pub enum OpenError {
    /// There is no such port.
    #[error(
        "expected a serial port, found nothing of that name; is the board plugged in, or the emulator on?"
    )]
    Missing,
    /// It is not for this user.
    #[error(
        "expected a serial port that you may use, found one that you may not; join its group (`sudo usermod -aG dialout $USER`) and log in again"
    )]
    Permission,
    /// Anything else.
    #[error("expected a serial port, unix:PATH or tcp:HOST:PORT, found: {0}")]
    Other(#[source] io::Error),
}

impl DeviceError {
    /// Whether the board's firmware is too old for what it was asked, or its memory too small, and all else works.
    pub fn is_inability(&self) -> bool {
        matches!(self, Self::Refused(Error::Unknown | Error::Memory))
    }

    /// What a picture lacks to the board that prepares it.
    pub fn of_picture(&self) -> Option<PrepareError> {
        match self {
            Self::Refused(Error::Blank) => Some(PrepareError::NoInk),
            Self::Refused(Error::Several) => Some(PrepareError::Several),
            _ => None,
        }
    }

    /// An answer that does not fit the question.
    pub(crate) fn unexpected(expected: &'static str, reply: &Reply<'_>) -> Self {
        match reply {
            Reply::Error(Error::Version) => Self::Version { found: None },
            Reply::Error(error) => Self::Refused(*error),
            _ => Self::Unexpected { expected },
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Permission,
            _ => Self::Other(error),
        }
    }
}

fn show(outcome: SelfTest) -> String {
    match outcome {
        SelfTest::Model { at } => format!(
            "the model in its flash is damaged at byte {at}, or has operators that the firmware has not; flash it again"
        ),
        SelfTest::Arena { needed } => format!(
            "its model takes {needed} bytes of memory, more than it has; flash it with a smaller one"
        ),
        SelfTest::Answer => {
            "its model gives a wrong output for the input of the self-test; flash it again".into()
        }
    }
}

fn refusal(error: Error) -> &'static str {
    match error {
        Error::Damaged => "the request was damaged on the way",
        Error::Version => "the board speaks another version of the protocol",
        Error::Unknown => "the board does not know the request; flash the firmware of this version",
        Error::SelfTest => "the board has failed its self-test; flash it again",
        Error::Class => "the board has fewer classes or names than it said",
        Error::Size => "the board does not take inputs of this size",
        Error::Piece => "the board was waiting for another piece of the input",
        Error::Blank => "the picture is blank to the board, or its ink too faint; take another one",
        Error::Several => "the picture has several drawings; cut it to one of them",
        Error::NoOutput => "the board has no such output",
        Error::NoUpdate => "the board has no room for two models; flash it to change its model",
        Error::TooLarge => "the model is too large for the board",
        Error::NotBegun => "the board has given the update up; start again",
        Error::Chunk => "the board was waiting for other bytes of the model; start again",
        Error::Model { .. } => {
            "the model did not arrive whole, or the board reads another version; flash the firmware of this version"
        }
        Error::Checksum => "another model arrived at the board; start again",
        Error::KnownAnswer => "the board does not compute what this computer does with the model",
        Error::Flash => "the board's flash does not hold what is written to it",
        Error::Memory => "the board has no memory left beside the model",
    }
}
