//! `train fit`.

use input::file;

use super::export::export_checked;
use super::{expect_distinct, load, network_for, note_mismatch, open, tell_before_learning};
use crate::checkpoint::{Checkpoint, Record};
use crate::cli::FitArgs;
use crate::console::{Console, note};
use crate::data::{Dataset, Sets, mnist};
use crate::error::Error;
use crate::evaluate::{Evaluation, Evaluator};
use crate::fit::{FitError, Options, Terminal, fit};
use crate::net::Network;
use crate::optimizer::Optimizer;
use crate::run::{self, MODEL_NAME, OutFolder, model_of};
use crate::runtime::Runtime;
use crate::stop::Stop;

pub fn run(args: &FitArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    let (out, resumed) = (&*args.out, args.resume.as_deref());
    if let Some(run) = resumed {
        note_mismatch(&model_of(run));
    }
    // Held until the folder, if it is still empty, is gone.
    let lock;
    let _folder = OutFolder::prepare(out, stop)?;
    // Locked before the checkpoint is read: nobody replaces it afterwards.
    lock = run::lock(out)?;
    if lock.is_some() {
        file::remove_stale(out);
    }
    let load = |run| Checkpoint::load(run, &Network::digits());
    let resume = resumed.map(load).transpose()?;
    run::expect_free(out, resumed, args.overwrite)?;
    let outputs = run::files(out);
    expect_distinct(&outputs.each_ref().map(|path| &**path), &[], &args.data)?;
    fit_and_export(args, resume, console, stop)
}

fn fit_and_export(
    args: &FitArgs,
    resume: Option<Checkpoint>,
    console: &mut Console,
    stop: &Stop,
) -> Result<(), Error> {
    let mut loaded = load(&args.data)?;
    if let Some(limit) = args.limit {
        loaded.sets.train = loaded.sets.train.take(limit as usize);
    }
    tell_before_learning(&loaded, console);
    let sets = loaded.sets;
    let network = network_for(&sets.train)?;
    let runtime = open(args.runtime)?;
    console.line(runtime.description());
    let resumed = resume.as_ref().map(|resumed| resumed.record.augment());
    let augment = args.augment.or(resumed).unwrap_or_default();
    let mut record = new_record(args, &network, &sets, resume.as_ref());
    let samples = sets.train.len() * augment.variants().len();
    if args.batch.is_none() && record.batch_size > samples {
        let usual = record.batch_size;
        note(format_args!(
            "a step takes all {samples} images instead of {usual} (`--batch`)"
        ));
        record.batch_size = samples;
    }
    let options = Options {
        epochs: args.epochs as usize,
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
        measure(trained, &sets.test, console)?;
    }
    let model = args.out.join(MODEL_NAME);
    export_checked(trained, sets.test, &model, console, stop)
}

/// Says what the network achieves on the test set, by which nothing was chosen.
fn measure(
    (runtime, network, checkpoint): (&Runtime, &Network, &Checkpoint),
    test: &Dataset,
    console: &mut Console,
) -> Result<(), Error> {
    let parameters = checkpoint.variables[..network.parameters().len()].to_vec();
    let variants = checkpoint.record.augment().variants();
    let measured = Evaluator::new(runtime, network, parameters, test, variants)
        .and_then(|mut evaluator| evaluator.evaluate());
    let Evaluation { loss, accuracy, .. } = measured.map_err(FitError::from)?;
    console.line(format_args!(
        "test set: loss {loss:.4}, accuracy {accuracy:.4} on {} images, by which nothing is chosen",
        test.len() * variants.len()
    ));
    Ok(())
}

/// The record of a new run, or of the one to resume with what the user changes.
fn new_record(
    args: &FitArgs,
    network: &Network,
    sets: &Sets,
    resume: Option<&Checkpoint>,
) -> Record {
    let optimizer = args.optimizer.unwrap_or(Optimizer::Rmsprop);
    let mut record = match resume {
        Some(checkpoint) => checkpoint.record.clone(),
        None => Record::new(network, optimizer, 128, args.seed.unwrap_or(0)),
    };
    if resume.is_some() && record.data_sha256 != sets.sha256 {
        note("the run to resume was trained on other images than these");
    }
    record.data_sha256.clone_from(&sets.sha256);
    record.data_source = data_name(sets);
    if sets.validation.is_some() {
        record.val_data = "images set apart from those to learn from, to choose by".into();
    }
    record.learning_rate = args.learning_rate.unwrap_or(record.learning_rate);
    record.batch_size = args.batch.map_or(record.batch_size, |batch| batch as usize);
    record
}

/// What a model may tell about its data: where the files lie is nobody's business.
fn data_name(sets: &Sets) -> String {
    let is_mnist = sets.sha256 == mnist::SHA256;
    let of = if is_mnist { " of MNIST" } else { "" };
    format!("the first {} training images{of}", sets.train.len())
}
