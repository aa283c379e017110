//! Why a model was refused.

use input::labels::LabelsError;
use input::onnx::{Excess, OnnxError};
use no_std_core::FormatError;
use thiserror::Error;

use crate::file::{ReadError, one_line};

/// Why a model was refused.
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
    #[error("expected a graph that tract can run, found: {0}")]
    Graph(String),
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
