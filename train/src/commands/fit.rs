//! `train fit`.

mod board;
mod negatives;
mod picture_input;
mod printed;
mod record;
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
use crate::checkpoint::{self, Checkpoint};
use crate::cli::{FitArgs, FormsArg};
use crate::console::{Console, note};
use crate::data::augment::Variant;
use crate::data::{Dataset, Sets, Source};
use crate::error::Error;
use crate::evaluate::{EvaluateError, Evaluator};
use crate::fit::{FitError, Options, Terminal, fastest, fit};
use crate::recipe::Recipe;
use crate::report::Report;
use crate::run::{self, OutFolder, model_name};
use crate::runtime::Runtime;
use crate::stop::Stop;
use start::Start;
use task::Task;

/// Epochs where neither the user nor a recipe says how many.
const EPOCHS: u32 = 2;
/// Steps in which a network learns something, for which few samples are shown in more epochs where nobody says how many.
const FEWEST_STEPS: usize = 400;
/// The most epochs that this may take.
const MOST_EPOCHS: u32 = 100;

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
    printed::add(&mut task, console)?;
    negatives::add(&mut task, args, &start, console)?;
    let checkpoint = learn(&runtime, &task, args, start, console, stop)?;
    let trained = (&runtime, &task.network, checkpoint);
    finish(trained, task.sets, args, console, stop)
}

/// Fits the network of a task, for as many epochs as the user or the recipe says.
fn learn(
    runtime: &Runtime,
    task: &Task,
    args: &FitArgs,
    start: Start,
    console: &mut Console,
    stop: &Stop,
) -> Result<Checkpoint, Error> {
    let resumed = start.resumed();
    let mut record = record::of(args, task, resumed);
    let epochs = epochs(args, task, record.batch_size) as usize;
    stop.wait_for_work();
    if resumed.is_none() && measures_forms(args, &task.network) {
        record.forms = fastest(runtime, &task.network, &record)?;
    }
    let resume = start.checkpoint(&task.network, &mut record)?;
    let planned = record.epochs.len() + epochs;
    let options = Options {
        epochs,
        augment: task.augment,
        device: args.device,
        out: args.out.clone(),
        resume,
    };
    let (network, sets) = (&task.network, &task.sets);
    let progress = &mut Terminal::new(console, network.output);
    let interrupted = stop.requested();
    let checkpoint = fit(
        runtime,
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
    Ok(checkpoint)
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

/// The epochs that the user wants, else those of the recipe, else those of the usual one, of which few pictures need more.
fn epochs(args: &FitArgs, task: &Task, batch_size: usize) -> u32 {
    let of_recipe = task.recipe.epochs.filter(|_| args.recipe.is_some());
    if let Some(named) = args.epochs.or(of_recipe) {
        return named;
    }
    let usual = Recipe::usual(&task.network).epochs;
    let Some(usual) = task.recipe.epochs.or(usual) else {
        return EPOCHS;
    };
    let steps = task.samples().div_ceil(batch_size);
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
    let line = write_report(&page, &network.name, &report, pictures, epochs)?;
    console.line(line);
    Ok(())
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
