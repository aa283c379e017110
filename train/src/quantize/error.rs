//! Why a model cannot be quantised.

use std::path::PathBuf;

use input::file::WriteError;
use input::labels::LabelsError;

use super::compare::Comparison;
use super::lower::LowerError;
use crate::data::DataError;
use crate::graph::GraphError;
use crate::runtime::RuntimeError;

/// Why a model cannot be quantised.
#[derive(Debug, thiserror::Error)]
pub enum QuantizeError {
    /// The graph has something that integers cannot compute here.
    #[error(transparent)]
    Lower(#[from] LowerError),
    /// Nothing would be left to choose ranges by.
    #[error("expected at least 2 training images to calibrate and choose by, found {0}")]
    TooFewImages(usize),
    /// The model is for other images or classes than the data.
    #[error("expected a model of {expected}, found one of {found}")]
    OtherData {
        /// Form of the data.
        expected: String,
        /// Form of the model.
        found: String,
    },
    /// The classes have no names.
    #[error(transparent)]
    Labels(#[from] LabelsError),
    /// The metadata says what cannot be.
    #[error("metadata entry `{key}`: expected {expected}, found `{found}`")]
    Metadata {
        /// The entry's name.
        key: &'static str,
        /// What it may say.
        expected: String,
        /// What it says, on one line.
        found: String,
    },
    /// A layer's float outputs are not numbers.
    #[error("node {node}: expected finite outputs, found {found} for an image")]
    NotFinite {
        /// The layer's node and operator.
        node: String,
        /// One of its outputs.
        found: f32,
    },
    /// A layer's output cannot be told apart by integers.
    #[error(
        "node {node}: expected outputs with a range that 255 steps can divide, found {low} to {high} \
         for the training images (the scale would be 0 or infinite)"
    )]
    Range {
        /// The layer's node and operator.
        node: String,
        /// Least output.
        low: f32,
        /// Greatest output.
        high: f32,
    },
    /// 32 bits do not hold the sums of a layer.
    #[error(
        "node {node}: expected sums below 2^31, filter {filter} could reach {bound:e}: \
         its accumulator could overflow; smaller biases or fewer inputs help"
    )]
    Overflow {
        /// The layer's node and operator.
        node: String,
        /// Index of the filter or unit.
        filter: usize,
        /// The greatest magnitude that its accumulator could reach.
        bound: f64,
    },
    /// The step from the sums of a layer to its outputs cannot be computed.
    #[error(
        "node {node}: expected a factor from sums to outputs that is a normal number below 2^24 \
         in whatever order it is computed, found {factor:e} for filter {filter}"
    )]
    Multiplier {
        /// The layer's node and operator.
        node: String,
        /// Index of the filter or unit.
        filter: usize,
        /// Scale of the input times scale of the weights, over scale of the output.
        factor: f32,
    },
    /// The integers are right less often than the floats by more than is allowed.
    #[error(
        "expected 8 bits to cost at most {limit} of the accuracy on {} training images held out, found {:.4} instead of \
         {:.4} ({} answers lost, {} gained); {fault}; --max-drop allows more, --force writes the files in any case",
        comparison.samples, comparison.accuracies()[1], comparison.accuracies()[0], comparison.lost, comparison.gained()
    )]
    Accuracy {
        /// What is allowed.
        limit: f64,
        /// The images held out, in all variants.
        comparison: Comparison,
        /// Which layer it is, and why.
        fault: String,
    },
    /// A size that the flash file cannot say.
    #[error(transparent)]
    Size(#[from] no_std_core::format::TooLarge),
    /// The core refuses the file written for it.
    #[error("the core refuses the flash file: {0}")]
    Core(no_std_core::FormatError),
    /// The core does not run it.
    #[error("the core does not run the flash file: {0}")]
    CoreRun(no_std_core::RunError),
    /// Two ways to run the same integers differ.
    #[error(
        "on {runtime} the int8 logits of sample {sample} differ from the core's: \
         expected {expected:?}, found {found:?}"
    )]
    Differs {
        /// What ran the ONNX model.
        runtime: String,
        /// Index of the sample: images in order, each plain and then inverted.
        sample: usize,
        /// The core's.
        expected: Vec<i8>,
        /// The runtime's.
        found: Vec<i8>,
    },
    /// The second runtime could not check the model.
    #[error("checking it on {runtime} failed: {reason}")]
    Check {
        /// The runtime.
        runtime: String,
        /// What went wrong.
        reason: String,
    },
    /// A graph could not be built.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The images are no data for it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The runtime failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file that was just written could not be read.
    #[error("{path}: expected the file just written, cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The user stopped it.
    #[error("interrupted; nothing was written")]
    Stopped,
}
