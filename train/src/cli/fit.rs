//! What a user says of a fit.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, ValueEnum, value_parser};

use super::{DataArgs, InputArgs, LimitArgs, RuntimeArgs, board, misused, positive, share};
use crate::data::Source;
use crate::data::augment::Augment;
use crate::optimizer::Optimizer;
use crate::runtime::DeviceOptions;

#[derive(Debug, Args)]
pub struct FitArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// A network's file, or the name of one that comes with the program (`train networks`) [default: one for
    /// pictures of their size, `digits` for grey ones of 28 x 28; a resumed run keeps its own]
    #[arg(long, value_name = "FILE|NAME", conflicts_with = "resume")]
    pub network: Option<PathBuf>,
    /// Begin with a trained network: a run's folder or checkpoint, or an ONNX model, whose input and classes are said as for
    /// `train quantize`. Pictures become what it takes; its last layer begins anew where the classes are others
    #[arg(long, value_name = "MODEL|RUN", conflicts_with_all = ["resume", "network", "input_scale", "output"])]
    pub from: Option<PathBuf>,
    /// Layers of it that stay as they are, by their names, which the error for any other word lists; `body` are all but the last
    /// one with weights, `..NAME` all up to one
    #[arg(long, value_name = "LAYERS", value_delimiter = ',', requires = "from")]
    pub freeze: Vec<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// The board that the network shall fit on in 8 bits: it decides which one is chosen where none is named, and warns of
    /// one that does not fit
    #[arg(long, value_name = "NAME", value_parser = board())]
    pub board: Option<String>,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
    /// Use only the first N training images
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Pictures of none of the classes, in any form that `--data` has, to be learnt as such, so that others like them are
    /// refused; its test set, or else 15 in a hundred, is kept to measure on. Those that the recipe draws are learnt, too
    #[arg(long, value_name = "SOURCE")]
    pub negatives: Option<Source>,
    /// How to train, as a file: epochs, schedule, random changes of pictures and more; --epochs, --batch, --optimizer and
    /// --learning-rate come before it, and what it leaves out is not done [default: each picture as it is for digits, else with
    /// small changes, with --from in half as many epochs; a resumed run keeps its own]
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub recipe: Option<PathBuf>,
    /// Epochs to train [default: the recipe's, else 2 of digits, and 20 or, of few samples, up to 100 of others]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub epochs: Option<u32>,
    /// Images of a step [default: the recipe's, else 128, or all where there are fewer; a resumed run keeps its own]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
    /// Optimiser [default: the recipe's, else rmsprop; a resumed run keeps its own]
    #[arg(long, value_enum, conflicts_with = "resume")]
    pub optimizer: Option<Optimizer>,
    /// Step size [default: the recipe's, else 0.001, sgd 0.01; a resumed run keeps its own]
    #[arg(long, value_name = "RATE", value_parser = positive)]
    pub learning_rate: Option<f32>,
    /// Seed of parameters, order, dropout and changes of pictures [default: 0; a resumed run keeps its own]
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub seed: Option<u64>,
    /// Images to add, in training and in the test set [default: none; a resumed run keeps its own]
    #[arg(long, value_enum)]
    pub augment: Option<Augment>,
    /// How parts of a step are computed that can be computed in several ways [default: fixed for the digit network, else
    /// measured; a resumed run keeps its own]
    #[arg(long, value_enum, conflicts_with = "resume")]
    pub forms: Option<FormsArg>,
    /// Of networks that make their input again: the share of normal samples, held out, that may count as strange [default: 0.01;
    /// a resumed run keeps its own]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub false_alarms: Option<f64>,
    /// Likewise: the classes of the data that are normal, all others being strange [default: the only one there is to learn from,
    /// or 0 of 0 and 1; a resumed run keeps its own]
    #[arg(
        long,
        value_name = "CLASS",
        value_delimiter = ',',
        conflicts_with = "resume"
    )]
    pub normal: Vec<String>,
    #[command(flatten)]
    pub(crate) device: DeviceOptions,
    /// Go on from this run: its folder, or a checkpoint file
    #[arg(long, value_name = "RUN")]
    pub resume: Option<PathBuf>,
    /// Replace an earlier run in the folder
    #[arg(long)]
    pub overwrite: bool,
    /// Folder for checkpoint.safetensors and the model, which has the network's name: digits.onnx
    #[arg(long, value_name = "RUN", default_value = "run")]
    pub out: PathBuf,
}

/// How the forms of a step are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormsArg {
    /// As on every machine of this kind with this runtime: the same seed gives the same bits there
    Fixed,
    /// As is the fastest here, tried for a second or a few and remembered; the checkpoint keeps it
    Measured,
}

impl FitArgs {
    /// The model to begin with, if it is no run.
    pub fn model(&self) -> Option<&Path> {
        let is_run = |path: &&Path| {
            path.is_dir() || path.extension().is_some_and(|one| one == "safetensors")
        };
        self.from.as_deref().filter(|path| !is_run(path))
    }

    /// Ends the program as for any wrong usage if it is told of a model's input and there is no model.
    pub fn expect_usage(&self) {
        if self.model().is_none() && self.input != InputArgs::default() {
            let message = "what a model's input and classes are is said with --from MODEL only: a run says it";
            misused(ErrorKind::MissingRequiredArgument, message);
        }
    }
}
