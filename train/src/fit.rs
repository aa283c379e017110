//! Fitting: epochs of steps, each epoch measured on pictures that are not learnt from, and saved.

mod device_data;
mod on_device;
mod progress;
mod trainer;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

pub use on_device::DeviceTrainer;
pub use progress::{Progress, Silent, Terminal};
pub use trainer::{EpochAt, Sums, Trainer};

use input::file::{self, WriteError};

use crate::checkpoint::{Checkpoint, Epoch, Record};
use crate::data::augment::Augment;
use crate::data::batch::{Batches, Order};
use crate::data::{DataError, Dataset, Sets};
use crate::evaluate::{EvaluateError, Evaluation, Evaluator};
use crate::graph::GraphError;
use crate::init;
use crate::net::Network;
use crate::optimizer::in_use;
use crate::run;
use crate::runtime::{DeviceOptions, Kind, Runtime, RuntimeError};
use crate::tensor::Tensor;

#[derive(Debug, thiserror::Error)]
pub enum FitError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(
        "epoch {epoch}: expected a finite loss, found {loss}; a lower --learning-rate than \
         {learning_rate} may help; the checkpoint of the last finished epoch is untouched"
    )]
    Diverged {
        epoch: usize,
        loss: f64,
        learning_rate: f32,
    },
    #[error("interrupted before the first epoch was finished; nothing was written")]
    Interrupted,
}

/// Which epochs to add to a run, and where to keep it.
#[derive(Clone, Debug)]
pub struct Options {
    /// At least 1.
    pub epochs: usize,
    /// What is added to the images that are learnt from and to those that are measured on.
    pub augment: Augment,
    /// How a GPU trains; all is measured in full precision.
    pub device: DeviceOptions,
    pub out: PathBuf,
    /// The checkpoint to go on from, already taken into the record.
    pub resume: Option<Checkpoint>,
}

/// Fits `network` to `sets.train` and returns the last checkpoint, or where there is a validation set the one that is best on
/// it; that also lies in [`Options::out`].
///
/// `record` says how: optimiser, step size, batch size, seed, and the epochs that are already done.
/// When `interrupted` becomes true the fit ends after the current step with the checkpoint of the last finished
/// epoch; if there is none, that is an error.
pub fn fit(
    runtime: &Runtime,
    network: &Network,
    sets: &Sets,
    mut record: Record,
    options: Options,
    interrupted: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<Checkpoint, FitError> {
    let variants = options.augment.variants();
    let (images, batch_size) = (&sets.train, record.batch_size);
    let steps = Batches::new(images, variants, batch_size, Order::Sequential)?.len();
    runtime.check_precision(options.device.precision)?;
    file::prepare_folder(&options.out)?;
    let variables = options.resume.map(|checkpoint| checkpoint.variables);
    let how = (options.augment, options.device);
    let mut trainer = Epochs::new(runtime, network, &record, variables, images, how)?;
    let parameters = network.parameters().len();
    let mut first = trainer.variables()?;
    first.truncate(parameters);
    let mut evaluator = Evaluator::new(runtime, network, first, sets.measured(), variants)?;
    let mut best: Option<Checkpoint> = None;
    let planned = record.epochs.len() + options.epochs;
    for number in 1..=options.epochs {
        let start = Instant::now();
        progress.begin(number, options.epochs, steps);
        let finished = record.epochs.len();
        let at = |done| EpochAt {
            seed: init::epoch_seed(record.seed, done),
            done,
            planned,
        };
        let next = (number < options.epochs).then(|| at(finished + 1).seed);
        let on_step = |sums: &Sums| progress.step(sums);
        let done = trainer.epoch(at(finished), next, interrupted, on_step)?;
        let Some(sums) = done else { break };
        let variables = trainer.variables()?;
        evaluator.set_parameters(&in_use(&variables, parameters))?;
        let epoch = finished_epoch(options.augment, &sums, &evaluator.evaluate()?);
        if let Some(loss) = epoch.infinite_loss() {
            let learning_rate = record.learning_rate;
            return Err(FitError::Diverged {
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
        run::save(&checkpoint, &options.out)?;
        progress.end(&epoch, start.elapsed());
        if sets.validation.is_none()
            || best
                .as_ref()
                .is_none_or(|best| is_better(&checkpoint, best))
        {
            best = Some(checkpoint);
        }
        let waited = |best: &Checkpoint| record.epochs.len() - best.record.epochs.len();
        let patience = record.recipe.patience.map(|epochs| epochs as usize);
        if patience.is_some_and(|patience| best.as_ref().map_or(0, waited) >= patience) {
            break;
        }
    }
    let best = best.ok_or(FitError::Interrupted)?;
    if best.record.epochs.len() < record.epochs.len() {
        run::save(&best, &options.out)?;
    }
    Ok(best)
}

/// Whether the last epoch of a run has more right answers than that of another, or the same with less loss.
fn is_better(one: &Checkpoint, other: &Checkpoint) -> bool {
    let last = |checkpoint: &Checkpoint| {
        let epoch = checkpoint.record.epochs.last();
        epoch.map(|epoch| (epoch.val_accuracy, -epoch.val_loss))
    };
    last(one) > last(other)
}

/// Where the images are in training: on the device if that is a GPU and shows them as they are, else on the host.
pub(crate) enum Epochs<'a> {
    Fed(Box<Trainer>, &'a Dataset, Augment),
    OnDevice(Box<DeviceTrainer<'a>>),
}

impl<'a> Epochs<'a> {
    pub(crate) fn new(
        runtime: &Runtime,
        network: &Network,
        record: &Record,
        variables: Option<Vec<(String, Tensor)>>,
        images: &'a Dataset,
        (augment, device): (Augment, DeviceOptions),
    ) -> Result<Self, FitError> {
        if runtime.kind() != Kind::Cuda || !record.recipe.is_plain() {
            let trainer = Trainer::new(runtime, network, record, variables)?;
            return Ok(Self::Fed(Box::new(trainer), images, augment));
        }
        let shown = augment.variants();
        let trainer =
            DeviceTrainer::new(runtime, network, record, variables, images, shown, device)?;
        Ok(Self::OnDevice(Box::new(trainer)))
    }

    /// Steps through all images once, and prepares for the epoch of the next seed if that pays.
    pub(crate) fn epoch(
        &mut self,
        at: EpochAt,
        next_seed: Option<u64>,
        interrupted: &AtomicBool,
        on_step: impl FnMut(&Sums),
    ) -> Result<Option<Sums>, FitError> {
        match self {
            Self::Fed(trainer, images, augment) => {
                trainer.epoch(images, *augment, at, interrupted, on_step)
            }
            Self::OnDevice(trainer) => trainer.epoch(at.seed, next_seed, interrupted, on_step),
        }
    }

    fn variables(&self) -> Result<Vec<(String, Tensor)>, RuntimeError> {
        match self {
            Self::Fed(trainer, ..) => trainer.variables(),
            Self::OnDevice(trainer) => trainer.variables(),
        }
    }
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
