//! What each command does.

mod bench;
mod check;
mod compare;
mod data;
mod doctor;
mod evaluate;
mod export;
mod fit;
mod learnt;
mod meaning;
mod negatives;
mod outputs;
mod pictures;
mod quantize;
mod report;
mod summary;

use std::path::Path;

use input::{file, onnx, pair};

use crate::cli::{Cli, Command, DataArgs, LimitArgs, RuntimeArgs};
use crate::console::{Console, note};
use crate::data::{Dataset, Element, Loaded, Sets};
use crate::error::Error;
use crate::picture_input::Pictures;
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
        Command::Data(args) => data::run(args, console)?,
        Command::Pictures(args) => pictures::run(args, console)?,
        Command::Doctor(args) => doctor::run(args, console)?,
    }
    Ok(())
}

fn load(args: &DataArgs) -> Result<Loaded, Error> {
    Ok(crate::data::load(&args.data, args.options())?)
}

/// The same as a run or a model takes its pictures, unless the user says otherwise.
fn load_for(pictures: &Pictures, args: &DataArgs) -> Result<Loaded, Error> {
    Ok(crate::data::load(&args.data, args.options_for(pictures))?)
}

/// Only those to measure on, with what their pixels become.
fn load_test_for(pictures: &Pictures, args: &DataArgs) -> Result<Dataset, Error> {
    let test = crate::data::load_test(&args.data, args.options_for(pictures))?;
    pictures
        .normalized(test)
        .map_err(Error::NormalizationOfModel)
}

/// Says what the data are.
fn tell_of(sets: &Sets, console: &mut Console) {
    let (source, train, test) = (&sets.source, sets.train.len(), sets.test.len());
    let samples = match sets.train.element() {
        Element::Pixel => "images",
        Element::Number => "samples",
    };
    console.line(match &sets.validation {
        None => format!("{source}: {train} + {test} {samples}"),
        Some(validation) => {
            let validation = validation.len();
            format!("{source}: {train} {samples} to learn from, {validation} to choose by, {test} to measure on")
        }
    });
}

/// Says so too, and what the user should know before a network learns from them.
fn tell_before_learning(loaded: &Loaded, console: &mut Console) {
    let Loaded { sets, found } = loaded;
    tell_of(sets, console);
    for choice in found.chosen.iter().chain(&found.drawn) {
        console.line(choice);
    }
    for text in found
        .notes()
        .into_iter()
        .chain(loaded.note().map(str::to_owned))
    {
        note(text);
    }
}

/// Refuses outputs that are files which the command reads: these, or the data.
fn expect_distinct(
    outputs: &[&Path],
    inputs: &[(&str, &Path)],
    data: &DataArgs,
) -> Result<(), Error> {
    let files = data.data.files();
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
