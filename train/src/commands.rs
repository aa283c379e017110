//! What each command does.

mod bench;
mod check;
mod compare;
mod doctor;
mod evaluate;
mod export;
mod fit;
mod meaning;
mod outputs;
mod pictures;
mod quantize;
mod summary;

use std::path::Path;

use input::{file, onnx, pair};

use crate::cli::{Cli, Command, DataArgs, LimitArgs, RuntimeArgs};
use crate::console::{Console, note};
use crate::data::{self, Dataset, Sets};
use crate::error::Error;
use crate::run;
use crate::runtime::Runtime;
use crate::stop::Stop;

/// Test images on which an exported model is compared with the trainer.
const CHECKED_IMAGES: usize = 100;

pub fn run(cli: &Cli, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    match &cli.command {
        Command::Networks => summary::list(console)?,
        Command::Summary(args) => summary::run(args, console)?,
        Command::Fit(args) => fit::run(args, console, stop)?,
        Command::Export(args) => export::run(args, console, stop)?,
        Command::Check(args) => check::run(args, console)?,
        Command::Quantize(args) => quantize::run(args, console, stop)?,
        Command::Compare(args) => compare::run(args, console, stop)?,
        Command::Evaluate(args) => evaluate::run(args, console)?,
        Command::Outputs(args) => outputs::run(args, console)?,
        Command::Bench(args) => bench::run(args, console)?,
        Command::Data(args) => tell_of(&load(args)?, console),
        Command::Pictures(args) => pictures::run(args, console)?,
        Command::Doctor(args) => doctor::run(args, console)?,
    }
    Ok(())
}

fn load(args: &DataArgs) -> Result<Sets, Error> {
    Ok(data::load(&args.data, args.offline)?)
}

/// Only the images to measure on.
fn load_test(args: &DataArgs) -> Result<Dataset, Error> {
    Ok(data::load_test(&args.data, args.offline)?)
}

/// Says what the data are, and what the user should know of them.
fn tell_of(sets: &Sets, console: &mut Console) {
    let (train, test) = (sets.train.len(), sets.test.len());
    console.line(format_args!("{}: {train} + {test} images", sets.source));
    if let Some(text) = sets.note() {
        note(text);
    }
}

/// Refuses outputs that are files which the command reads: these, or the data.
fn expect_distinct(
    outputs: &[&Path],
    inputs: &[(&str, &Path)],
    data: &DataArgs,
) -> Result<(), Error> {
    let files = data::files(&data.data);
    let files = files.iter().map(|path| ("--data", &**path));
    let inputs: Vec<_> = inputs.iter().copied().chain(files).collect();
    for output in outputs {
        file::expect_distinct(output, &inputs)?;
    }
    Ok(())
}

/// Opens a runtime on all cores unless told otherwise, and passes on what it has to say.
fn open(args: RuntimeArgs) -> Result<Runtime, Error> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = Runtime::open(args.runtime, args.threads.map_or(cores, usize::from))?;
    if let Some(text) = runtime.note() {
        note(text);
    }
    Ok(runtime)
}

/// A model as a runtime takes it: within limits, for one image at a time, and without weights among its inputs.
fn accept(
    model: &[u8],
    path: &Path,
    limits: LimitArgs,
    runtime: onnx::Runtime,
) -> Result<Vec<u8>, Error> {
    onnx::for_one_picture(model, &limits.get(), runtime).map_err(|reason| Error::Onnx {
        path: path.into(),
        reason,
    })
}

fn read_model(path: &Path) -> Result<Vec<u8>, Error> {
    let model = file::read(path).map_err(|source| Error::ReadModel {
        path: path.into(),
        source,
    })?;
    if pair::is_flash(&model) {
        return Err(Error::FlashFile(path.into()));
    }
    if let Some(text) = pair::note(path, &model) {
        note(text);
    }
    note_mismatch(path);
    Ok(model)
}

/// Says so if a model is not of the run in whose folder it lies.
fn note_mismatch(model: &Path) {
    if let Some(mismatch) = run::mismatch(model) {
        note(mismatch);
    }
}
