//! Everything that can end a command, one line each; only the commands know this sum.

use std::path::PathBuf;

use input::file::{InFile, ReadError, SameFile, WriteError, display_name};
use input::labels::LabelsError;
use input::normalization::NormalizationError;
use input::onnx::OnnxError;

use crate::architecture::{DescriptionError, FreezeError};
use crate::boards::Room;
use crate::checkpoint::CheckpointError;
use crate::compare::CompareError;
use crate::data::DataError;
use crate::data::calibration::CalibrationError;
use crate::evaluate::EvaluateError;
use crate::export::ExportError;
use crate::fit::FitError;
use crate::graph::GraphError;
use crate::network::Shape;
use crate::pretrained::PretrainedError;
use crate::quantize::QuantizeError;
use crate::recipe::RecipeError;
use crate::run::RunError;
use crate::runtime::RuntimeError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error(transparent)]
    Network(#[from] DescriptionError),
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Fit(#[from] FitError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    SameFile(#[from] SameFile),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("{}: expected an ONNX model: {source}", display_name(path))]
    ReadModel { path: PathBuf, source: ReadError },
    #[error(
        "{}: expected an ONNX model, found a flash file, which is quantised already",
        display_name(_0)
    )]
    FlashFile(PathBuf),
    #[error(
        "{}: expected an ONNX model from {expected}: {reason}",
        display_name(path)
    )]
    Model {
        path: PathBuf,
        /// Input and output by name, with their sizes.
        expected: String,
        reason: Box<EvaluateError>,
    },
    #[error(
        "--data: expected pictures of {expected} for the network `{network}`, found {found}; `--size` and `--colour` change them"
    )]
    Pictures {
        network: String,
        expected: String,
        found: String,
    },
    #[error(
        "--data: expected samples of shape {expected:?} (channels, rows, columns) for the network `{network}`, found {found:?}"
    )]
    Shape {
        network: String,
        expected: Shape,
        found: Shape,
    },
    #[error(
        "--data: expected the class of each sample for the network `{network}`, found {found}; a network of numbers has \
         `classes = 0`, and `--network` names it"
    )]
    NoClasses {
        network: String,
        found: &'static str,
    },
    #[error(
        "--data: expected at least two classes to tell apart, found {0}; a folder has one of pictures for each class"
    )]
    FewClasses(usize),
    #[error(
        "--data: expected {expected} numbers in y for each sample, as many as the network `{network}` gives, found {found}; one \
         that makes the input again gives {inputs}"
    )]
    Targets {
        network: String,
        expected: usize,
        found: usize,
        /// Numbers of an input.
        inputs: usize,
    },
    #[error("--data: expected pictures to look at, found arrays of numbers")]
    NoSurvey,
    #[error(
        "--data: expected pictures for --corruptions to make worse, found arrays of numbers; leave it out"
    )]
    NoCorruptions,
    #[error(
        "--negatives: expected pictures that become {expected:?} channels, rows and columns, as those of the classes, found \
         {found:?}"
    )]
    Negatives {
        expected: [usize; 3],
        found: [usize; 3],
    },
    #[error(
        "--negatives: expected pictures of no class beside pictures, found arrays of numbers; leave it out"
    )]
    NegativeNumbers,
    #[error(
        "digits and negatives that the program draws (`printed` and `negatives` in a recipe, `--negatives drawn`): expected grey pictures of \
         the ten digits, 28 x 28, in classes called 0 to 9, found {shape:?} channels, rows and columns in classes called {classes}; take `negatives` \
         and `printed` out of the recipe, and name pictures of your own (`--negatives SOURCE`)"
    )]
    DrawnForDigits { shape: [usize; 3], classes: String },
    #[error(
        "--negatives: expected pictures to learn, found a test set alone, {0} pictures; give others, or leave it out"
    )]
    NegativesToLearn(usize),
    #[error(
        "--negatives: expected {expected}, as the run to resume learnt, found {found}; name the same ones again"
    )]
    OtherNegatives { expected: String, found: String },
    #[error("--negatives: expected pictures of no class, found those of --data; name others")]
    SameNegatives,
    #[error("a network for {0} is not chosen by itself: name one (`--network`)")]
    NoNetworkFor(&'static str),
    #[error("{option}: expected a network of {expected}, found one of {found}; leave it out")]
    NotForNetwork {
        option: &'static str,
        expected: &'static str,
        found: &'static str,
    },
    #[error(transparent)]
    Calibration(#[from] InFile<CalibrationError>),
    #[error(transparent)]
    Labels(#[from] InFile<LabelsError>),
    #[error(transparent)]
    ReadLabels(#[from] InFile<ReadError>),
    #[error("what pixels become: {0}; see --range, --mean and --std")]
    Normalization(#[from] NormalizationError),
    #[error(
        "--fit {found}: expected {expected}, by which the run to go on from was trained, or no --fit"
    )]
    OtherFit {
        expected: &'static str,
        found: &'static str,
    },
    #[error("metadata of the model: {0}; --range, --mean and --std take their place")]
    NormalizationOfModel(NormalizationError),
    #[error(
        "expected a model of pictures in 1 or 3 channels for --range, --mean and --std, which say what pixels become, found one of \
         {0}; --input-scale is for other inputs"
    )]
    NoPictures(usize),
    #[error(transparent)]
    Pretrained(#[from] PretrainedError),
    #[error("{}: cannot be trained: {reason}", display_name(path))]
    Untrainable {
        path: PathBuf,
        reason: Box<PretrainedError>,
    },
    #[error("--freeze: {0}")]
    Freeze(#[from] FreezeError),
    #[error("standard input: expected inputs of the model, cannot be read: {0}")]
    Input(std::io::Error),
    #[error("the sheet of pictures cannot be written as PNG: {0}")]
    Sheet(std::io::Error),
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{}: {reason}", display_name(path))]
    Onnx { path: PathBuf, reason: OnnxError },
    #[error("{}: cannot be quantised: {reason}", display_name(path))]
    QuantizeModel {
        path: PathBuf,
        reason: QuantizeError,
    },
    #[error(
        "{}: expected a model that fits on {}, which has room for {} bytes of flash and {} of RAM, found one of {flash} and {arena}; \
         smaller layers help: `train check` shows what each takes",
        display_name(path), room.board, room.flash, room.arena
    )]
    Room {
        path: PathBuf,
        room: Room,
        flash: usize,
        arena: usize,
    },
    #[error(
        "--board {board}: expected a network for pictures of {} x {} in {} channels that fits there, found none: {found}; smaller \
         pictures (`--size`) help, or a network of yours (`--network`)",
        pictures[1], pictures[2], pictures[0]
    )]
    NoNetwork {
        board: &'static str,
        pictures: Shape,
        /// What the smallest one takes, of what there is.
        found: String,
    },
    #[error("{}: {reason}", display_name(path))]
    Compare {
        path: PathBuf,
        reason: Box<CompareError>,
    },
    #[error(transparent)]
    Device(#[from] InFile<device::DeviceError>),
    /// The user stopped a command that writes its results at its end.
    #[error("interrupted; nothing was written")]
    Stopped,
}
