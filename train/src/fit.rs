//! Fitting: epochs of steps, each epoch measured on pictures that are not learnt from, and saved.

mod device_data;
mod forms;
mod judge;
mod on_device;
mod progress;
mod trainer;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

pub use forms::fastest;
use judge::Judge;
pub use on_device::DeviceTrainer;
pub use progress::{Progress, Silent, Terminal};
pub(crate) use trainer::first_values;
pub use trainer::{EpochAt, Sums, Trainer};

use input::file::{self, WriteError};
use no_std_core::format::OutputKind;

use crate::architecture::Network;
use crate::checkpoint::{Checkpoint, Record};
use crate::data::augment::Augment;
use crate::data::batch::{Batches, Order};
use crate::data::{DataError, Dataset, Element, Sets};
use crate::evaluate::EvaluateError;
use crate::graph::GraphError;
use crate::init;
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
    /// The checkpoint to go on from, already taken into the record; one without an epoch is a start.
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
    let mut best = Best::new(sets, &record, options.resume.as_ref());
    let variables = options.resume.map(|checkpoint| checkpoint.variables);
    let how = (options.augment, options.device);
    let mut trainer = Epochs::new(runtime, network, &record, variables, images, how)?;
    let mut judge = Judge::new(runtime, network, sets, &record, (options.augment, &trainer))?;
    let finished_before = record.epochs.len();
    let planned = finished_before + options.epochs;
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
        let epoch = judge.measure(&variables, (number, &sums), &mut record)?;
        let checkpoint = Checkpoint {
            record: record.clone(),
            variables,
        };
        run::save(&checkpoint, &options.out)?;
        progress.end(&epoch, start.elapsed());
        best.add(checkpoint);
        if best.is_long_ago(&record) {
            break;
        }
    }
    let best = best.of_finished(finished_before, &record)?;
    if best.record.epochs.len() < record.epochs.len() {
        run::save(&best, &options.out)?;
    }
    Ok(best)
}

/// The checkpoint that a fit ends with.
struct Best {
    checkpoint: Option<Checkpoint>,
    /// Whether there is a validation set to choose by; else it is the last one.
    chooses: bool,
}

impl Best {
    /// Begins with the checkpoint of the run that is resumed, if it was measured on the same pictures.
    fn new(sets: &Sets, record: &Record, resumed: Option<&Checkpoint>) -> Self {
        let chooses = sets.validation.is_some();
        let is_same = |resumed: &&Checkpoint| resumed.record.data_sha256 == record.data_sha256;
        Self {
            checkpoint: resumed.filter(|_| chooses).filter(is_same).cloned(),
            chooses,
        }
    }

    fn add(&mut self, checkpoint: Checkpoint) {
        let is_worse = |best: &Checkpoint| self.chooses && !is_better(&checkpoint, best);
        if !self.checkpoint.as_ref().is_some_and(is_worse) {
            self.checkpoint = Some(checkpoint);
        }
    }

    /// Whether as many epochs of a run came after it as the recipe has patience for.
    fn is_long_ago(&self, record: &Record) -> bool {
        let epochs = |best: &Checkpoint| record.epochs.len() - best.record.epochs.len();
        let since = self.checkpoint.as_ref().map_or(0, epochs);
        let patience = record.recipe.patience;
        patience.is_some_and(|patience| since >= patience as usize)
    }

    /// It, if the run has more epochs than so many.
    fn of_finished(self, before: usize, record: &Record) -> Result<Checkpoint, FitError> {
        let checkpoint = self.checkpoint.filter(|_| record.epochs.len() > before);
        checkpoint.ok_or(FitError::Interrupted)
    }
}

/// Whether the last epoch of a run has more right answers than that of another, or the same, as where there are none, with less
/// loss.
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
        let is_plain = record.recipe.is_plain()
            && record.negatives == 0
            && network.output == OutputKind::Classes
            && images.element() == Element::Pixel;
        if runtime.kind() != Kind::Cuda || !is_plain {
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

#[cfg(test)]
mod tests;
