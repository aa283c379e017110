//! Why a model or a board was of no use.

use input::labels::LabelsError;
use input::limits::Excess;
use input::normalization::NormalizationError;
#[cfg(feature = "onnx")]
use input::onnx::OnnxError;
use no_std_core::FormatError;
use thiserror::Error;

use crate::file::ReadError;
#[cfg(feature = "onnx")]
use crate::file::one_line;
#[cfg(feature = "onnx")]
use crate::model::OnnxRuntimeError;

pub use ::device::DeviceError;

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
    #[cfg(not(feature = "onnx"))]
    #[error(
        "expected a flash file (.q8), found another file; ONNX models run in a build of infer with the feature `onnx`, which cargo makes by default"
    )]
    NoFlash,
    #[error("expected {expected}, found {found}")]
    Form { expected: String, found: String },
    #[cfg(feature = "onnx")]
    #[error(transparent)]
    Onnx(OnnxError),
    #[cfg(feature = "onnx")]
    #[error(transparent)]
    OnnxRuntime(#[from] OnnxRuntimeError),
    #[error(transparent)]
    Excess(#[from] Excess),
    #[error(transparent)]
    Labels(#[from] LabelsError),
    #[error("metadata of the input: {0}")]
    Normalization(#[from] NormalizationError),
}

#[cfg(feature = "onnx")]
impl From<OnnxError> for ModelError {
    fn from(error: OnnxError) -> Self {
        match error {
            OnnxError::NotOnnx(found) => Self::NotOnnx(found),
            error => Self::Onnx(error),
        }
    }
}

#[cfg(feature = "onnx")]
impl ModelError {
    pub(crate) fn form(expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Form {
            expected: expected.into(),
            found: one_line(found.as_ref()),
        }
    }
}

/// Why a model failed on an input.
#[derive(Debug, Error)]
pub enum RunError {
    #[cfg(feature = "onnx")]
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    #[cfg(feature = "onnxruntime")]
    #[error(transparent)]
    OnnxRuntime(#[from] OnnxRuntimeError),
    #[error("expected an input of {expected} values, found {found}")]
    Length { expected: usize, found: usize },
    #[error("expected finite logits, found {logit} for class {label}; the weights may be damaged")]
    NoLogit { label: String, logit: f32 },
    #[error("expected finite values, found {found} at index {at}; the weights may be damaged")]
    NotFinite { at: usize, found: f32 },
    #[error(
        "expected a picture, found an array: this board does not say what the pixels of its model stand for"
    )]
    PicturesOnly,
    #[error(transparent)]
    Device(#[from] DeviceError),
}
