//! How long training takes on a runtime of this machine.

mod utilization;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::architecture::Network;
use crate::checkpoint::Record;
use crate::cli::{BenchArgs, FormsArg};
use crate::data::augment::{Augment, Variant};
use crate::data::batch::{Batches, Order};
use crate::data::random::Random;
use crate::data::{Dataset, synthetic};
use crate::evaluate::evaluation_feeds;
use crate::fit::{Epochs, FitError, Trainer, fastest};
use crate::graph::Chosen;
use crate::init::Masks;
use crate::models::mask_name;
use crate::optimizer::Optimizer;
use crate::runtime::Runtime;
use crate::tensor::Tensor;
use utilization::Utilization;

/// Images of an epoch, as many as MNIST has to train on.
const IMAGES: usize = 60_000;
/// Drawn digits; they come again and again.
const DRAWN: usize = 1000;
/// Steps that come first and do not count.
const WARM_UP: usize = 5;
/// How long a GPU trains at least: once a second its driver tells how busy it was.
const LONG_ENOUGH: Duration = Duration::from_secs(3);

#[derive(Debug, Serialize)]
pub struct Report {
    description: String,
    network: String,
    batch: usize,
    steps: usize,
    step: Step,
    epoch: Epoch,
    utilization: Utilization,
    /// The form of each part of a step for which there are several, where they were measured.
    forms: Chosen,
}

/// Milliseconds of a step that the host feeds, from a batch that is ready until its loss is read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the JSON report")]
struct Step {
    median_ms: f64,
    min_ms: f64,
    p95_ms: f64,
}

/// Training on new batches as `train fit` does it: on the CPU another thread makes them meanwhile; on a GPU, where all
/// images are, these are the steps of whole epochs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Epoch {
    step_ms: f64,
    images_per_second: f64,
    /// For the 60,000 images of MNIST.
    seconds: f64,
}

impl Step {
    fn new(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times[((times.len() - 1) * percent).div_ceil(100)];
        Self {
            median_ms: at(50),
            min_ms: at(0),
            p95_ms: at(95),
        }
    }
}

impl Epoch {
    /// From the mean seconds of a step.
    fn new(step: f64, batch: usize) -> Self {
        Self {
            step_ms: 1000.0 * step,
            images_per_second: batch as f64 / step,
            seconds: step * IMAGES.div_ceil(batch) as f64,
        }
    }
}

pub fn measure(runtime: &Runtime, network: &Network, args: &BenchArgs) -> Result<Report, FitError> {
    let (batch, steps) = (args.batch as usize, args.steps as usize);
    runtime.check_precision(args.device.precision)?;
    let mut record = record(network, batch);
    if args.forms == FormsArg::Measured {
        record.forms = fastest(runtime, network, &record)?;
    }
    let dataset = dataset(network);
    let mut trainer = Trainer::new(runtime, network, &record, None)?;
    let feeds = feeds(network, &dataset, batch)?;
    let step = fed_steps(&mut trainer, &feeds, batch, steps)?;
    let (variables, how) = (trainer.variables()?, (Augment::None, args.device));
    let mut epochs = Epochs::new(runtime, network, &record, Some(variables), &dataset, how)?;
    some_steps(&mut epochs, WARM_UP)?;
    let (seconds, utilization) = utilization::during(runtime, || seconds(&mut epochs, steps));
    Ok(Report {
        description: runtime.description(),
        network: network.name.clone(),
        batch,
        steps,
        step,
        epoch: Epoch::new(seconds?, batch),
        utilization,
        forms: record.forms,
    })
}

fn record(network: &Network, batch_size: usize) -> Record {
    Record::new(network, Optimizer::Rmsprop, batch_size, 0)
}

/// Drawn digits for a network that takes such, for another one pictures of noise.
fn dataset(network: &Network) -> Dataset {
    let digits = synthetic::digits(DRAWN, 0, synthetic::SEED).train;
    let drawn = if network.input == digits.shape() && *network.labels == **digits.classes() {
        digits
    } else {
        noise(network)
    };
    let indices: Vec<usize> = (0..IMAGES).map(|index| index % DRAWN).collect();
    drawn.select(&indices)
}

fn noise(network: &Network) -> Dataset {
    let mut random = Random::new(0, 0);
    let pixels = DRAWN * network.input.iter().product::<usize>();
    let pixels = (0..pixels).map(|_| random.below(256) as u8).collect();
    let classes = network.labels.len();
    let labels = (0..DRAWN).map(|_| random.below(classes) as u16).collect();
    Dataset::new(network.input, pixels, labels, network.labels.clone().into())
}

/// The first batch of the data with its masks, as a training graph takes it.
fn feeds(
    network: &Network,
    dataset: &Dataset,
    batch: usize,
) -> Result<Vec<(String, Tensor)>, FitError> {
    let mut batches = Batches::new(dataset, &[Variant::Plain], batch, Order::Sequential)?;
    let masks = Masks::new(network, batch, 0).draw().into_iter();
    let masks = masks.map(|(layer, mask)| (mask_name(&layer), mask));
    let batch = batches.next().transpose()?;
    let batch = batch.map(|batch| evaluation_feeds(batch, network.output));
    Ok(batch.into_iter().flatten().chain(masks).collect())
}

fn fed_steps(
    trainer: &mut Trainer,
    feeds: &[(String, Tensor)],
    batch: usize,
    steps: usize,
) -> Result<Step, FitError> {
    let mut milliseconds = || {
        let (feeds, start) = (feeds.to_vec(), Instant::now());
        trainer.step(feeds, batch)?;
        Ok::<_, FitError>(1000.0 * start.elapsed().as_secs_f64())
    };
    for _ in 0..WARM_UP {
        milliseconds()?;
    }
    let times = (0..steps).map(|_| milliseconds()).collect::<Result<_, _>>();
    times.map(Step::new)
}

/// Trains on new batches, and returns the mean seconds of a step.
fn seconds(epochs: &mut Epochs<'_>, steps: usize) -> Result<f64, FitError> {
    let start = Instant::now();
    let done = match epochs {
        Epochs::Fed(..) => some_steps(epochs, steps)?,
        Epochs::OnDevice(_) => whole_epochs(epochs, steps, LONG_ENOUGH)?,
    };
    Ok(start.elapsed().as_secs_f64() / done as f64)
}

/// Ends in the middle of an epoch, and tells how many steps it took: a GPU shows many at a time, so there may be more
/// of them than were asked for.
fn some_steps(epochs: &mut Epochs<'_>, steps: usize) -> Result<usize, FitError> {
    let (mut done, enough) = (0, AtomicBool::new(false));
    while done < steps {
        epochs.epoch(0.into(), Some(0), &enough, |_| {
            done += 1;
            enough.store(done >= steps, Ordering::Relaxed);
        })?;
    }
    Ok(done)
}

/// Epochs to their ends, until there are as many steps and as much time has passed, and the number of these steps. An
/// epoch on a GPU begins with copying its plan, of which each of its steps has its share.
fn whole_epochs(epochs: &mut Epochs<'_>, steps: usize, time: Duration) -> Result<usize, FitError> {
    let (mut done, never, start) = (0, AtomicBool::new(false), Instant::now());
    let mut seed = 0;
    while done < steps || start.elapsed() < time {
        epochs.epoch(seed.into(), Some(seed + 1), &never, |_| done += 1)?;
        seed += 1;
    }
    Ok(done)
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, epoch) = (&self.step, &self.epoch);
        let share = |share: Option<f64>| match share {
            Some(share) => format!("{:.0} %", 100.0 * share),
            None => "unknown".into(),
        };
        writeln!(formatter, "runtime      {}", self.description)?;
        writeln!(formatter, "network      {}", self.network)?;
        writeln!(
            formatter,
            "step         {:8.3} ms median, {:.3} min, {:.3} p95 of {} fed steps of {} images",
            step.median_ms, step.min_ms, step.p95_ms, self.steps, self.batch
        )?;
        writeln!(
            formatter,
            "epoch        {:8.3} ms a step on new batches, {:.0} images/s, {:.2} s for {IMAGES} images",
            epoch.step_ms, epoch.images_per_second, epoch.seconds
        )?;
        let (cpu, gpu) = (share(self.utilization.cpu), share(self.utilization.gpu));
        write!(formatter, "utilization  CPU {cpu}, GPU {gpu}")?;
        for (place, form) in &self.forms {
            write!(formatter, "\nform         {form:<13} {place}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::DeviceTrainer;
    use crate::runtime::{Choice, DeviceOptions};

    /// Images and steps of an epoch, more of them than are shown at a time.
    const SMALL: usize = 60;

    /// Epochs of as many steps as images, where a GPU would have them or fed to the runtime.
    fn epochs(on_device: bool, test: impl FnOnce(&mut Epochs<'_>)) {
        let (runtime, network) = (Runtime::open(Choice::Tract, 1).unwrap(), Network::digits());
        let images = synthetic::digits(SMALL, 0, synthetic::SEED).train;
        let (record, options) = (record(&network, 1), DeviceOptions::default());
        let (shown, how) = (&[Variant::Plain], (Augment::None, options));
        test(&mut if on_device {
            let trainer =
                DeviceTrainer::new(&runtime, &network, &record, None, &images, shown, options);
            Epochs::OnDevice(Box::new(trainer.unwrap()))
        } else {
            Epochs::new(&runtime, &network, &record, None, &images, how).unwrap()
        });
    }

    #[test]
    fn epochs_on_a_device_are_timed_whole() {
        epochs(true, |epochs| {
            for (steps, expected) in [(1, SMALL), (SMALL, SMALL), (SMALL + 1, 2 * SMALL)] {
                let done = whole_epochs(epochs, steps, Duration::ZERO).unwrap();
                assert_eq!(done, expected);
            }
            let time = Duration::from_millis(1);
            assert_eq!(whole_epochs(epochs, 0, time).unwrap() % SMALL, 0);
        });
    }

    #[test]
    fn fed_steps_are_as_many_as_were_asked_for() {
        epochs(false, |epochs| {
            for steps in [1, SMALL, SMALL + 1] {
                assert_eq!(some_steps(epochs, steps).unwrap(), steps);
            }
            assert!(seconds(epochs, 2).unwrap() > 0.0);
        });
    }

    #[test]
    fn a_step_is_told_by_its_median_and_its_bounds() {
        for (times, bounds) in [
            ((0..=100).rev().map(f64::from).collect(), [0, 50, 95]),
            (vec![1.0, 9.0], [1, 9, 9]),
        ] {
            let step = Step::new(times);
            let found = [step.min_ms, step.median_ms, step.p95_ms];
            assert_eq!(found.map(|time| time as usize), bounds);
        }
    }

    #[test]
    fn an_epoch_ends_with_a_whole_step() {
        assert!((Epoch::new(0.01, 128).seconds - 4.69).abs() < 1e-9);
        assert!((Epoch::new(0.01, 60_000).seconds - 0.01).abs() < 1e-9);
    }
}
