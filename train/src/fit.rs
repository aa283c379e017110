//! Fitting: epochs of steps, each epoch measured on the test set and saved.

mod progress;
mod trainer;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

pub use progress::{Progress, Silent, Terminal};
pub use trainer::{Sums, Trainer};

use crate::atomic;
use crate::checkpoint::{Checkpoint, Epoch, Record};
use crate::data::Digits;
use crate::data::augment::Augment;
use crate::data::batch::{Batches, Order};
use crate::error::Error;
use crate::evaluate::{Evaluation, Evaluator};
use crate::init;
use crate::net::Network;
use crate::runtime::Runtime;

/// Which epochs to add to a run, and where to keep it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Number of epochs to add, at least 1.
    pub epochs: usize,
    /// What is added to the images, in training and in the test set.
    pub augment: Augment,
    /// Folder for the checkpoint.
    pub out: PathBuf,
    /// The checkpoint to go on from, already taken into the record.
    pub resume: Option<Checkpoint>,
}

/// Fits `network` to `digits.train` and returns the last checkpoint, which also lies in [`Options::out`].
///
/// `record` says how: optimiser, step size, batch size, seed, and the epochs that are already done.
/// When `interrupted` becomes true the fit ends after the current step with the checkpoint of the last finished
/// epoch; if there is none, that is an error.
pub fn fit(
    runtime: &Runtime,
    network: &Network,
    digits: &Digits,
    mut record: Record,
    options: Options,
    interrupted: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Checkpoint, Error> {
    let variants = options.augment.variants();
    let steps = Batches::new(
        &digits.train,
        variants,
        record.batch_size,
        Order::Sequential,
    )?
    .len();
    atomic::prepare_folder(&options.out)?;
    let variables = options.resume.map(|checkpoint| checkpoint.variables);
    let mut trainer = Trainer::new(runtime, network, &record, variables)?;
    let mut parameters = trainer.variables()?;
    parameters.truncate(network.parameters().len());
    let mut evaluator = Evaluator::new(runtime, network, parameters, &digits.test, variants)?;
    let mut last = None;
    for number in 1..=options.epochs {
        let start = Instant::now();
        progress.begin(number, options.epochs, steps);
        let seed = init::epoch_seed(record.seed, record.epochs.len());
        let on_step = |sums: &Sums| progress.step(sums);
        let done = trainer.epoch(&digits.train, options.augment, seed, interrupted, on_step)?;
        let Some(sums) = done else { break };
        let variables = trainer.variables()?;
        evaluator.set_parameters(&variables)?;
        let epoch = finished_epoch(options.augment, &sums, &evaluator.evaluate()?);
        if let Some(loss) = epoch.infinite_loss() {
            let learning_rate = record.learning_rate;
            return Err(Error::Diverged {
                epoch: number,
                loss,
                learning_rate,
            });
        }
        record.epochs.push(epoch);
        let checkpoint = Checkpoint {
            record: record.clone(),
            variables,
        };
        checkpoint.save(&options.out)?;
        last = Some(checkpoint);
        progress.end(&epoch, start.elapsed());
    }
    last.ok_or(Error::Interrupted)
}

fn finished_epoch(augment: Augment, sums: &Sums, measured: &Evaluation) -> Epoch {
    Epoch {
        augment,
        loss: sums.mean_loss(),
        accuracy: sums.accuracy(),
        val_loss: measured.loss,
        val_accuracy: measured.accuracy,
    }
}
