//! Where frames come from.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::recorder::Recorder;
use super::{CameraError, Format, recorded};
use crate::file::ReadError;

/// The name of a Raspberry Pi's own camera.
const RPICAM_NAME: &str = "rpicam";

/// A camera, or a stream of its frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What is piped into this program.
    StandardInput,
    /// A pipe, or a regular file.
    File(PathBuf),
    /// A camera of V4L2, a character device.
    Device(PathBuf),
    /// A Raspberry Pi's own camera.
    Rpicam,
}

/// Frames, whatever writes them.
pub struct Opened {
    pub frames: Box<dyn Read + Send>,
    /// What records the camera, if it does not come from elsewhere.
    pub recorder: Option<Recorder>,
    /// Whether frames wait until they are wanted.
    pub waits: bool,
}

impl Origin {
    /// What an argument names.
    pub fn of(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::StandardInput
        } else if path == Path::new(RPICAM_NAME) {
            Self::Rpicam
        } else if is_device(path) {
            Self::Device(path.to_owned())
        } else {
            Self::File(path.to_owned())
        }
    }

    /// Whether a program of its own records the camera, which can be asked for frames of a size.
    pub fn is_recorded(&self) -> bool {
        matches!(self, Self::Device(_) | Self::Rpicam)
    }

    /// Begins to read; a camera is asked for frames of this size, if any.
    pub fn open(&self, format: Format, size: Option<[u32; 2]>) -> Result<Opened, CameraError> {
        match self {
            Self::StandardInput => Ok(Opened::stream(io::stdin(), false)),
            Self::File(path) => {
                let file = File::open(path).map_err(ReadError::from)?;
                let found = file.metadata().map_err(ReadError::from)?;
                if found.is_dir() {
                    return Err(ReadError::Folder.into());
                }
                Ok(Opened::stream(file, found.is_file()))
            }
            Self::Device(path) => recorded::device(path, format, size).map(Opened::recorded),
            Self::Rpicam if format == Format::Mjpeg => recorded::rpicam(size).map(Opened::recorded),
            Self::Rpicam => Err(CameraError::Rpicam),
        }
    }
}

impl Opened {
    fn stream(frames: impl Read + Send + 'static, waits: bool) -> Self {
        Self {
            frames: Box::new(frames),
            recorder: None,
            waits,
        }
    }

    fn recorded((recorder, frames): (Recorder, impl Read + Send + 'static)) -> Self {
        Self {
            recorder: Some(recorder),
            ..Self::stream(frames, false)
        }
    }
}

#[cfg(unix)]
fn is_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata()
        .is_ok_and(|found| found.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_device(_: &Path) -> bool {
    false
}
