//! What is recorded of a fit: how it learns, and from what.

use super::task::Task;
use crate::architecture::Network;
use crate::checkpoint::{Checkpoint, Record};
use crate::cli::FitArgs;
use crate::console::note;
use crate::data::{Sets, mnist};
use crate::optimizer::Optimizer;
use crate::recipe::Recipe;

/// Images of a step where neither the user nor a recipe says how many.
const BATCH: u32 = 128;
/// What the figures `val_` are from where a validation set is kept.
const VALIDATION: &str = "images set apart from those to learn from, to choose by";

/// The record of a new run, or that of the run to resume with what the user changes.
pub fn of(args: &FitArgs, task: &Task, resume: Option<&Checkpoint>) -> Record {
    let mut record = match resume {
        Some(checkpoint) => resumed_record(args, checkpoint, &task.sets),
        None => new_record(args, &task.network, task.recipe.clone()),
    };
    record.detector.clone_from(&task.detector);
    record.picture_input.clone_from(&task.picture_input);
    record.negatives = task.negatives;
    record.negatives_sha256.clone_from(&task.negatives_sha256);
    record.certainty = None;
    complete(&mut record, &task.sets, task.samples(), args);
    record
}

/// Completes a record for a fit on these sets, with so many samples an epoch.
fn complete(record: &mut Record, sets: &Sets, samples: usize, args: &FitArgs) {
    record.data_sha256.clone_from(&sets.sha256);
    record.data_source = data_name(sets, record.given(&sets.train));
    if sets.validation.is_some() {
        record.val_data = VALIDATION.into();
    } else if record.recipe.patience.is_some() {
        note("there is no validation set to choose by: `patience` ends nothing");
    }
    if args.batch.is_none() && record.batch_size > samples {
        let usual = record.batch_size;
        note(format_args!(
            "a step takes all {samples} images instead of {usual} (`--batch`)"
        ));
        record.batch_size = samples;
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
