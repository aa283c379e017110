//! Frames of a camera, of which the newest one counts.
//!
//! A thread of its own reads the stream, so that no frame grows old in a pipe while another one is worked on: frames that
//! come meanwhile take the place of each other.

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use no_std_core::prepare::{CameraFrame, Encoding, PrepareError, Rows};
use thiserror::Error;

use crate::file::ReadError;
use crate::input::Decoded;
use crate::picture::{self, PictureError};

mod counts;
mod latest;
mod motion;
mod origin;
mod recorded;
mod recorder;
mod stream;

pub use counts::{Counts, Fate, say_counts};
pub use latest::{Frame, Latest};
pub use motion::Motion;
pub use origin::Origin;
pub use recorder::{Recorder, end_recorder};
pub use stream::{Mjpeg, Raw, Stream};

/// Why a stream gave no frames.
#[derive(Debug, Error)]
pub enum CameraError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("expected frames, found an empty stream")]
    Empty,
    #[error("expected frames as --format says, found none that is whole ({0} broken)")]
    Broken(u64),
    #[error("--frame: expected WIDTHxHEIGHT with {0}, as 640x480, found none")]
    NoSize(&'static str),
    #[error(
        "--frame: expected none with --format mjpeg, whose frames say their size; leave it out"
    )]
    Size,
    #[error("--frame: expected an even width with --format yuyv, found {0}")]
    OddWidth(u32),
    #[error(
        "--format: expected mjpeg with rpicam, found another one; leave it out, or pipe what `rpicam-vid --codec yuv420` writes into this program"
    )]
    Rpicam,
    #[error(
        "expected the program {name}, which records cameras, found none; `sudo apt install {package}`"
    )]
    NoProgram {
        name: &'static str,
        package: &'static str,
    },
    #[error("expected an answer of {0} within {1} s, found none; is the camera in use?")]
    Silent(&'static str, u64),
    #[error("expected {name} to start, found: {error}")]
    Program {
        name: &'static str,
        error: io::Error,
    },
    #[error(
        "--format, --frame: expected a camera that gives {expected}, found {found}; `v4l2-ctl --list-formats-ext` tells what it has"
    )]
    Other { expected: String, found: String },
    #[error("expected {program} to go on until Ctrl-C, found its end{status}{said}")]
    Ended {
        program: &'static str,
        /// In brackets, if it is known.
        status: String,
        /// After a colon, if it has said anything.
        said: String,
    },
}

/// How frames come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG files one after the other, whatever lies between them.
    Mjpeg,
    /// Frames of one size without anything between them.
    Raw {
        encoding: Encoding,
        width: u32,
        height: u32,
        /// Bytes of a frame.
        len: usize,
    },
}

impl Format {
    /// Makes a frame pixels of so many channels.
    pub fn decode(self, frame: &[u8], channels: usize) -> Result<Decoded, PictureError> {
        let (encoding, width, height) = match self {
            Self::Mjpeg => {
                let (pixels, rows) = picture::raw(frame, channels)?;
                return Ok(Decoded { pixels, rows });
            }
            Self::Raw {
                encoding,
                width,
                height,
                ..
            } => (encoding, width, height),
        };
        let mut row = vec![0; width as usize * channels];
        let mut frame = CameraFrame::new(encoding, [width, height], frame, &mut row)?;
        let mut pixels = Vec::with_capacity(width as usize * height as usize * channels);
        for y in 0..height {
            pixels.extend(frame.row(y).ok_or(PrepareError::Row(y))?);
        }
        Ok(Decoded {
            pixels,
            rows: height,
        })
    }

    fn stream(self, reader: impl Read + Send + 'static) -> Box<dyn Stream + Send> {
        match self {
            Self::Mjpeg => Box::new(Mjpeg::new(reader)),
            Self::Raw { len, .. } => Box::new(Raw::new(reader, len)),
        }
    }
}

/// Begins to read frames, of this size if a camera is to be asked for them, and to record them if need be. Of a regular file,
/// which does not go on meanwhile, no frame is dropped.
pub fn open(
    origin: &Origin,
    format: Format,
    size: Option<[u32; 2]>,
    counts: &Arc<Counts>,
) -> Result<(Arc<Latest>, Option<Recorder>), CameraError> {
    let opened = origin.open(format, size)?;
    let mut stream = format.stream(opened.frames);
    let latest = Arc::new(Latest::new(opened.waits));
    let (slot, counts) = (Arc::clone(&latest), Arc::clone(counts));
    thread::spawn(move || {
        let start = Instant::now();
        slot.end(loop {
            match stream.next_frame(&counts) {
                Ok(Some(bytes)) => slot.put(
                    Frame {
                        number: counts.number(),
                        at: start.elapsed(),
                        bytes,
                    },
                    &counts,
                ),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        });
    });
    Ok((latest, opened.recorder))
}
