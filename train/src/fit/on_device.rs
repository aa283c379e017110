//! Training with the data set where the runtime computes: a step copies nothing from the host, an epoch its inputs.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};

use super::FitError;
use super::device_data::{DeviceData, EpochInputs};
use super::trainer::{Sums, first_values};
use crate::architecture::Network;
use crate::checkpoint::Record;
use crate::data::Dataset;
use crate::data::augment::Variant;
use crate::models::flat::Layout;
use crate::models::{self, CORRECT, LEARNING_RATE, LOSS_SUM, on_device};
use crate::optimizer::Variable;
use crate::runtime::{DeviceOptions, DeviceSession, Runtime, RuntimeError};
use crate::tensor::Tensor;

/// Steps after which their losses are fetched, to be shown.
const STEPS_AT_ONCE: usize = 50;

/// The training graph of a network, loaded into a runtime with its variables and with all images.
///
/// It does what [`super::Trainer`] does with the same record: the same order, the same masks, the same losses.
pub struct DeviceTrainer<'a> {
    session: DeviceSession,
    data: DeviceData<'a>,
    /// The inputs of the next epoch, with its seed.
    drawn: Option<(u64, EpochInputs)>,
    layout: Layout,
    names: Vec<String>,
    /// What a checkpoint keeps of them.
    variables: Vec<Variable>,
}

impl<'a> DeviceTrainer<'a> {
    /// Loads the training graph that `record` describes and these variants of all images. Without `variables` (a
    /// checkpoint's) the parameters are drawn from the record's seed.
    pub fn new(
        runtime: &Runtime,
        network: &Network,
        record: &Record,
        variables: Option<Vec<(String, Tensor)>>,
        dataset: &'a Dataset,
        variants: &'static [Variant],
        options: DeviceOptions,
    ) -> Result<Self, FitError> {
        let data = DeviceData::new(network, dataset, variants, record.batch_size)?;
        let target = runtime.target();
        let numbers = dataset.pixel_table().map(|table| &table.of);
        let model = on_device::training(network, &record.method(), data.sizes, numbers, target)?;
        let kept = models::training(network, record.method(), 1, target)?.variables;
        let first = || first_values(network, &kept, record.seed);
        let layout = Layout::new(network);
        let variables = layout.join(&variables.unwrap_or_else(first));
        let history = Tensor::filled(&[data.sizes.steps()], 0.0);
        let mut values = data.samples()?;
        values.extend(data.blank());
        values.extend([LOSS_SUM, CORRECT].map(|name| (name.to_owned(), history.clone())));
        values.push((LEARNING_RATE.into(), Tensor::scalar(record.learning_rate)));
        let names = variables.iter().map(|(name, _)| name.clone()).collect();
        values.extend(variables);
        Ok(Self {
            session: runtime.load_on_device(&model.onnx, values, options)?,
            data,
            drawn: None,
            layout,
            names,
            variables: kept,
        })
    }

    /// Steps through all images and variants once, in an order and with masks that follow from the seed. Those of the
    /// next epoch, if there is one, are drawn meanwhile.
    ///
    /// `on_step` sees the sums so far after each step, of many steps at a time. `None`: `interrupted` became true.
    pub fn epoch(
        &mut self,
        seed: u64,
        next_seed: Option<u64>,
        interrupted: &AtomicBool,
        on_step: impl FnMut(&Sums),
    ) -> Result<Option<Sums>, FitError> {
        let inputs = match self.drawn.take() {
            Some((drawn, inputs)) if drawn == seed => inputs,
            _ => self.data.epoch(seed)?,
        };
        self.session.write(inputs)?;
        let data = self.data.clone();
        std::thread::scope(|scope| {
            let draw = |seed| scope.spawn(move || data.epoch(seed).map(|inputs| (seed, inputs)));
            let next = next_seed.map(draw);
            let sums = self.steps(interrupted, on_step)?;
            let drawn =
                next.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            self.drawn = drawn.transpose()?;
            Ok(sums)
        })
    }

    fn steps(
        &mut self,
        interrupted: &AtomicBool,
        mut on_step: impl FnMut(&Sums),
    ) -> Result<Option<Sums>, FitError> {
        let steps = self.data.sizes.steps();
        let mut sums = Sums::default();
        for start in (0..steps).step_by(STEPS_AT_ONCE) {
            let end = steps.min(start + STEPS_AT_ONCE);
            for _ in start..end {
                if interrupted.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                self.session.step()?;
            }
            for step in self.sums_of(start..end)? {
                sums.add(step);
                on_step(&sums);
            }
        }
        Ok(Some(sums))
    }

    /// Parameters, in the network's order, and the optimiser's state.
    pub fn variables(&self) -> Result<Vec<(String, Tensor)>, RuntimeError> {
        let read = |name: &String| Ok((name.clone(), self.session.read(name)?.into()));
        let joined = self.names.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(self.layout.split(&self.variables, &joined))
    }

    /// Loss and hits of steps that are done.
    fn sums_of(&self, steps: std::ops::Range<usize>) -> Result<Vec<Sums>, RuntimeError> {
        let (losses, correct) = (self.session.read(LOSS_SUM)?, self.session.read(CORRECT)?);
        let sums = |step: usize| Sums {
            loss: f64::from(losses[[step]]),
            correct: Some(f64::from(correct[[step]])),
            count: self.data.sizes.count(step) as f64,
            classed: self.data.sizes.count(step) as f64,
        };
        Ok(steps.map(sums).collect())
    }
}
