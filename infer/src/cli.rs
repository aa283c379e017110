//! The command line of the program `infer`.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use input::limits::Limits;

use crate::device::Device;
use crate::engine::Engine;
use crate::error::ModelError;
use crate::file::{self, InFile, display_name};
use crate::inspect::inspect;
use crate::open::{Choice, open};
use crate::prepare::Wish;

mod bench;
mod camera;
mod documents;
mod error;
mod evaluate;
mod predict;
mod progress;
mod serve;
mod update;

pub use error::Error;

/// The digits model inside this program, in 8 bits.
const BUILT_IN_INT8_MODEL: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/digits.q8"));

/// The one that runs where none is named.
#[cfg(not(feature = "onnx"))]
const BUILT_IN_MODEL: &[u8] = BUILT_IN_INT8_MODEL;

/// The one that runs where none is named, in floats.
#[cfg(feature = "onnx")]
const BUILT_IN_MODEL: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../models/digits.onnx"
));

/// Runs small networks on pictures and arrays of numbers.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what the model makes of each picture or array
    Predict(predict::Predict),
    /// Print what the model makes of a camera's newest frame, again and again
    Camera(camera::Camera),
    /// Measure the model on a test set: accuracy and confusion matrix, or scores of reconstructions; speed
    Evaluate(evaluate::Evaluate),
    /// Measure how fast each engine runs the model on this machine, and remember the fastest
    Bench(bench::Bench),
    /// Print what is in a model file
    Inspect(Inspect),
    /// Answer over HTTP, for programs and for people: a page to draw on or to give pictures to
    Serve(serve::Serve),
    /// Give a board that has room for two models another one, while it goes on to serve
    Update(update::Update),
    /// Print what a shell reads to complete this program's command line
    Completions(documents::Completions),
    /// Write this program's manual as pages for man
    Manual(documents::Manual),
}

#[derive(Debug, Args)]
struct ModelFile {
    /// ONNX model or flash file (.q8), as the trainer writes them [default: the digits model inside this program]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,

    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, Args)]
struct ModelArgs {
    #[command(flatten)]
    file: ModelFile,

    /// Run the model on a board: a serial port like /dev/ttyACM0, or unix:PATH or tcp:HOST:PORT for an emulated one
    #[arg(long, value_name = "PORT", conflicts_with = "model")]
    device: Option<String>,
}

impl ModelFile {
    /// The model's file and its name.
    fn read(&self) -> Result<(Cow<'static, [u8]>, String), InFile<ModelError>> {
        match &self.model {
            Some(path) => read_model(path),
            None => Ok((BUILT_IN_MODEL.into(), "built-in model".to_owned())),
        }
    }
}

impl ModelArgs {
    /// Lets `run` have the model, and the board that it is on.
    fn open<T>(
        &self,
        choice: Choice,
        run: impl FnOnce(&dyn Engine, Option<&Device>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(address) = &self.device {
            let device = Device::open(address)?;
            return run(&device, Some(&device));
        }
        let (bytes, name) = self.file.read()?;
        let engine = open(&bytes, &name, choice, &self.file.limits.get())?;
        run(&*engine, None)
    }
}

#[derive(Debug, Args)]
struct LimitArgs {
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    #[arg(help = format!("Allow a model N times as much as usual: {}", Limits::default()))]
    limits_times: u32,
}

impl LimitArgs {
    fn get(&self) -> Limits {
        Limits::default().times(self.limits_times)
    }
}

/// Who prepares pictures, and how.
#[derive(Clone, Copy, Debug)]
enum Prepare {
    Here(Wish),
    Board,
}

impl Prepare {
    fn wish(self) -> Option<Wish> {
        match self {
            Self::Here(wish) => Some(wish),
            Self::Board => None,
        }
    }
}

impl ValueEnum for Prepare {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Here(Wish::Plain),
            Self::Here(Wish::Centred),
            Self::Here(Wish::Auto),
            Self::Board,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help =
            "As the board does it, which asks for the rows that it needs, of pictures of any size";
        match self {
            Self::Here(wish) => wish.to_possible_value(),
            Self::Board => Some(PossibleValue::new("board").help(help)),
        }
    }
}

#[derive(Debug, Args)]
struct Inspect {
    /// ONNX model or flash file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    limits: LimitArgs,
}

/// Runs the command, printing results to `output`.
///
/// A picture that fails goes to `complain`, and the others still get their turn. A reader of
/// `output` that stops early, as `head` does, ends the command without an error.
pub fn run(
    cli: &Cli,
    output: &mut impl Write,
    complain: &mut impl FnMut(&dyn Display),
) -> Result<(), Error> {
    let result = match &cli.command {
        Command::Predict(options) => predict::run(options, output, complain),
        Command::Camera(options) => camera::run(options, output),
        Command::Evaluate(options) => evaluate::run(options, output),
        Command::Bench(options) => bench::run(options, output),
        Command::Inspect(options) => run_inspect(options, output),
        Command::Serve(options) => serve::run(options, output),
        Command::Update(options) => update::run(options, output),
        Command::Completions(options) => documents::completions(options, output),
        Command::Manual(options) => documents::manual(options),
    };
    match result.and_then(|()| Ok(output.flush()?)) {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn run_inspect(options: &Inspect, output: &mut impl Write) -> Result<(), Error> {
    let (bytes, name) = read_model(&options.file)?;
    let inspection = inspect(&bytes, &name, &options.limits.get())?;
    Ok(write!(output, "{inspection}")?)
}

fn read_model(path: &Path) -> Result<(Cow<'static, [u8]>, String), InFile<ModelError>> {
    let name = display_name(path);
    let bytes = file::read(path).map_err(InFile::named(&name))?;
    #[cfg(feature = "onnx")]
    if let Some(note) = input::pair::note(path, &bytes) {
        // Whoever closed it does not want to know.
        let _ = writeln!(io::stderr(), "note: {note}");
    }
    Ok((bytes.into(), name))
}

fn write_json(output: &mut impl Write, value: &impl serde::Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *output, value).map_err(io::Error::from)?;
    Ok(writeln!(output)?)
}
