//! `train fit`.

use input::file;

use super::export::export_checked;
use super::{expect_distinct, load, note_mismatch, open, tell_of};
use crate::checkpoint::{Checkpoint, Record};
use crate::cli::FitArgs;
use crate::console::{Console, note};
use crate::data::{Digits, mnist};
use crate::error::Error;
use crate::fit::{Options, Terminal, fit};
use crate::net::{Description, Network};
use crate::optimizer::Optimizer;
use crate::run::{self, MODEL_NAME, OutFolder, model_of};
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
    let resume = resumed.map(Checkpoint::load).transpose()?;
    run::expect_free(out, resumed, args.overwrite)?;
    let outputs = run::files(out);
    expect_distinct(&outputs.each_ref().map(|path| &**path), &[], &args.data)?;
    fit_and_export(args, resume, console, stop)
}

fn fit_and_export(
    args: &FitArgs,
    resume: Option<(Checkpoint, Network)>,
    console: &mut Console,
    stop: &Stop,
) -> Result<(), Error> {
    let (resume, resumed) = resume.unzip();
    let network = match (resumed, &args.network) {
        (Some(network), _) => network,
        (None, None) => Network::digits(),
        (None, Some(name)) => {
            let digits = Network::digits();
            Description::open(name)?.network(digits.input, digits.labels)?
        }
    };
    let mut digits = load(&args.data)?;
    if let Some(limit) = args.limit {
        digits.train = digits.train.take(limit as usize);
    }
    tell_of(&digits, console);
    let runtime = open(args.runtime)?;
    console.line(runtime.description());
    let resumed = resume.as_ref().map(|resumed| resumed.record.augment());
    let augment = args.augment.or(resumed).unwrap_or_default();
    let mut record = new_record(args, &network, &digits, resume.as_ref());
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
    let interrupted = stop.requested();
    let checkpoint = fit(
        &runtime,
        &network,
        &digits,
        record,
        options,
        interrupted,
        progress,
    )?;
    if stop.exit_code().is_some() {
        console.line("interrupted; the last finished epoch is kept");
    }
    let (test, model) = (digits.test, args.out.join(MODEL_NAME));
    let trained = (&checkpoint, &network);
    export_checked(&runtime, trained, test, &model, console, stop)
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
    let is_mnist = digits.sha256 == mnist::SHA256;
    let of = if is_mnist { " of MNIST" } else { "" };
    format!("the first {} training images{of}", digits.train.len())
}
