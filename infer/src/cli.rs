//! The command line of the program `infer`.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use input::limits::Limits;
use thiserror::Error;

use crate::annotate::AnnotateError;
use crate::bench::BenchmarkError;
use crate::camera::CameraError;
use crate::device::Device;
use crate::engine::Engine;
use crate::error::{DeviceError, ModelError, RunError};
use crate::evaluate::{EvaluateError, Evaluation, evaluate};
use crate::file::{self, InFile, Pending, SameFile, WriteError, display_name};
use crate::inspect::inspect;
use crate::open::{Choice, open};
use crate::output::Output;
use crate::page::PageError;
use crate::serve::{ServeError, TokenError};
use crate::source::{FindError, SourceError};
use crate::test_set::{TestSet, TestSetError};

mod bench;
mod camera;
mod documents;
mod predict;
mod progress;
mod serve;
mod update;

use progress::Progress;

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
    Evaluate(Evaluate),
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
struct ModelArgs {
    /// ONNX model or flash file (.q8), as the trainer writes them [default: the digits model inside this program]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// Run the model on a board: a serial port like /dev/ttyACM0, or unix:PATH or tcp:HOST:PORT for an emulated one
    #[arg(long, value_name = "PORT", conflicts_with = "model")]
    device: Option<String>,

    #[command(flatten)]
    limits: LimitArgs,
}

impl ModelArgs {
    /// The model's file and its name.
    fn read(&self) -> Result<(Cow<'static, [u8]>, String), InFile<ModelError>> {
        match &self.model {
            Some(path) => read_model(path),
            None => Ok((BUILT_IN_MODEL.into(), "built-in model".to_owned())),
        }
    }

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
        let (bytes, name) = self.read()?;
        run(&*open(&bytes, &name, choice, &self.limits.get())?, None)
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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Prepare {
    /// As it is, scaled if it has another size (a board's own preparation refuses that of models that say not how)
    Plain,
    /// The drawing in it found, light on dark, scaled and centred as in MNIST, for models of 28 x 28 grey pixels
    Centred,
    /// As the board does it, which asks for the rows that it needs, of pictures of any size
    Board,
}

#[derive(Debug, Args)]
struct Evaluate {
    #[command(flatten)]
    model: ModelArgs,

    /// Test set: .npz file with an array x... of inputs and one of labels, y... or label... [of a reconstruction 0 for usual
    /// inputs, 1 for others]; folder with a folder of pictures named like each class; or folder with IDX files, in it or
    /// below it: t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, or other spellings of these names, packed or not
    #[arg(long, value_name = "PATH", env = "MNIST_DIR")]
    data: PathBuf,

    /// Take only the first N inputs
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// Invert each picture first, so that ink is dark and paper light
    #[arg(long)]
    invert: bool,

    /// Write what the network gives for each input: four bytes a float (little-endian), one byte an 8-bit integer; `-`
    /// prints them and nothing else
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Inspect {
    /// ONNX model or flash file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    limits: LimitArgs,
}

/// Why a command failed.
#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Device(#[from] InFile<DeviceError>),
    #[error(transparent)]
    Model(#[from] InFile<ModelError>),
    #[error(transparent)]
    Run(#[from] InFile<RunError>),
    #[error(transparent)]
    Source(#[from] InFile<SourceError>),
    #[error(transparent)]
    Find(#[from] InFile<FindError>),
    #[error(transparent)]
    Annotate(#[from] InFile<AnnotateError>),
    #[error(transparent)]
    TestSet(#[from] InFile<TestSetError>),
    #[error(transparent)]
    Benchmark(#[from] BenchmarkError),
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[error(
        "--prepare {option}: expected a model of 28 x 28 grey pixels, found one of other inputs; leave it out"
    )]
    Prepare {
        /// What was asked for.
        option: &'static str,
    },
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Token(#[from] InFile<TokenError>),
    #[error(
        "--model {name}: expected another name than the other models have; give it as NAME=FILE"
    )]
    ModelName {
        /// What two models would be called.
        name: String,
    },
    #[error("{folder}: expected a folder to write the manual into, found: {error}")]
    Manual {
        /// As it was given.
        folder: String,
        /// What the system said.
        error: io::Error,
    },
    #[error(transparent)]
    Camera(#[from] InFile<CameraError>),
    #[error(transparent)]
    Page(#[from] InFile<PageError>),
    #[error(
        "--read: expected a model of 28 x 28 grey pixels that tells classes apart, found another one; leave it out"
    )]
    Read,
    #[error("{0}: expected a picture to --read, found an array; leave --read out")]
    ReadArray(String),
    #[error(
        "--list -: expected one use of standard input, found - among the inputs, too; leave one of them out"
    )]
    StandardInput,
    #[error(transparent)]
    SameFile(#[from] SameFile),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("standard output: expected to print the result, found: {0}")]
    Output(#[from] io::Error),
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
        Command::Evaluate(options) => run_evaluate(options, output),
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

fn run_evaluate(options: &Evaluate, output: &mut impl Write) -> Result<(), Error> {
    let mut scores = match &options.scores {
        Some(path) => scores(path, options)?,
        None => Scores::None,
    };
    let evaluation = options.model.open(Choice::Auto, |engine, _| {
        evaluate_on(engine, options, &mut scores)
    })?;
    match scores {
        Scores::Printed(bytes) => return Ok(output.write_all(&bytes)?),
        Scores::File(pending) => pending.commit()?,
        Scores::None => {}
    }
    if options.json {
        write_json(output, &evaluation)
    } else {
        Ok(write!(output, "{evaluation}")?)
    }
}

/// Where the outputs go.
enum Scores {
    None,
    File(Pending),
    /// To standard output, once all are there.
    Printed(Vec<u8>),
}

/// Standard output, or the file that the outputs go to, if it is none of the inputs.
fn scores(path: &Path, options: &Evaluate) -> Result<Scores, Error> {
    if path == Path::new("-") {
        return Ok(Scores::Printed(Vec::new()));
    }
    let model = options.model.model.as_deref();
    let mut inputs = vec![("--data", &*options.data)];
    inputs.extend(model.map(|model| ("--model", model)));
    file::expect_distinct(path, &inputs)?;
    Ok(Scores::File(Pending::create(path)?))
}

fn evaluate_on(
    engine: &dyn Engine,
    options: &Evaluate,
    scores: &mut Scores,
) -> Result<Evaluation, Error> {
    let mut test_set = TestSet::load(&options.data, engine.spec())?;
    if let Some(limit) = options.limit {
        test_set.truncate(limit as usize);
    }
    let on_board = options.model.device.is_some();
    let progress = Progress::new(test_set.count, "inputs", on_board);
    let each = |done, output: &Output| {
        progress.show(done);
        match scores {
            Scores::None => return Ok(()),
            Scores::File(pending) => pending.append(&output.numbers().bytes())?,
            Scores::Printed(bytes) => bytes.extend(output.numbers().bytes()),
        }
        Ok(())
    };
    Ok(evaluate(engine, &test_set, options.invert, each)?)
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
