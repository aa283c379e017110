//! The options of `train compare`.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::{LayoutArg, LimitArgs, RuntimeArgs};

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The model in floats that was quantised
    #[arg(long, value_name = "FILE")]
    pub float: PathBuf,
    /// What was made of it: the int8 ONNX model or the flash file; the other one is looked for beside it
    #[arg(long, value_name = "FILE")]
    pub int8: PathBuf,
    /// Samples to compare on, as `quantize --calibrate` takes them
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,
    /// Samples of them, of each class in proportion
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000))]
    pub samples: u32,
    /// A board with the flash file, to compare with the first 10 samples: a serial port, unix:PATH or tcp:HOST:PORT
    #[arg(long, value_name = "PORT")]
    pub device: Option<String>,
    /// The output that was quantised of a model with several
    #[arg(long, value_name = "NAME")]
    pub output_name: Option<String>,
    /// The order of the float model's axes, where `quantize` was told it
    #[arg(long, value_enum)]
    pub layout: Option<LayoutArg>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
}
