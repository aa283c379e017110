//! What a user says of a fit.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::{DataArgs, RuntimeArgs, board, positive};
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
    /// The board that the network shall fit on in 8 bits: it decides which one is chosen where none is named, and warns of
    /// one that does not fit
    #[arg(long, value_name = "NAME", value_parser = board())]
    pub board: Option<String>,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
    /// Use only the first N training images
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// How to train, as a file: epochs, schedule, random changes of pictures and more; options here come before it [default:
    /// each picture as it is for digits, else with small changes; a resumed run keeps its own]
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub recipe: Option<PathBuf>,
    /// Epochs to train [default: the recipe's, else 2]
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
    /// Seed of parameters, order and dropout [default: 0; a resumed run keeps its own]
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub seed: Option<u64>,
    /// Images to add, in training and in the test set [default: none; a resumed run keeps its own]
    #[arg(long, value_enum)]
    pub augment: Option<Augment>,
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
