//! `train fit`.

mod board;

use std::path::Path;

use input::file;
use ndarray::Array2;

use super::export::export_checked;
use super::report::write_report;
use super::{expect_distinct, expect_form, load, note_mismatch, open, tell_before_learning};
use crate::checkpoint::{Checkpoint, Record};
use crate::cli::FitArgs;
use crate::console::{Console, note};
use crate::data::augment::Variant;
use crate::data::{Dataset, Sets, mnist};
use crate::error::Error;
use crate::evaluate::{EvaluateError, Evaluator};
use crate::fit::{FitError, Options, Terminal, fit};
use crate::net::{Description, Network};
use crate::optimizer::Optimizer;
use crate::recipe::Recipe;
use crate::report::Report;
use crate::run::{self, OutFolder, model_name, model_of};
use crate::runtime::Runtime;
use crate::stop::Stop;

/// Epochs where neither the user nor a recipe says how many.
const EPOCHS: u32 = 2;
/// Images of a step, likewise.
const BATCH: u32 = 128;
/// What the figures `val_` are from where a validation set is kept.
const VALIDATION: &str = "images set apart from those to learn from, to choose by";

pub fn run(args: &FitArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    let (out, resumed) = (&*args.out, args.resume.as_deref());
    // Held until the folder, if it is still empty, is gone.
    let lock;
    let _folder = OutFolder::prepare(out, stop)?;
    // Locked before the checkpoint is read: nobody replaces it afterwards.
    lock = run::lock(out)?;
    if lock.is_some() {
        file::remove_stale(out);
    }
    let resume = resumed.map(Checkpoint::load).transpose()?;
    let description = match (&resume, &args.network) {
        (None, Some(name)) => Some(Description::open(name)?),
        _ => None,
    };
    if let (Some(run), Some((_, network))) = (resumed, &resume) {
        note_mismatch(&model_of(run, &network.name));
    }
    let resumed = resume.as_ref().map(|(_, network)| &*network.name);
    // Before pictures are loaded the network that fits them is not known.
    let name = resumed.or(description.as_ref().map(Description::name));
    expect_outputs(args, name)?;
    fit_and_export(args, resume, description, console, stop)
}

/// Fails unless the files that a fit writes, those of a network if it is known, may be written.
fn expect_outputs(args: &FitArgs, network: Option<&str>) -> Result<(), Error> {
    run::expect_free(&args.out, network, args.resume.as_deref(), args.overwrite)?;
    let outputs = run::files(&args.out, network);
    let outputs: Vec<&Path> = outputs.iter().map(|path| &**path).collect();
    expect_distinct(&outputs, &[], &args.data)
}

fn fit_and_export(
    args: &FitArgs,
    resume: Option<(Checkpoint, Network)>,
    description: Option<Description>,
    console: &mut Console,
    stop: &Stop,
) -> Result<(), Error> {
    let mut loaded = load(&args.data)?;
    let runtime = open(args.runtime)?;
    let (resume, resumed) = resume.unzip();
    let is_known = resumed.is_some() || description.is_some();
    let network = match resumed {
        Some(network) => network,
        None => new_network(args, description, &loaded.sets, &runtime)?,
    };
    if let Some(board) = args.board.as_ref().filter(|_| is_known) {
        board::warn(&network, board, &runtime)?;
    }
    expect_form(&network, &loaded.sets.train)?;
    if let Some(limit) = args.limit {
        loaded.sets.train = loaded.sets.train.take(limit as usize);
    }
    tell_before_learning(&loaded, console);
    let sets = loaded.sets;
    console.line(runtime.description());
    let resumed = resume.as_ref().map(|resumed| resumed.record.augment());
    let augment = args.augment.or(resumed).unwrap_or_default();
    let recipe = recipe(args, &network, resume.as_ref())?;
    let epochs = args.epochs.or(recipe.epochs).unwrap_or(EPOCHS);
    let mut record = match &resume {
        Some(checkpoint) => resumed_record(args, checkpoint, &sets),
        None => new_record(args, &network, recipe),
    };
    complete(
        &mut record,
        &sets,
        sets.train.len() * augment.variants().len(),
        args,
    );
    let options = Options {
        epochs: epochs as usize,
        augment,
        device: args.device,
        out: args.out.clone(),
        resume,
    };
    stop.wait_for_work();
    let progress = &mut Terminal::new(console);
    let interrupted = stop.requested();
    let checkpoint = fit(
        &runtime,
        &network,
        &sets,
        record,
        options,
        interrupted,
        progress,
    )?;
    if stop.exit_code().is_some() {
        console.line("interrupted; the last finished epoch is kept");
    }
    let trained = (&runtime, &network, &checkpoint);
    if sets.validation.is_some() {
        measure(trained, &sets.test, args, console)?;
    }
    let model = args.out.join(model_name(&network.name));
    export_checked(trained, sets.test, &model, console, stop)
}

/// Completes a record for a fit on these sets, with so many samples an epoch.
fn complete(record: &mut Record, sets: &Sets, samples: usize, args: &FitArgs) {
    record.data_sha256.clone_from(&sets.sha256);
    record.data_source = data_name(sets);
    if sets.validation.is_some() {
        record.val_data = VALIDATION.into();
    }
    if args.batch.is_none() && record.batch_size > samples {
        let usual = record.batch_size;
        note(format_args!(
            "a step takes all {samples} images instead of {usual} (`--batch`)"
        ));
        record.batch_size = samples;
    }
}

/// Says what the network achieves on the test set, by which nothing was chosen.
fn measure(
    (runtime, network, checkpoint): (&Runtime, &Network, &Checkpoint),
    test: &Dataset,
    args: &FitArgs,
    console: &mut Console,
) -> Result<(), Error> {
    let logits = || -> Result<Array2<f32>, EvaluateError> {
        let (parameters, variants) = (checkpoint.parameters(network), &[Variant::Plain]);
        let mut evaluator = Evaluator::new(runtime, network, parameters, test, variants)?;
        Ok(evaluator.evaluate()?.logits)
    };
    let logits = logits().map_err(FitError::from)?;
    let report = Report::new(&network.labels, test.labels(), &logits);
    console.line(format_args!(
        "test set, by which nothing is chosen: {}",
        report.text()
    ));
    let page = args.out.join(format!("{}-report.html", network.name));
    let epochs = &checkpoint.record.epochs;
    let pictures = (test, &[Variant::Plain][..]);
    write_report(&page, &network.name, &report, pictures, epochs, console)
}

/// The network that is named, or one that fits the pictures.
fn new_network(
    args: &FitArgs,
    description: Option<Description>,
    sets: &Sets,
    runtime: &Runtime,
) -> Result<Network, Error> {
    let (shape, classes) = (sets.train.shape(), sets.train.classes());
    let description = description.map_or_else(|| chosen(args, &sets.train, runtime), Ok)?;
    Ok(description.network(shape, classes.to_vec())?)
}

/// The network for pictures like these where none is named.
fn chosen(args: &FitArgs, pictures: &Dataset, runtime: &Runtime) -> Result<Description, Error> {
    let chosen = match &args.board {
        Some(board) => board::choose(pictures, board, runtime)?,
        None => Description::for_pictures(pictures.shape()),
    };
    let (name, [_, rows, columns]) = (chosen.name(), pictures.shape());
    expect_outputs(args, Some(name))?;
    if name != "digits" && args.board.is_none() {
        note(format_args!(
            "the network is {name}, which is for pictures of about {rows} x {columns} (`--network` names another)"
        ));
    }
    Ok(chosen)
}

/// The recipe that is named, or the usual one.
fn recipe(args: &FitArgs, network: &Network, resume: Option<&Checkpoint>) -> Result<Recipe, Error> {
    match (&args.recipe, resume) {
        (_, Some(checkpoint)) => Ok(checkpoint.record.recipe.clone()),
        (Some(path), None) => Ok(Recipe::open(path)?),
        (None, None) => Ok(Recipe::usual(network)),
    }
}

fn new_record(args: &FitArgs, network: &Network, recipe: Recipe) -> Record {
    let optimizer = args.optimizer.or(recipe.optimizer);
    let optimizer = optimizer.unwrap_or(Optimizer::Rmsprop);
    let batch = args.batch.or(recipe.batch).unwrap_or(BATCH);
    let record = Record::new(network, optimizer, batch as usize, args.seed.unwrap_or(0));
    let rate = args.learning_rate.or(recipe.learning_rate);
    Record {
        learning_rate: rate.unwrap_or(record.learning_rate),
        recipe: recipe.kept(),
        ..record
    }
}

/// The record of the run to resume, with what the user changes.
fn resumed_record(args: &FitArgs, checkpoint: &Checkpoint, sets: &Sets) -> Record {
    let record = checkpoint.record.clone();
    if record.data_sha256 != sets.sha256 {
        note("the run to resume was trained on other images than these");
    }
    Record {
        learning_rate: args.learning_rate.unwrap_or(record.learning_rate),
        batch_size: args.batch.map_or(record.batch_size, |batch| batch as usize),
        ..record
    }
}

/// What a model may tell about its data: where the files lie is nobody's business.
fn data_name(sets: &Sets) -> String {
    let count = sets.train.len();
    let is_mnist = sets.sha256 == mnist::SHA256;
    let of = if is_mnist { " of MNIST" } else { "" };
    match &sets.validation {
        // They are in an order of their own.
        Some(_) => format!("{count} training images"),
        None => format!("the first {count} training images{of}"),
    }
}
