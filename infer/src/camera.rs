//! Frames of a camera, of which the newest one counts.
//!
//! A thread of its own reads the stream, so that no frame grows old in a pipe while another one is worked on: frames that
//! come meanwhile take the place of each other.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use no_std_core::prepare::{CameraFrame, Encoding, PrepareError, Rows};
use thiserror::Error;

use crate::file::ReadError;
use crate::picture::{self, PictureError};

mod counts;
mod latest;
mod motion;
mod stream;

pub use counts::{Counts, Fate, say_counts};
pub use latest::{Frame, Latest};
pub use motion::Motion;
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

/// A decoded frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// `[row][column][channel]`.
    pub pixels: Vec<u8>,
    pub rows: u32,
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

/// Begins to read a stream, from a file or a pipe, or from standard input (`-`). Of a regular file, which does not go on
/// meanwhile, no frame is dropped.
pub fn open(path: &Path, format: Format, counts: &Arc<Counts>) -> Result<Arc<Latest>, ReadError> {
    let (mut stream, waits) = if path == Path::new("-") {
        (format.stream(io::stdin()), false)
    } else {
        let file = File::open(path)?;
        let found = file.metadata()?;
        if found.is_dir() {
            return Err(ReadError::Folder);
        }
        (format.stream(file), found.is_file())
    };
    let latest = Arc::new(Latest::new(waits));
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
    Ok(latest)
}
