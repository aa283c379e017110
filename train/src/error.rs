//! Everything that can go wrong in this crate, one line each.

use std::path::PathBuf;

use input::file::SameFile;

use crate::atomic::WriteError;
use crate::checkpoint::CheckpointError;
use crate::data::DataError;
use crate::graph::GraphError;
use crate::quantize::QuantizeError;
use crate::runtime::RuntimeError;

/// An error of the trainer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Data could not be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A graph could not be built.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The runtime failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A checkpoint could not be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An output would take the place of an input.
    #[error(transparent)]
    SameFile(#[from] SameFile),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A model could not be read.
    #[error("{path}: expected an ONNX model, cannot be read: {source}")]
    ReadModel {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A model is not one that can be measured.
    #[error(
        "{path}: expected an ONNX model from `images` [1, 1, 28, 28] to `logits` [1, 10]: {reason}"
    )]
    Model {
        /// The file.
        path: PathBuf,
        /// What went wrong with it.
        reason: Box<Error>,
    },
    /// A model's output has another form.
    #[error("expected {expected} logits of an image, found {found}")]
    Logits {
        /// Number of classes.
        expected: usize,
        /// Numbers that the model made of one image.
        found: usize,
    },
    /// A model computes no numbers.
    #[error("expected finite logits, found {0}")]
    NotFinite(f32),
    /// Training left the range of numbers.
    #[error(
        "epoch {epoch}: expected a finite loss, found {loss}; a lower --learning-rate than \
         {learning_rate} may help; the checkpoint of the last finished epoch is untouched"
    )]
    Diverged {
        /// Epoch, from 1.
        epoch: usize,
        /// The mean loss of the epoch.
        loss: f64,
        /// Step size.
        learning_rate: f32,
    },
    /// A report could not be written as JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(String),
    /// The model of a file cannot be quantised.
    #[error("{path}: cannot be quantised: {reason}")]
    QuantizeModel {
        /// The file.
        path: PathBuf,
        /// What went wrong with it.
        reason: QuantizeError,
    },
    /// The user stopped a command that writes its results at its end.
    #[error("interrupted; nothing was written")]
    Stopped,
    /// The user stopped before there was anything to keep.
    #[error("interrupted before the first epoch was finished; nothing was written")]
    Interrupted,
    /// An exported model does not compute what the trainer computes.
    #[error(
        "{path}: not written: on {runtime} its logits differ from the trainer's by {difference:e}, expected at most \
         {tolerance:e}"
    )]
    Export {
        /// The file that would have been written.
        path: PathBuf,
        /// Where it was run.
        runtime: String,
        /// Largest difference, relative to the image's largest logit.
        difference: f64,
        /// What is allowed.
        tolerance: f64,
    },
    /// The second runtime could not check an exported model.
    #[error("{path}: not written: checking it on {runtime} failed: {reason}")]
    ExportCheck {
        /// The file that would have been written.
        path: PathBuf,
        /// Where it was to be run.
        runtime: String,
        /// What went wrong.
        reason: String,
    },
}
