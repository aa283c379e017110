//! Why a model cannot be quantised.

use std::path::PathBuf;

use input::arrays::ClassesError;
use input::file::WriteError;
use input::labels::LabelsError;
use input::normalization::NormalizationError;

use super::arrays;
use super::compare::Comparison;
use crate::data::DataError;
use crate::graph::GraphError;
use crate::import::ImportError;
use crate::network::Shape;
use crate::runtime::RuntimeError;

/// Why a model cannot be quantised.
#[derive(Debug, thiserror::Error)]
pub enum QuantizeError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("expected at least 2 training images to calibrate and choose by, found {0}")]
    TooFewImages(usize),
    #[error("expected at least 2 samples to calibrate and choose by, found {0}")]
    TooFewSamples(usize),
    #[error(transparent)]
    NoClassesNamed(#[from] ClassesError),
    #[error(
        "{}: expected finite numbers, found {found} in sample {sample}",
        arrays::array(array)
    )]
    NoNumber {
        /// What the array is called.
        array: String,
        /// Index of the sample.
        sample: usize,
        found: f32,
    },
    #[error("expected samples of {expected}, as the model takes them, found {found}")]
    OtherSamples { expected: String, found: String },
    #[error("expected a label of 0 to {} for each of {samples} samples, found {found}", classes - 1)]
    SampleLabels {
        samples: usize,
        classes: usize,
        found: String,
    },
    #[error(
        "expected an output of the input's shape, {expected:?}, or of as many numbers where both have one channel or one place, to \
         compare both, found {found:?}"
    )]
    NoReconstruction { expected: Shape, found: Shape },
    #[error(
        "expected an output of one row and one column, a logit a class, found {rows} x {columns}"
    )]
    NoClasses { rows: usize, columns: usize },
    #[error(
        "expected a model of {expected}, found one of {found}; samples of its own inputs are given by --calibrate FILE"
    )]
    OtherData { expected: String, found: String },
    #[error("metadata of the model: {0}")]
    Normalization(#[from] NormalizationError),
    #[error(
        "expected a scale of the input by which every pixel has one integer, whether it is divided by or its reciprocal \
         multiplied, found none near; another --mean or --std, changed in its last digit, helps"
    )]
    Pixels,
    #[error(transparent)]
    Labels(#[from] LabelsError),
    #[error("metadata entry `{key}`: expected {expected}, found `{found}`")]
    Metadata {
        key: &'static str,
        expected: String,
        found: String,
    },
    #[error("node {node}: expected finite outputs, found {found} for a sample")]
    NotFinite { node: String, found: f32 },
    #[error(
        "node {node}: expected outputs with a range that 255 steps can divide, found {low} to {high} \
         for the samples (the scale would be 0 or infinite)"
    )]
    Range { node: String, low: f32, high: f32 },
    #[error(
        "node {node}: expected sums below 2^31, filter {filter} could reach {bound:e}: \
         its accumulator could overflow; smaller biases or fewer inputs help"
    )]
    Overflow {
        node: String,
        /// Index of the filter or unit.
        filter: usize,
        /// The greatest magnitude that its accumulator could reach.
        bound: f64,
    },
    #[error(
        "node {node}: expected a factor from sums to outputs that is a normal number below 2^24 \
         in whatever order it is computed, found {factor:e} for filter {filter}"
    )]
    Multiplier {
        node: String,
        /// Index of the filter or unit.
        filter: usize,
        /// Scale of the input times scale of the weights, over scale of the output.
        factor: f32,
    },
    #[error(
        "node {node}: expected scales on which all layers agree, found none in {rounds} rounds; other calibration data help"
    )]
    Unsettled { node: String, rounds: usize },
    #[error(
        "expected 8 bits to cost at most {limit} of the accuracy on {} samples held out, found {:.4} instead of \
         {:.4} ({} answers lost, {} gained); {fault}; --max-drop allows more, --force writes the files in any case",
        comparison.samples, comparison.accuracies()[1], comparison.accuracies()[0], comparison.lost, comparison.gained()
    )]
    Accuracy {
        limit: f64,
        /// The images held out, in all variants.
        comparison: Comparison,
        /// Which layer it is, and why.
        fault: String,
    },
    #[error(transparent)]
    Size(#[from] no_std_core::format::TooLarge),
    #[error("the core refuses the flash file: {0}")]
    Core(no_std_core::FormatError),
    #[error("the core does not run the flash file: {0}")]
    CoreRun(no_std_core::RunError),
    #[error(
        "on {runtime} the int8 logits of sample {sample} differ from the core's: \
         expected {expected:?}, found {found:?}"
    )]
    Differs {
        runtime: String,
        /// Index of the sample: images in order, each plain and then inverted.
        sample: usize,
        expected: Vec<i8>,
        found: Vec<i8>,
    },
    #[error(
        "{runtime} does not run the int8 model: {reason}; --force writes both files in any case"
    )]
    NotRun { runtime: String, reason: String },
    #[error("checking it on {runtime} failed: {reason}")]
    Check { runtime: String, reason: String },
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("{path}: expected the file just written, cannot be read: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("interrupted; nothing was written")]
    Stopped,
}
