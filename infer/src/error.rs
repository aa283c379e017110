//! Why a model or a board was of no use.

use std::io;
use std::time::Duration;

use input::labels::LabelsError;
use input::onnx::{Excess, OnnxError};
use no_std_core::FormatError;
use protocol::{Error, Reply, SelfTest, VERSION};
use thiserror::Error;

use crate::file::{ReadError, one_line};
use crate::picture::SIDE;

#[derive(Debug, Error)]
pub enum ModelError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("expected an ONNX model or a flash file (.q8), found {0}")]
    NotOnnx(String),
    #[error(transparent)]
    Flash(#[from] FormatError),
    #[error(
        "expected {expected}, found {found}; leave out --engine to let the file decide, or give --engine {engine}"
    )]
    OtherEngine {
        expected: &'static str,
        found: &'static str,
        engine: &'static str,
    },
    #[error("expected {expected}, found {found}")]
    Form { expected: String, found: String },
    #[error(transparent)]
    Onnx(OnnxError),
    #[error(transparent)]
    Excess(#[from] Excess),
    #[error(transparent)]
    Labels(#[from] LabelsError),
}

impl From<OnnxError> for ModelError {
    fn from(error: OnnxError) -> Self {
        match error {
            OnnxError::NotOnnx(found) => Self::NotOnnx(found),
            error => Self::Onnx(error),
        }
    }
}

impl ModelError {
    pub(crate) fn form(expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Form {
            expected: expected.into(),
            found: one_line(found.as_ref()),
        }
    }
}

/// Why a model failed on a picture. One in a flash file never does.
#[derive(Debug, Error)]
pub enum RunError {
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    #[error("expected finite logits, found {logit} for class {label}; the weights may be damaged")]
    NotFinite { label: String, logit: f32 },
    #[error(transparent)]
    Device(#[from] DeviceError),
}

#[derive(Debug, Error)]
pub enum DeviceError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(
        "expected an answer from a board, found none in {} s; check that this is its port and that it runs the firmware",
        .0.as_secs_f32()
    )]
    Silent(Duration),
    #[error(
        "expected whole frames at 115200 baud, found damaged ones; check the cable, and that nothing else uses the port"
    )]
    Damaged,
    #[error("expected the board to stay connected, found: {0}; plug it in and start again")]
    Gone(#[source] io::Error),
    #[error("expected a board with protocol version {VERSION}, found {}; flash the firmware of this version", found.map_or("another".to_owned(), |version| version.to_string()))]
    Version { found: Option<u8> },
    #[error("expected a board that passes its self-test, found {}: {}; flash it again", board, show(*found))]
    SelfTest { board: String, found: SelfTest },
    #[error(
        "expected a model that takes at most the board's {found} bytes of memory, found one that takes {needed}"
    )]
    Arena { needed: usize, found: u32 },
    #[error("expected the board to do it, found that {}", refusal(*.0))]
    Refused(Error),
    #[error(
        "expected {expected} from the board, found another answer; flash the firmware of this version"
    )]
    Unexpected { expected: &'static str },
    #[error(
        "expected answers for the classes of one model, found another number than {0}; flash the firmware of this version"
    )]
    Classes(usize),
    #[error(
        "expected a board that puts drawings in a box of 1 to {SIDE} pixels, or takes pictures as they are, found a box of {0}; use the `infer` of the firmware's version"
    )]
    BoxSide(u8),
    #[error(
        "expected a board that asks for the {height} rows of the picture, found one that asks for row {y}"
    )]
    Row { y: u16, height: u32 },
    #[error(
        "expected a picture of at most {max_width} x {max_height} pixels, found {width} x {height}; leave out --prepare board"
    )]
    Picture {
        width: u32,
        height: u32,
        max_width: u32,
        max_height: u32,
    },
}

#[derive(Debug, Error)]
pub enum OpenError {
    #[error(
        "expected a serial port, found nothing of that name; is the board plugged in, or the emulator on?"
    )]
    Missing,
    #[error(
        "expected a serial port that you may use, found one that you may not; join its group (`sudo usermod -aG dialout $USER`) and log in again"
    )]
    Permission,
    #[error("expected a serial port, unix:PATH or tcp:HOST:PORT, found: {0}")]
    Other(#[source] io::Error),
}

impl DeviceError {
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
    let found = match outcome {
        SelfTest::Passed => "nothing is wrong",
        SelfTest::Model { at } => return format!("the model in its flash is damaged at byte {at}"),
        SelfTest::Input => "its model is not for images of 28 x 28 pixels",
        SelfTest::Scores => "its model gives wrong scores for the image of the self-test",
    };
    found.to_owned()
}

fn refusal(error: Error) -> &'static str {
    match error {
        Error::Damaged => "the request was damaged on the way",
        Error::Version => "the board speaks another version of the protocol",
        Error::Unknown => "the board does not know the request; flash the firmware of this version",
        Error::SelfTest => "the board has failed its self-test; flash it again",
        Error::Class => "the board has fewer classes than it said",
        Error::Image => "the board takes images of another size",
        Error::Picture => "the board does not take pictures of this size",
        Error::Row => "the board was waiting for another row of the picture",
        Error::Blank => "the picture is blank to the board",
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
    }
}
