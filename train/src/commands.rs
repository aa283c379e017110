//! What each command does.

mod quantize;

use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::Array2;

use crate::atomic;
use crate::bench;
use crate::checkpoint::{Checkpoint, Record};
use crate::cli::{Cli, Command, DataArgs, EvaluateArgs, ExportArgs, FitArgs, RuntimeArgs};
use crate::data::augment::Augment;
use crate::data::{self, Dataset, Digits, pictures};
use crate::doctor;
use crate::error::Error;
use crate::evaluate::{accuracy, run_model};
use crate::export::{SecondRuntime, export};
use crate::fit::{self, Terminal, fit};
use crate::net::Network;
use crate::optimizer::Optimizer;
use crate::runtime::Runtime;
use crate::second_runtime::AnotherProcess;

/// Name of the model in a run's folder.
const MODEL_NAME: &str = "digits.onnx";
/// Pictures of our own, for when no others can be had.
const SAMPLE_PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/samples");
/// Test images on which an exported model is compared with the trainer.
pub(crate) const CHECKED_IMAGES: usize = 100;

/// Set by Ctrl-C; a fit ends when it sees it.
pub static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Whether there is something to finish when Ctrl-C comes: a fit ends after its step, an export soon.
pub static PATIENT: AtomicBool = AtomicBool::new(false);

/// Runs a command.
pub fn run(cli: Cli) -> Result<(), Error> {
    match cli.command {
        Command::Summary => println!("{}", Network::digits().summary()),
        Command::Fit(args) => run_fit(&args)?,
        Command::Export(args) => run_export(&args)?,
        Command::Quantize(args) => quantize::run(&args)?,
        Command::Evaluate(args) => run_evaluate(&args)?,
        Command::Bench(args) => bench::run(&args)?,
        Command::Data(args) => print_data(&load(&args)?),
        Command::Pictures(args) => {
            let folder = pictures::locate(args.offline, Path::new(SAMPLE_PICTURES))?;
            if folder == Path::new(SAMPLE_PICTURES) {
                eprintln!(
                    "note: the course's pictures could not be had; these are our own samples"
                );
            }
            println!("{}", folder.display());
        }
        Command::Doctor(args) => doctor::run(args.runtime, args.json)?,
    }
    Ok(())
}

fn run_fit(args: &FitArgs) -> Result<(), Error> {
    let network = Network::digits();
    let resume = args
        .resume
        .as_deref()
        .map(|run| Checkpoint::load(run, &network))
        .transpose()?;
    let is_new = !args.out.exists();
    atomic::prepare_folder(&args.out)?;
    let fitted = fit_and_export(args, &network, resume);
    if is_new && fitted.is_err() {
        // Goes only if it is empty.
        let _ = std::fs::remove_dir(&args.out);
    }
    fitted
}

fn fit_and_export(
    args: &FitArgs,
    network: &Network,
    resume: Option<Checkpoint>,
) -> Result<(), Error> {
    let mut digits = load(&args.data)?;
    if let Some(limit) = args.limit {
        digits.train = digits.train.take(limit as usize);
    }
    print_data(&digits);
    let runtime = open(args.runtime)?;
    println!("{}", runtime.description());
    let record = new_record(args, network, &digits, resume.as_ref());
    let resumed = resume
        .as_ref()
        .map(|checkpoint| checkpoint.record.augment());
    let options = fit::Options {
        epochs: args.epochs as usize,
        augment: args.augment.or(resumed).unwrap_or_default(),
        device: args.device,
        out: args.out.clone(),
        resume,
    };
    PATIENT.store(true, Ordering::Relaxed);
    let progress = &mut Terminal::new();
    let checkpoint = fit(
        &runtime,
        network,
        &digits,
        record,
        options,
        &INTERRUPTED,
        progress,
    )?;
    if INTERRUPTED.load(Ordering::Relaxed) {
        println!("interrupted; the last finished epoch is kept");
    }
    let model = args.out.join(MODEL_NAME);
    export_checked(
        &runtime,
        network,
        &checkpoint,
        digits.test,
        &args.data,
        &model,
    )
}

/// The record of a new run, or of the one to resume with what the user changes.
fn new_record(
    args: &FitArgs,
    network: &Network,
    digits: &Digits,
    resume: Option<&Checkpoint>,
) -> Record {
    let optimizer = args.optimizer.unwrap_or(Optimizer::Rmsprop);
    let mut record = resume
        .map(|checkpoint| checkpoint.record.clone())
        .unwrap_or(Record {
            network: network.name.into(),
            optimizer,
            learning_rate: optimizer.default_learning_rate(),
            batch_size: 128,
            seed: args.seed.unwrap_or(0),
            data_sha256: String::new(),
            data_source: String::new(),
            epochs: Vec::new(),
        });
    if resume.is_some() && record.data_sha256 != digits.sha256 {
        eprintln!("note: the run to resume was trained on other images than these");
    }
    record.data_sha256.clone_from(&digits.sha256);
    record.data_source = data_name(digits);
    record.learning_rate = args.learning_rate.unwrap_or(record.learning_rate);
    record.batch_size = args.batch.map_or(record.batch_size, |batch| batch as usize);
    record
}

fn run_export(args: &ExportArgs) -> Result<(), Error> {
    let network = Network::digits();
    let checkpoint = Checkpoint::load(&args.run, &network)?;
    let path = args
        .out
        .clone()
        .unwrap_or_else(|| args.run.join(MODEL_NAME));
    let test = load_test(&args.data)?;
    let runtime = open(args.runtime)?;
    export_checked(&runtime, &network, &checkpoint, test, &args.data, &path)
}

fn export_checked(
    runtime: &Runtime,
    network: &Network,
    checkpoint: &Checkpoint,
    test: Dataset,
    data: &DataArgs,
    path: &Path,
) -> Result<(), Error> {
    let images = test.take(CHECKED_IMAGES);
    let second = AnotherProcess::beside(runtime, data, images.len(), checkpoint.record.augment());
    let process = second
        .as_ref()
        .ok()
        .map(|process| process as &dyn SecondRuntime);
    export(runtime, process, network, checkpoint, &images, path)?;
    let also = also(&second);
    println!(
        "{}: agrees with the trainer on {}{also}",
        path.display(),
        runtime.kind().name()
    );
    Ok(())
}

/// Whether a second runtime agreed, or why none was asked.
fn also(second: &Result<AnotherProcess, impl Display>) -> String {
    match second {
        Ok(process) => format!(" and {}", process.name()),
        Err(reason) => format!("; {reason}"),
    }
}

fn run_evaluate(args: &EvaluateArgs) -> Result<(), Error> {
    let model = read_model(&args.model)?;
    let test = load_test(&args.data)?;
    let test = match args.images {
        Some(count) => test.take(count as usize),
        None => test,
    };
    let augment = if args.invert {
        Augment::Invert
    } else {
        Augment::None
    };
    let runtime = open(args.runtime)?;
    let logits =
        run_model(&runtime, &model, &test, augment.variants()).map_err(|error| Error::Model {
            path: args.model.clone(),
            reason: Box::new(error),
        })?;
    if let Some(path) = &args.scores {
        atomic::write(path, &to_bytes(&logits))?;
    }
    println!(
        "accuracy {:.4} on {} images",
        accuracy(&logits, &test),
        logits.nrows()
    );
    println!("{}", runtime.description());
    Ok(())
}

fn read_model(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::ReadModel {
        path: path.into(),
        source,
    })
}

fn to_bytes(logits: &Array2<f32>) -> Vec<u8> {
    logits
        .iter()
        .flat_map(|logit| logit.to_le_bytes())
        .collect()
}

fn load(args: &DataArgs) -> Result<Digits, Error> {
    Ok(data::load(&args.data, args.offline)?)
}

/// Only the images to measure on.
fn load_test(args: &DataArgs) -> Result<Dataset, Error> {
    Ok(data::load_test(&args.data, args.offline)?)
}

/// Says what the data are, and what the user should know of them.
fn print_data(digits: &Digits) {
    println!("{}", describe(digits));
    if let Some(note) = digits.note() {
        eprintln!("note: {note}");
    }
}

/// What a model may tell about its data: where the files lie is nobody's business.
fn data_name(digits: &Digits) -> String {
    let of = if digits.sha256 == data::mnist::SHA256 {
        " of MNIST"
    } else {
        ""
    };
    format!("the first {} training images{of}", digits.train.len())
}

fn describe(digits: &Digits) -> String {
    format!(
        "{}: {} + {} images",
        digits.source,
        digits.train.len(),
        digits.test.len()
    )
}

/// Opens a runtime on all cores unless told otherwise, and passes on what it has to say.
pub(crate) fn open(args: RuntimeArgs) -> Result<Runtime, Error> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = Runtime::open(args.runtime, args.threads.map_or(cores, usize::from))?;
    if let Some(note) = runtime.note() {
        eprintln!("note: {note}");
    }
    Ok(runtime)
}
