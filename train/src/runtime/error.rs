//! Why a runtime could not be had or did not run something, one line each.

use std::fmt::Display;
use std::path::PathBuf;

use super::{discover, one_line};
use crate::tensor::TensorType;

#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    #[error(
        "ONNX Runtime was not found in ORT_DYLIB_PATH, the active Python or the system's library path; \
         `pip install --upgrade {wheel}` provides it, `--runtime tract` does without"
    )]
    NotFound { wheel: &'static str },
    #[error(
        "{path}: expected ONNX Runtime {needed} or newer, found {found}; `{upgrade}` provides it, ORT_DYLIB_PATH names \
         another, `--runtime tract` does without", needed = discover::needed_version()
    )]
    Library {
        path: PathBuf,
        found: String,
        /// The command that brings a better one.
        upgrade: &'static str,
    },
    #[error("CUDA is not available: {0}")]
    Cuda(String),
    #[error("precision: tf32 is for CUDA only, found runtime {runtime}; use `--precision float32`")]
    Precision { runtime: &'static str },
    #[error("cannot start {threads} threads: {reason}; use fewer (`--threads`)")]
    Threads { threads: usize, reason: String },
    #[error("{name}: expected {rows} rows, one for each image of a batch, found {found}")]
    Rows {
        name: String,
        rows: usize,
        found: TensorType,
    },
    #[error(
        "{name}: expected {bytes} bytes of free memory on the device: {reason}; use fewer images (`--limit`) or the \
         host's memory (`--runtime onnxruntime`)"
    )]
    Upload {
        name: String,
        bytes: usize,
        reason: String,
    },
    #[error(
        "cuda failed in the first steps, which become a CUDA graph: {0}; try smaller batches (`--batch`) if memory is \
         short, else a newer onnxruntime-gpu and driver, or `--runtime onnxruntime`"
    )]
    FirstSteps(String),
    #[error("a process can use one runtime; expected {expected}, found another in use")]
    InUse { expected: &'static str },
    #[error("{runtime} refused the model: {reason}")]
    Model {
        runtime: &'static str,
        reason: String,
    },
    #[error("{runtime} failed: {reason}")]
    Run {
        runtime: &'static str,
        reason: String,
    },
}

pub(super) fn failed(runtime: &'static str, error: &ort::Error) -> RuntimeError {
    RuntimeError::Run {
        runtime,
        reason: one_line(&error.to_string()),
    }
}

pub(super) fn refused(runtime: &'static str, reason: &dyn Display) -> RuntimeError {
    RuntimeError::Model {
        runtime,
        reason: one_line(&reason.to_string()),
    }
}

/// What a model should have is not there.
pub(super) fn lacks(runtime: &'static str, expected: &str, name: &str) -> RuntimeError {
    refused(
        runtime,
        &format_args!("expected {expected} `{name}`, found none"),
    )
}
