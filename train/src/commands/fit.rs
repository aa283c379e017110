//! `train fit`.

use super::export::export_checked;
use super::{expect_distinct, load, note_mismatch, open, tell_of};
use crate::checkpoint::{Checkpoint, Record};
use crate::cli::FitArgs;
use crate::console::{Console, note};
use crate::data::{Digits, mnist};
use crate::error::Error;
use crate::fit::{Options, Terminal, fit};
use crate::net::Network;
use crate::optimizer::Optimizer;
use crate::run::{MODEL_NAME, RunFolder, model_of};
use crate::stop::Stop;

pub fn run(args: &FitArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    let network = Network::digits();
    if let Some(run) = &args.resume {
        note_mismatch(&model_of(run));
    }
    // Locked before the checkpoint is read: nobody replaces it afterwards.
    let folder = RunFolder::open(&args.out)?;
    let resume = || {
        let run = args.resume.as_deref();
        Ok(run.map(|run| Checkpoint::load(run, &network)).transpose()?)
    };
    let fitted = resume().and_then(|resume| {
        expect_free(args, &folder)?;
        fit_and_export(args, &network, resume, console, stop)
    });
    if fitted.is_err() {
        folder.remove_unused();
    }
    fitted
}

/// Fails if results would take the place of what is to be kept.
fn expect_free(args: &FitArgs, folder: &RunFolder) -> Result<(), Error> {
    folder.expect_free(args.resume.as_deref(), args.overwrite)?;
    let [checkpoint, model] = folder.files();
    expect_distinct(&[&checkpoint, &model], &[], &args.data)
}

fn fit_and_export(
    args: &FitArgs,
    network: &Network,
    resume: Option<Checkpoint>,
    console: &mut Console,
    stop: &Stop,
) -> Result<(), Error> {
    let mut digits = load(&args.data)?;
    if let Some(limit) = args.limit {
        digits.train = digits.train.take(limit as usize);
    }
    tell_of(&digits, console);
    let runtime = open(args.runtime)?;
    console.line(runtime.description());
    let resumed = resume
        .as_ref()
        .map(|checkpoint| checkpoint.record.augment());
    let augment = args.augment.or(resumed).unwrap_or_default();
    let mut record = new_record(args, network, &digits, resume.as_ref());
    let samples = digits.train.len() * augment.variants().len();
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
    let checkpoint = fit(
        &runtime,
        network,
        &digits,
        record,
        options,
        stop.requested(),
        progress,
    )?;
    if stop.exit_code().is_some() {
        console.line("interrupted; the last finished epoch is kept");
    }
    let model = args.out.join(MODEL_NAME);
    export_checked(
        &runtime,
        network,
        &checkpoint,
        digits.test,
        &args.data,
        &model,
        console,
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
    let mut record = match resume {
        Some(checkpoint) => checkpoint.record.clone(),
        None => Record::new(network, optimizer, 128, args.seed.unwrap_or(0)),
    };
    if resume.is_some() && record.data_sha256 != digits.sha256 {
        note("the run to resume was trained on other images than these");
    }
    record.data_sha256.clone_from(&digits.sha256);
    record.data_source = data_name(digits);
    record.learning_rate = args.learning_rate.unwrap_or(record.learning_rate);
    record.batch_size = args.batch.map_or(record.batch_size, |batch| batch as usize);
    record
}

/// What a model may tell about its data: where the files lie is nobody's business.
fn data_name(digits: &Digits) -> String {
    let of = if digits.sha256 == mnist::SHA256 {
        " of MNIST"
    } else {
        ""
    };
    format!("the first {} training images{of}", digits.train.len())
}
