//! A network, its optimiser and the runtime that steps them.

use std::sync::atomic::{AtomicBool, Ordering};

use no_std_core::format::OutputKind;

use super::FitError;
use crate::architecture::Network;
use crate::checkpoint::Record;
use crate::data::augment::Augment;
use crate::data::batch::{Batches, Order, Shown, prefetch};
use crate::data::{DataError, Dataset};
use crate::evaluate::evaluation_feeds;
use crate::graph::Forms;
use crate::init::{self, Masks};
use crate::models::{self, CORRECT, COUNT, LEARNING_RATE, LOSS_SUM, mask_name};
use crate::optimizer::Variable;
use crate::recipe::Recipe;
use crate::runtime::{DividedStep, Outputs, Runtime, RuntimeError, Session};
use crate::tensor::Tensor;

/// Batches prepared ahead of the runtime.
const PREFETCHED: usize = 4;

/// Loss and hits, summed over images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Sum of the losses, of classes in nats.
    pub loss: f64,
    /// Of classes.
    pub correct: Option<f64>,
    pub count: f64,
    /// Samples that are of a class.
    pub classed: f64,
}

impl Sums {
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.count
    }

    /// Share of right answers, of classes.
    pub fn accuracy(&self) -> Option<f64> {
        Some(self.correct? / self.classed).filter(|share| !share.is_nan())
    }

    pub(super) fn add(&mut self, other: Self) {
        self.loss += other.loss;
        let correct = other.correct.map(|more| self.correct.unwrap_or(0.0) + more);
        self.correct = correct.or(self.correct);
        self.count += other.count;
        self.classed += other.classed;
    }
}

/// Which epoch of a fit is the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochAt {
    /// What its order, its masks and its changes of pictures follow from.
    pub seed: u64,
    /// Epochs that are done.
    pub done: usize,
    /// Epochs in all.
    pub planned: usize,
}

impl From<u64> for EpochAt {
    /// The only one, of a seed.
    fn from(seed: u64) -> Self {
        Self {
            seed,
            done: 0,
            planned: 1,
        }
    }
}

/// The training graph of a network, loaded into a runtime with its variables.
pub struct Trainer {
    step: Step,
    network: Network,
    batch_size: usize,
    learning_rate: f32,
    recipe: Recipe,
}

impl Trainer {
    /// Loads the training graph that `record` describes. Without `variables` (a checkpoint's) the parameters are
    /// drawn from the record's seed.
    pub fn new(
        runtime: &Runtime,
        network: &Network,
        record: &Record,
        variables: Option<Vec<(String, Tensor)>>,
    ) -> Result<Self, FitError> {
        let step = match &parts(runtime, network, record)[..] {
            parts @ [_, _, ..] => Step::divided(runtime, network, record, variables, parts)?,
            _ => Step::whole(runtime, network, record, variables)?,
        };
        Ok(Self {
            step,
            network: network.clone(),
            batch_size: record.batch_size,
            learning_rate: record.learning_rate,
            recipe: record.recipe.clone(),
        })
    }

    /// Steps through all images and variants once, in an order and with masks that follow from the seed.
    ///
    /// `on_step` sees the sums so far after each step. `None`: `interrupted` became true.
    pub fn epoch(
        &mut self,
        dataset: &Dataset,
        augment: Augment,
        at: impl Into<EpochAt>,
        interrupted: &AtomicBool,
        mut on_step: impl FnMut(&Sums),
    ) -> Result<Option<Sums>, FitError> {
        let at: EpochAt = at.into();
        let order = Order::Shuffled(at.seed);
        let batches = Batches::new(dataset, augment.variants(), self.batch_size, order)?;
        let steps = batches.len();
        let class_weights = self.recipe.class_weights.of(&dataset.counts());
        let recipe = self.recipe.clone();
        let batches = batches.shown(Shown {
            transforms: &recipe.augment,
            seed: at.seed,
            class_weights: &class_weights,
        });
        let mut masks = Masks::new(&self.network, self.batch_size, at.seed);
        let output = self.network.output;
        let fed = batches.map(move |batch| {
            let batch = batch?;
            let weight = batch.weights.sum();
            let counts = [batch.count, batch.classed];
            let feeds = evaluation_feeds(batch, output);
            Ok::<_, DataError>((counts, weight, masks.draw(), feeds))
        });
        let mut sums = Sums::default();
        std::thread::scope(|scope| {
            for (step, batch) in prefetch(scope, fed, PREFETCHED).enumerate() {
                let (counts, weight, masks, mut feeds) = batch?;
                if interrupted.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                let masks = masks.into_iter();
                feeds.extend(masks.map(|(layer, mask)| (mask_name(&layer), mask)));
                let done = at.done as f32 + step as f32 / steps as f32;
                let rate = self.learning_rate * recipe.rate(done, at.planned as f32);
                sums.add(self.step_at(rate, feeds, (counts, weight))?);
                on_step(&sums);
            }
            Ok(Some(sums))
        })
    }

    /// Runs one step on the feeds of a batch with `count` images, all of which count the same.
    pub fn step(
        &mut self,
        feeds: Vec<(String, Tensor)>,
        count: usize,
    ) -> Result<Sums, RuntimeError> {
        self.step_at(self.learning_rate, feeds, ([count; 2], count as f32))
    }

    /// A step of a size, on so many images and images of a class that count as `weight` ones do.
    fn step_at(
        &mut self,
        rate: f32,
        feeds: Vec<(String, Tensor)>,
        ([count, classed], weight): ([usize; 2], f32),
    ) -> Result<Sums, RuntimeError> {
        let learning_rate = (LEARNING_RATE.into(), Tensor::scalar(rate));
        let mut outputs = self.step.run(feeds, learning_rate, weight)?;
        Ok(Sums {
            loss: outputs.scalar(LOSS_SUM)?,
            correct: match self.network.output {
                OutputKind::Classes => Some(outputs.scalar(CORRECT)?),
                OutputKind::Values | OutputKind::Reconstruction => None,
            },
            count: count as f64,
            classed: classed as f64,
        })
    }

    /// Parameters, in the network's order, and the optimiser's state.
    pub fn variables(&self) -> Result<Vec<(String, Tensor)>, RuntimeError> {
        match &self.step {
            Step::Whole(session) => session.residents(),
            Step::Divided(step) => step.residents(),
        }
    }
}

enum Step {
    /// As one graph.
    Whole(Session),
    /// As parts of the batch on several threads, and an update.
    Divided(DividedStep),
}

/// The rows of each part of a step.
pub(super) fn parts(runtime: &Runtime, network: &Network, record: &Record) -> Vec<usize> {
    if network.has_batch_statistics() {
        vec![record.batch_size]
    } else {
        runtime.parts(record.batch_size)
    }
}

impl Step {
    fn whole(
        runtime: &Runtime,
        network: &Network,
        record: &Record,
        variables: Option<Vec<(String, Tensor)>>,
    ) -> Result<Self, FitError> {
        let forms = Forms::new(runtime.target(), record.forms.clone());
        let model = models::training(network, record.method(), record.batch_size, forms)?;
        let variables =
            variables.unwrap_or_else(|| first_values(network, &model.variables, record.seed));
        Ok(Self::Whole(runtime.load(&model.onnx, variables)?))
    }

    fn divided(
        runtime: &Runtime,
        network: &Network,
        record: &Record,
        variables: Option<Vec<(String, Tensor)>>,
        parts: &[usize],
    ) -> Result<Self, FitError> {
        let forms = Forms::new(runtime.target(), record.forms.clone());
        let update = models::update(network, &record.method(), parts.len())?;
        let variables =
            variables.unwrap_or_else(|| first_values(network, &update.variables, record.seed));
        let model = |&rows: &usize| {
            let model = models::part(network, &record.method(), rows, forms.clone())?;
            Ok((model, rows))
        };
        let models = parts.iter().map(model);
        let models = models.collect::<Result<Vec<_>, FitError>>()?;
        let step = runtime.load_divided(&models, &update.onnx, variables)?;
        Ok(Self::Divided(step))
    }

    fn run(
        &mut self,
        mut feeds: Vec<(String, Tensor)>,
        learning_rate: (String, Tensor),
        weight: f32,
    ) -> Result<Outputs, RuntimeError> {
        match self {
            Self::Whole(session) => {
                feeds.push(learning_rate);
                session.run(feeds)
            }
            Self::Divided(step) => {
                let count = (COUNT.into(), Tensor::scalar(weight));
                step.run(&feeds, vec![learning_rate, count])
            }
        }
    }
}

/// Parameters drawn from a seed, and the optimiser's state before the first step.
pub(crate) fn first_values(
    network: &Network,
    variables: &[Variable],
    seed: u64,
) -> Vec<(String, Tensor)> {
    let mut values = init::parameters(network, seed);
    let state = &variables[values.len()..];
    let first = |one: &Variable| (one.name.clone(), Tensor::filled(&one.shape, one.initial));
    values.extend(state.iter().map(first));
    values
}
