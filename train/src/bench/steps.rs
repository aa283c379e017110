//! Times of steps and of their sections.

use std::time::Instant;

use serde::Serialize;

use crate::checkpoint::Record;
use crate::fit::{FitError, Trainer};
use crate::graph::GraphError;
use crate::models::{self, COUNT, LABELS, LEARNING_RATE, WEIGHTS};
use crate::net::Network;
use crate::runtime::{DividedStep, Kind, NodeTime, Parts, Runtime};
use crate::tensor::Tensor;

/// Runs that come first and do not count.
pub const WARM_UP: usize = 5;

/// Times of the whole step, from a batch that is ready until its loss is read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Median in milliseconds.
    pub median_ms: f64,
    /// Shortest in milliseconds.
    pub min_ms: f64,
    /// What 95 of 100 steps stay below, in milliseconds.
    pub p95_ms: f64,
    /// Images of a step over its median time.
    pub images_per_second: f64,
}

impl Step {
    fn new(mut times: Vec<f64>, batch: usize) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times[((times.len() - 1) * percent).div_ceil(100)];
        Self {
            median_ms: at(50),
            min_ms: at(0),
            p95_ms: at(95),
            images_per_second: 1000.0 * batch as f64 / at(50),
        }
    }
}

/// How the median step divides, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sections {
    /// Feeding the batch, and the network.
    pub forward: f64,
    /// Loss and gradients.
    pub gradients: f64,
    /// The optimiser.
    pub update: f64,
    /// What is left of the step: above all handing values over and reading the loss.
    pub host: f64,
}

impl Sections {
    /// From the times of graphs that end after the network and after the gradients, of the update alone, and of the
    /// whole step, of which nothing is left where it runs as one graph that is faster than its parts.
    fn new(forward: f64, gradients: f64, update: f64, step: f64) -> Self {
        let gradients = gradients.min(step);
        let forward = forward.min(gradients);
        let update = update.min(step - gradients);
        Self {
            forward,
            gradients: gradients - forward,
            update,
            host: step - gradients - update,
        }
    }
}

/// What is measured.
pub struct Plan<'a> {
    pub runtime: &'a Runtime,
    pub network: &'a Network,
    pub record: &'a Record,
    /// One batch.
    pub feeds: &'a [(String, Tensor)],
    /// How often.
    pub steps: usize,
}

/// The sections of a step, in as many parts as the trainer takes.
struct Graphs {
    /// Ends after the network.
    forward: Parts,
    /// What it takes of a batch.
    inputs: Vec<(String, Tensor)>,
    /// Ends after the gradients, with the update apart.
    step: DividedStep,
}

impl Plan<'_> {
    /// Times the step and its sections.
    pub fn step(&self, trainer: &mut Trainer) -> Result<(Step, Sections), FitError> {
        let mut graphs = self.graphs(trainer.variables()?)?;
        for _ in 0..WARM_UP {
            self.round(trainer, &mut graphs)?;
        }
        let rounds = (0..self.steps).map(|_| self.round(trainer, &mut graphs));
        let rounds = rounds.collect::<Result<Vec<_>, _>>()?;
        let times = |part: usize| {
            let times = rounds.iter().map(|round| round[part]);
            Step::new(times.collect(), self.record.batch_size)
        };
        let [forward, gradients, update] = [1, 2, 3].map(|part| times(part).median_ms);
        let step = times(0);
        let sections = Sections::new(forward, gradients, update, step.median_ms);
        Ok((step, sections))
    }

    /// Milliseconds of the step, the network, the network with gradients, and the update: in turn, so that whatever
    /// else runs on the machine meets all of them alike.
    fn round(&self, trainer: &mut Trainer, graphs: &mut Graphs) -> Result<[f64; 4], FitError> {
        let feeds = self.feeds.to_vec();
        let (sums, step) = timed(|| trainer.step(feeds, self.record.batch_size));
        let (logits, forward) = timed(|| graphs.forward.run(&graphs.inputs, &graphs.step));
        let (gradients, forward_and_gradients) = timed(|| graphs.step.gradients(self.feeds));
        let gradients = gradients?;
        let count = Tensor::scalar(self.record.batch_size as f32);
        let feeds = vec![self.learning_rate(), (COUNT.into(), count)];
        let (updated, update) = timed(|| graphs.step.update(gradients, feeds));
        drop((sums?, logits?, updated?));
        Ok([step, forward, forward_and_gradients, update])
    }

    fn graphs(&self, variables: Vec<(String, Tensor)>) -> Result<Graphs, FitError> {
        let (network, runtime) = (self.network, self.runtime);
        let target = runtime.target();
        let parts = self.models(|rows| models::part(network, rows, target))?;
        let update = models::update(network, self.record.optimizer, parts.len())?;
        let forward = self.models(|rows| models::forward(network, rows, target))?;
        let is_input = |(name, _): &&(String, _)| name != LABELS && name != WEIGHTS;
        Ok(Graphs {
            forward: runtime.load_parts(&forward)?,
            inputs: self.feeds.iter().filter(is_input).cloned().collect(),
            step: runtime.load_divided(&parts, &update.onnx, variables)?,
        })
    }

    /// The nodes of the step that a thread runs; `None` where the runtime does not tell.
    pub fn nodes(
        &self,
        variables: Vec<(String, Tensor)>,
    ) -> Result<Option<Vec<NodeTime>>, FitError> {
        let kind = self.runtime.kind();
        let rows = self.rows()[0];
        let model = models::training(
            self.network,
            self.record.optimizer,
            rows,
            self.runtime.target(),
        )?;
        let part = |(name, tensor): &(String, Tensor)| (name.clone(), tensor.rows(0..rows));
        let mut feeds: Vec<_> = self.feeds.iter().map(part).collect();
        feeds.push(self.learning_rate());
        let threads = if kind == Kind::Cuda {
            self.runtime.threads()
        } else {
            1
        };
        Ok(self
            .runtime
            .profile(&model.onnx, threads, variables, &feeds, self.steps)?)
    }

    /// A model for each part of a step, with its number of images.
    fn models(
        &self,
        model: impl Fn(usize) -> Result<Vec<u8>, GraphError>,
    ) -> Result<Vec<(Vec<u8>, usize)>, GraphError> {
        let rows = self.rows().into_iter();
        rows.map(|rows| Ok((model(rows)?, rows))).collect()
    }

    /// The images of each part of a step, as the trainer divides it.
    pub fn rows(&self) -> Vec<usize> {
        self.runtime.parts(self.record.batch_size)
    }

    fn learning_rate(&self) -> (String, Tensor) {
        let rate = Tensor::scalar(self.record.learning_rate);
        (LEARNING_RATE.into(), rate)
    }
}

/// Does the work and tells the milliseconds that it takes.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, 1000.0 * start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_what_a_graph_takes_beyond_a_shorter_one() {
        let expected = Sections {
            forward: 3.0,
            gradients: 5.0,
            update: 1.0,
            host: 1.0,
        };
        assert_eq!(Sections::new(3.0, 8.0, 1.0, 10.0), expected);
    }

    #[test]
    fn sections_are_never_negative_nor_longer_than_the_step() {
        for times in [
            [3.0, 8.0, 4.0],
            [9.0, 8.0, 1.0],
            [12.0, 11.0, 1.0],
            [1.0, 12.0, 3.0],
        ] {
            let Sections {
                forward,
                gradients,
                update,
                host,
            } = Sections::new(times[0], times[1], times[2], 10.0);
            let all = [forward, gradients, update, host];
            assert!(all.iter().all(|&part| part >= 0.0), "{all:?}");
            assert!((all.iter().sum::<f64>() - 10.0).abs() < 1e-9, "{all:?}");
        }
    }

    #[test]
    fn a_step_is_told_by_its_median_and_its_bounds() {
        let times = (0..=100).rev().map(f64::from);
        let expected = Step {
            median_ms: 50.0,
            min_ms: 0.0,
            p95_ms: 95.0,
            images_per_second: 2560.0,
        };
        assert_eq!(Step::new(times.collect(), 128), expected);
        assert_eq!(
            Step::new(vec![1.0, 9.0], 128).p95_ms.to_bits(),
            9f64.to_bits()
        );
    }
}
