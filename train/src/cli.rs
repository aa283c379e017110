//! The command line as data.

mod compare;
mod evaluate;
mod fit;
mod input;
mod network;
mod pictures;

use std::path::PathBuf;

use ::input::limits::Limits;
use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, value_parser};
use no_std_core::prepare::Preparation;

use crate::boards;
use crate::data::{Options, Source};
use crate::picture_input::Pictures;
use crate::runtime::{Choice, DeviceOptions};
pub use compare::CompareArgs;
pub use evaluate::EvaluateArgs;
pub use fit::{FitArgs, FormsArg};
pub use input::{InputArgs, LayoutArg, OutputArg};
pub use network::{NetworkArgs, SummaryArgs};
pub use pictures::PictureArgs;

/// Trains small convolutional networks on pictures, exports them as ONNX and turns them into 8-bit integers.
#[derive(Debug, Parser)]
#[command(name = "train", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the networks that come with the program
    Networks,
    /// Print a network layer by layer, what it costs, and on which boards it fits in integers
    Summary(SummaryArgs),
    /// Train, measure and save an epoch at a time, then export the model
    Fit(FitArgs),
    /// Write a run's network as an ONNX model, checked on two runtimes
    Export(ExportArgs),
    /// Say whether a model can run in 8-bit integers, what its layers take, and on which boards it fits
    ///
    /// Exits with 1 if it cannot, or does not fit on the board that is named.
    Check(CheckArgs),
    /// Turn a model into 8-bit integers, as an ONNX model and as a flash file
    Quantize(QuantizeArgs),
    /// Compare a model with what `quantize` made of it, layer by layer
    Compare(CompareArgs),
    /// Measure a model file on a runtime
    Evaluate(EvaluateArgs),
    /// Run a model on the inputs on standard input, both as 32-bit floats: the program asks another runtime so
    #[command(hide = true)]
    Outputs(OutputsArgs),
    /// Say what pictures to learn from are there, and what looks wrong; MNIST is fetched if need be
    Data(SurveyArgs),
    /// Fetch or find ten real pictures, and print their folder
    Pictures(PicturesArgs),
    /// Report which runtimes are here, which one is used, and what would improve it
    Doctor(DoctorArgs),
    /// Measure how long training takes on a runtime
    ///
    /// Steps of a network with `RMSprop` on drawn digits, or on noise where it is for other pictures. An epoch goes as in
    /// `train fit`: on the CPU one thread makes batches ahead of the step; on CUDA the images are on the GPU, and whole epochs
    /// are timed for at least 3 seconds.
    Bench(BenchArgs),
}

#[derive(Debug, Args)]
pub struct DataArgs {
    /// `mnist` (the user's cache, else fetched), `synthetic` (drawn here), or data of yours: a folder with a folder of pictures
    /// for each class (PNG, JPEG, BMP, GIF, WebP), in `train`, `val` and `test` folders or not; a list of pictures with their
    /// classes (.csv, .tsv, .jsonl: path, label and, if wanted, split); arrays `x_train`, `y_train`, `x_test`, `y_test` (.npz); a folder
    /// with CIFAR's binary files, or with IDX files, whatever their names' spelling, packed or not, in it or below it. The
    /// environment variable `MNIST_DIR` names a folder to use as `mnist`
    #[arg(long, value_name = "SOURCE", default_value = "mnist")]
    pub data: Source,
    /// Never use the network
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    pub(crate) pictures: PictureArgs,
}

impl DataArgs {
    /// What is to be loaded, and as what.
    pub fn options(&self) -> Options {
        self.options_for(&Pictures::default())
    }

    /// The same as a run or a model takes its pictures.
    pub fn options_for(&self, pictures: &Pictures) -> Options {
        Options {
            offline: self.offline,
            wanted: pictures.wanted(self.pictures.wanted()),
        }
    }
}

#[derive(Clone, Copy, Debug, Args)]
pub struct RuntimeArgs {
    /// What executes the graphs
    #[arg(long, value_enum, default_value = "auto")]
    pub runtime: Choice,
    /// Threads on the CPU, on tract those of training; all cores by default
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct LimitArgs {
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    #[arg(help = format!("Allow a model N times as much as usual: {}", Limits::default()))]
    limits_times: u32,
}

impl LimitArgs {
    pub fn get(self) -> Limits {
        Limits::default().times(self.limits_times)
    }
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Run to export: its folder, or a checkpoint file
    #[arg(long, value_name = "RUN", default_value = "run")]
    pub run: PathBuf,
    /// Model to write [default: that of the run, named after its network]
    #[arg(long, value_name = "FILE", value_parser = output_file)]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Model to look at: ONNX of any program
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Samples of inputs, as for `quantize`: which channels are the same for every input may depend on them, and with it the
    /// size of the flash file [default: drawn ones]
    #[arg(long, value_name = "PATH")]
    pub calibrate: Option<PathBuf>,
    /// The board that it shall fit on [default: each that is known]
    #[arg(long, value_name = "NAME", value_parser = board())]
    pub board: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
}

#[derive(Debug, Args)]
pub struct QuantizeArgs {
    /// Model to quantise: for the pictures of `--data` as `export` writes it, or with `--calibrate` any network of convolutions,
    /// dense layers, pools, sums and the like
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Samples of inputs in place of the pictures of `--data`: a .npz or .npy file, [samples, ...] each as the model has it, with an
    /// array of classes whose name begins with `y` or `label` if answers can be right or wrong [of a reconstruction 0 for
    /// usual inputs, 1 for others, which are left out]; a folder with a folder of pictures for each class, or with pictures
    /// alone; or a folder with IDX files. At most 3000 pictures are read, and 96 MB of pixels, of each class in proportion
    #[arg(long, value_name = "PATH", conflicts_with_all = ["data", "prepare", "box_side"])]
    pub calibrate: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Folder for the results, which have the model's name: digits-int8.onnx and digits.q8 [default: the model's folder]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What shall be done to pictures before digits.q8 sees them: the file says so to whatever runs it
    #[arg(long, value_enum, default_value_t)]
    pub prepare: Prepare,
    /// Side in pixels of the box that `--prepare centred` scales drawings into [default: 20, as in MNIST]
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=28))]
    pub box_side: Option<u8>,
    /// Share of the right answers on training images held out that 8 bits may cost: beyond it nothing is written, unless so
    /// few images decide that it may be chance (sign test at 5 %)
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = share)]
    pub max_drop: f64,
    /// Write the files however much accuracy 8 bits cost
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
}

impl QuantizeArgs {
    /// Ends the program as for any wrong usage if it is told of the input of a model of ours.
    pub fn expect_usage(&self) {
        if self.calibrate.is_none() && self.input != InputArgs::default() {
            let message = "what input and output are is said with --calibrate only: with --data the model says it";
            misused(ErrorKind::MissingRequiredArgument, message);
        }
    }

    /// The preparation asked for; ends the program as for any wrong usage if it is plain and has a box.
    pub fn preparation(&self) -> Preparation {
        match (self.prepare, self.box_side) {
            (Prepare::Plain, None) => Preparation::PLAIN,
            (Prepare::Plain, Some(_)) => misused(
                ErrorKind::ArgumentConflict,
                "--box-side is for --prepare centred only",
            ),
            (Prepare::Centred, side) => side
                .and_then(Preparation::centred)
                .unwrap_or(Preparation::CENTRED),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Prepare {
    /// Pictures of 28 x 28 pixels, taken as they are
    #[default]
    Plain,
    /// Pictures of any size: the drawing in them found, light on dark, scaled and centred as in MNIST
    Centred,
}

#[derive(Debug, Args)]
pub struct OutputsArgs {
    /// Model file
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
}

#[derive(Debug, Args)]
pub struct SurveyArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Draw a few pictures of each class here, as a PNG
    #[arg(long, value_name = "FILE")]
    pub preview: Option<PathBuf>,
    /// Draw there instead what a recipe for `fit` makes of some pictures, beside each as it is
    #[arg(long, value_name = "FILE", requires = "preview")]
    pub recipe: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct PicturesArgs {
    /// Never use the network
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// How parts of a step are computed that can be computed in several ways
    #[arg(long, value_enum, default_value = "measured")]
    pub forms: FormsArg,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
    /// Images of a step
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = value_parser!(u32).range(1..=60_000))]
    pub batch: u32,
    /// Steps to measure
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = value_parser!(u32).range(1..))]
    pub steps: u32,
    #[command(flatten)]
    pub(crate) device: DeviceOptions,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
}

/// Ends the program as for any wrong usage.
fn misused(kind: ErrorKind, message: &str) -> ! {
    Cli::command().error(kind, message).exit()
}

/// A file that is written under another name first.
fn output_file(text: &str) -> Result<PathBuf, String> {
    match text {
        "-" => Err(
            "expected a file, since a model is run before it gets its name, found `-` for standard output; `./-` is a file"
                .into(),
        ),
        path => Ok(path.into()),
    }
}

fn positive(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && f32::is_finite(rate) => Ok(rate),
        _ => Err("expected a positive number".into()),
    }
}

fn board() -> PossibleValuesParser {
    let names = boards::rooms().into_iter().map(|room| room.board);
    names.collect::<Vec<&str>>().into()
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn options_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
