//! `train fit`.

mod board;
mod negatives;
mod picture_input;
mod start;
mod task;

use std::path::Path;

use input::file::{self, display_name};
use ndarray::Array2;
use no_std_core::format::OutputKind;

use super::export::export_checked;
use super::learnt;
use super::report::write_report;
use super::{expect_distinct, open};
use crate::architecture::Network;
use crate::checkpoint::{self, Checkpoint, Record};
use crate::cli::{FitArgs, FormsArg};
use crate::console::{Console, note};
use crate::data::augment::Variant;
use crate::data::{Dataset, Sets, Source, mnist};
use crate::error::Error;
use crate::evaluate::{EvaluateError, Evaluator};
use crate::fit::{FitError, Options, Terminal, fastest, fit};
use crate::optimizer::Optimizer;
use crate::recipe::Recipe;
use crate::report::Report;
use crate::run::{self, OutFolder, model_name};
use crate::runtime::Runtime;
use crate::stop::Stop;
use start::Start;
use task::Task;

/// Epochs where neither the user nor a recipe says how many.
const EPOCHS: u32 = 2;
/// Images of a step, likewise.
const BATCH: u32 = 128;
/// Steps in which a network learns something, for which few samples are shown in more epochs where nobody says how many.
const FEWEST_STEPS: usize = 400;
/// The most epochs that this may take.
const MOST_EPOCHS: u32 = 100;
/// What the figures `val_` are from where a validation set is kept.
const VALIDATION: &str = "images set apart from those to learn from, to choose by";

pub fn run(args: &FitArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    args.expect_usage();
    let out = &*args.out;
    // Held until the folder, if it is still empty, is gone.
    let lock;
    let _folder = OutFolder::prepare(out, stop)?;
    // Locked before the checkpoint is read: nobody replaces it afterwards.
    lock = run::lock(out)?;
    if lock.is_some() {
        file::remove_stale(out);
    }
    let start = Start::open(args)?;
    // Before pictures are loaded the network that fits them is not known.
    expect_outputs(args, start.name())?;
    fit_and_export(args, start, console, stop)
}

/// Fails unless the files that a fit writes, those of a network if it is known, may be written.
fn expect_outputs(args: &FitArgs, network: Option<&str>) -> Result<(), Error> {
    run::expect_free(&args.out, network, args.resume.as_deref(), args.overwrite)?;
    let outputs = run::files(&args.out, network);
    let outputs: Vec<&Path> = outputs.iter().map(|path| &**path).collect();
    let from = args.from.as_deref().map(checkpoint::file_of);
    let negatives = args.negatives.iter().flat_map(Source::files);
    let negatives: Vec<_> = negatives.collect();
    let negatives = negatives.iter().map(|path| ("--negatives", &**path));
    let inputs = from.iter().map(|path| ("--from", &**path));
    let inputs: Vec<_> = inputs.chain(negatives).collect();
    expect_distinct(&outputs, &inputs, &args.data)
}

fn fit_and_export(
    args: &FitArgs,
    mut start: Start,
    console: &mut Console,
    stop: &Stop,
) -> Result<(), Error> {
    let runtime = open(args.runtime)?;
    let mut task = Task::new(args, &mut start, &runtime, console)?;
    console.line(runtime.description());
    let resumed = start.resumed();
    let kept = resumed.map(|resumed| resumed.record.augment());
    let augment = args.augment.or(kept).unwrap_or_default();
    let recipe = task.recipe.clone();
    learnt::expect_recipe(&recipe, augment, &task.network, &task.sets.train)?;
    let (of, prepared) = (
        (&recipe, &task.network),
        picture_input::options(&start, args)?,
    );
    let negatives = negatives::add(args, of, &mut task.sets, prepared, console)?;
    negatives::expect_those_of(resumed, negatives)?;
    let of_recipe = recipe.epochs;
    let samples = task.sets.train.len() * augment.variants().len();
    let mut record = record(args, &task, (resumed, recipe), [samples, negatives]);
    let steps = samples.div_ceil(record.batch_size);
    let epochs = args
        .epochs
        .unwrap_or_else(|| epochs(args, of_recipe, steps));
    stop.wait_for_work();
    if resumed.is_none() && measures_forms(args, &task.network) {
        record.forms = fastest(&runtime, &task.network, &record)?;
    }
    let resume = start.checkpoint(&task.network, &mut record)?;
    let planned = record.epochs.len() + epochs as usize;
    let options = Options {
        epochs: epochs as usize,
        augment,
        device: args.device,
        out: args.out.clone(),
        resume,
    };
    let progress = &mut Terminal::new(console, task.network.output);
    let interrupted = stop.requested();
    let (network, sets) = (&task.network, &task.sets);
    let checkpoint = fit(
        &runtime,
        network,
        sets,
        record,
        options,
        interrupted,
        progress,
    )?;
    if stop.exit_code().is_some() {
        say_interrupted(&checkpoint, planned, &args.out, console);
    }
    finish(
        (&runtime, network, checkpoint),
        task.sets,
        args,
        console,
        stop,
    )
}

/// Says what is kept of so many planned epochs, and how to train the others.
fn say_interrupted(checkpoint: &Checkpoint, planned: usize, out: &Path, console: &mut Console) {
    let rest = match planned.saturating_sub(checkpoint.record.epochs.len()) {
        0 => String::new(),
        left => format!(
            "; `--resume {} --epochs {left}` trains the rest",
            display_name(out)
        ),
    };
    console.line(format_args!(
        "interrupted; the last finished epoch is kept{rest}"
    ));
}

/// The record of a new run of so many samples an epoch and so many of no class, or that of the run to resume with what the user
/// changes.
fn record(
    args: &FitArgs,
    task: &Task,
    (resume, recipe): (Option<&Checkpoint>, Recipe),
    [samples, negatives]: [usize; 2],
) -> Record {
    let mut record = match resume {
        Some(checkpoint) => resumed_record(args, checkpoint, &task.sets),
        None => new_record(args, &task.network, recipe),
    };
    record.detector.clone_from(&task.detector);
    record.picture_input.clone_from(&task.picture_input);
    record.negatives = negatives;
    record.certainty = None;
    complete(&mut record, &task.sets, samples, args);
    record
}

/// Measures what was learnt, and writes the model.
fn finish(
    (runtime, network, mut checkpoint): (&Runtime, &Network, Checkpoint),
    sets: Sets,
    args: &FitArgs,
    console: &mut Console,
    stop: &Stop,
) -> Result<(), Error> {
    if checkpoint.record.negatives > 0 {
        negatives::set_certainty(runtime, network, &mut checkpoint, &sets, console)?;
        run::save(&checkpoint, &args.out)?;
    }
    let trained = (runtime, network, &checkpoint);
    if network.output != OutputKind::Classes {
        learnt::measure(trained, &sets.test, &args.out, console)?;
    } else if sets.validation.is_some() {
        measure(trained, &sets.test, args, console)?;
    }
    let model = args.out.join(model_name(&network.name));
    export_checked(trained, sets.test, &model, console, stop)
}

/// The epochs of a recipe, each of so many steps. The usual recipe has as many more as few pictures need.
fn epochs(args: &FitArgs, planned: Option<u32>, steps: usize) -> u32 {
    let Some(usual) = planned.filter(|_| args.recipe.is_none()) else {
        return planned.unwrap_or(EPOCHS);
    };
    let enough = (FEWEST_STEPS.div_ceil(steps) as u32).min(MOST_EPOCHS);
    if enough > usual {
        note(format_args!(
            "{enough} epochs, since there are few samples to learn from (`--epochs`)"
        ));
    }
    usual.max(enough)
}

/// Whether the forms of a step are measured: those of the digit network are the same on every machine, as its figures are.
fn measures_forms(args: &FitArgs, network: &Network) -> bool {
    match args.forms {
        Some(forms) => forms == FormsArg::Measured,
        None => !network.is_digits(),
    }
}

/// Completes a record for a fit on these sets, with so many samples an epoch.
fn complete(record: &mut Record, sets: &Sets, samples: usize, args: &FitArgs) {
    record.data_sha256.clone_from(&sets.sha256);
    record.data_source = data_name(sets, sets.train.len() - record.negatives);
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
    let logits = logits((runtime, network, checkpoint), test, &[Variant::Plain])?;
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

/// The logits of a network for pictures in these variants.
fn logits(
    (runtime, network, checkpoint): (&Runtime, &Network, &Checkpoint),
    pictures: &Dataset,
    variants: &'static [Variant],
) -> Result<Array2<f32>, Error> {
    let evaluated = || -> Result<Array2<f32>, EvaluateError> {
        let parameters = checkpoint.parameters(network);
        let mut evaluator = Evaluator::new(runtime, network, parameters, pictures, variants)?;
        Ok(evaluator.evaluate()?.logits)
    };
    Ok(evaluated().map_err(FitError::from)?)
}

/// The recipe that is named, or the usual one.
fn recipe(args: &FitArgs, network: &Network, resume: Option<&Checkpoint>) -> Result<Recipe, Error> {
    match (&args.recipe, resume) {
        (_, Some(checkpoint)) => Ok(checkpoint.record.recipe.clone()),
        (Some(path), None) => Ok(Recipe::open(path)?),
        (None, None) if args.from.is_some() => Ok(Recipe::tuning()),
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
fn data_name(sets: &Sets, count: usize) -> String {
    let is_mnist = sets.sha256 == mnist::SHA256;
    let of = if is_mnist { " of MNIST" } else { "" };
    match &sets.validation {
        // They are in an order of their own.
        Some(_) => format!("{count} training images"),
        None => format!("the first {count} training images{of}"),
    }
}
