//! Everything that can go wrong with a runtime, one line each.

use std::path::PathBuf;

use super::{discover, one_line};
use crate::tensor::TensorType;

/// Why a runtime could not be had, or failed.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// No native library was found.
    #[error(
        "ONNX Runtime was not found in ORT_DYLIB_PATH, the active Python or the system's library path; \
         `pip install --upgrade {wheel}` provides it, `--runtime tract` does without"
    )]
    NotFound {
        /// The wheel that holds what was asked for.
        wheel: &'static str,
    },
    /// The native library cannot be used.
    #[error(
        "{path}: expected ONNX Runtime {needed} or newer, found {found}; `{upgrade}` provides it, ORT_DYLIB_PATH names \
         another, `--runtime tract` does without", needed = discover::needed_version()
    )]
    Library {
        path: PathBuf,
        /// What is there instead.
        found: String,
        /// The command that brings a better one.
        upgrade: &'static str,
    },
    /// CUDA was asked for and cannot be had.
    #[error("CUDA is not available: {0}")]
    Cuda(String),
    /// A precision that only CUDA has.
    #[error("precision: tf32 is for CUDA only, found runtime {runtime}; use `--precision float32`")]
    Precision {
        /// The runtime in use.
        runtime: &'static str,
    },
    /// The system has no threads to spare.
    #[error("cannot start {threads} threads: {reason}; use fewer (`--threads`)")]
    Threads {
        /// What was asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
    /// An input has other rows than the batch.
    #[error("{name}: expected {rows} rows, one for each image of a batch, found {found}")]
    Rows {
        /// The input.
        name: String,
        /// Images of a batch.
        rows: usize,
        /// Its type.
        found: TensorType,
    },
    /// A tensor cannot be copied to the device.
    #[error(
        "{name}: expected {bytes} bytes of free memory on the device: {reason}; use fewer images (`--limit`) or the \
         host's memory (`--runtime onnxruntime`)"
    )]
    Upload {
        /// The input.
        name: String,
        /// Its size.
        bytes: usize,
        /// What the runtime said.
        reason: String,
    },
    /// The first run of a model on a GPU failed.
    #[error(
        "cuda failed in the first steps, which become a CUDA graph: {0}; try smaller batches (`--batch`) if memory is \
         short, else a newer onnxruntime-gpu and driver, or `--runtime onnxruntime`"
    )]
    FirstSteps(String),
    /// Another runtime is already in use by this process.
    #[error("a process can use one runtime; expected {expected}, found another in use")]
    InUse {
        /// The runtime that was asked for.
        expected: &'static str,
    },
    /// The runtime refused a model.
    #[error("{runtime} refused the model: {reason}")]
    Model {
        /// The runtime.
        runtime: &'static str,
        /// What it said.
        reason: String,
    },
    /// The runtime failed to execute a model.
    #[error("{runtime} failed: {reason}")]
    Run {
        /// The runtime.
        runtime: &'static str,
        /// What it said.
        reason: String,
    },
}

/// What the runtime said when it was to do something.
pub(super) fn failed(runtime: &'static str, error: &ort::Error) -> RuntimeError {
    RuntimeError::Run {
        runtime,
        reason: one_line(&error.to_string()),
    }
}

/// A model lacks an input.
pub(super) fn no_input(runtime: &'static str, name: &str) -> RuntimeError {
    RuntimeError::Model {
        runtime,
        reason: format!("expected an input `{name}`, found none"),
    }
}
