//! Why a model was refused or failed.

use no_std_core::FormatError;
use thiserror::Error;
use tract_onnx::prelude::TractError;

use crate::device::DeviceError;
use crate::file::{ReadError, one_line};

/// Why a model was refused or failed.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The file could not be read at all.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file holds no ONNX model.
    #[error("expected an ONNX model or a flash file (.q8), found {0}")]
    NotOnnx(String),
    /// The file is no sound flash file.
    #[error(transparent)]
    Flash(#[from] FormatError),
    /// The file is sound, but of the kind that the other engine runs.
    #[error(
        "expected {expected}, found {found}; leave out --engine to let the file decide, or give --engine {engine}"
    )]
    OtherEngine {
        /// The kind of file that was asked for.
        expected: &'static str,
        /// The kind that it is.
        found: &'static str,
        /// The engine that runs that kind.
        engine: &'static str,
    },
    /// The model is not one of those that pictures are prepared for.
    #[error("expected {expected}, found {found}")]
    Form {
        /// What a digit model has.
        expected: String,
        /// What this one has.
        found: String,
    },
    /// The graph contradicts itself, or has an operator that tract does not know.
    #[error("expected a graph that tract can run, found: {0}")]
    Graph(String),
    /// The model is on a board that was of no use.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A logit is infinite or not a number.
    #[error("expected finite logits, found {logit} for class {label}; the weights may be damaged")]
    NotFinite {
        /// Name of the class.
        label: String,
        /// Its logit.
        logit: f32,
    },
}

impl ModelError {
    pub(crate) fn form(expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Form {
            expected: expected.into(),
            found: one_line(found.as_ref()),
        }
    }

    pub(super) fn graph(error: &TractError) -> Self {
        Self::Graph(one_line(&format!("{error:#}")))
    }
}
