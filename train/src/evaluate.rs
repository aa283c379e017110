//! Loss of a network on a data set, and accuracy or scores.

use ndarray::Array2;
use no_std_core::format::OutputKind;

use crate::architecture::Network;
use crate::data::augment::Variant;
use crate::data::batch::{Batch, Batches, Order, prefetch};
use crate::data::{DataError, Dataset};
use crate::graph::GraphError;
use crate::models::numbers::{ERRORS, TARGETS};
use crate::models::{
    self, CORRECT, IMAGES, LABELS, LOGITS, LOSS_SUM, MIXED_LABELS, SHARES, WEIGHTS, names,
};
use crate::runtime::{Kind, Runtime, RuntimeError, Session};
use crate::tensor::Tensor;

/// Images of one run of the evaluation graph on a CPU, whose caches hold them.
const CPU_BATCH_SIZE: usize = 100;
/// The same on a GPU, which must not wait for the host.
const GPU_BATCH_SIZE: usize = 1000;
/// Batches prepared ahead of the runtime.
const PREFETCHED: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error("expected {expected} outputs of a sample, found {found}")]
    Outputs { expected: usize, found: usize },
    #[error("expected finite outputs, found {0}")]
    NotFinite(f32),
}

/// What a network achieves on a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss, of classes in nats.
    pub loss: f64,
    /// Share of right answers, of classes.
    pub accuracy: Option<f64>,
    /// Logits `[images, classes]`, or other outputs, all variants of an image one after another.
    pub logits: Array2<f32>,
    /// Of reconstructions how far each is from its input, as the mean of the squared differences.
    pub scores: Vec<f32>,
}

/// A network's evaluation graph and the data it is measured on, loaded once for many evaluations.
pub struct Evaluator<'a> {
    session: Session,
    dataset: &'a Dataset,
    variants: &'static [Variant],
    batch_size: usize,
    outputs: usize,
    kind: OutputKind,
    /// From the errors of reconstructions to their scores.
    score: f32,
}

impl<'a> Evaluator<'a> {
    /// Loads the evaluation graph of a network with its parameters, for all variants of all images.
    pub fn new(
        runtime: &Runtime,
        network: &Network,
        parameters: Vec<(String, Tensor)>,
        dataset: &'a Dataset,
        variants: &'static [Variant],
    ) -> Result<Self, EvaluateError> {
        let largest = match runtime.kind() {
            Kind::Cuda => GPU_BATCH_SIZE,
            Kind::Onnxruntime | Kind::Tract => CPU_BATCH_SIZE,
        };
        let batch_size = largest.min(dataset.len() * variants.len());
        let model = models::evaluation(network, batch_size, runtime.target())?;
        let session = runtime.load(&model, parameters)?;
        Ok(Self {
            session,
            dataset,
            variants,
            batch_size,
            outputs: network.output_len(),
            kind: network.output,
            score: network.squared_deviation(),
        })
    }

    /// Replaces the parameters; other variables are ignored.
    pub fn set_parameters(&mut self, variables: &[(String, Tensor)]) -> Result<(), RuntimeError> {
        self.session.set_residents(variables)
    }

    /// Runs over the data once.
    pub fn evaluate(&mut self) -> Result<Evaluation, EvaluateError> {
        let (dataset, variants) = (self.dataset, self.variants);
        let batches = Batches::new(dataset, variants, self.batch_size, Order::Sequential)?;
        let samples = dataset.len() * variants.len();
        let mut logits = Array2::zeros((samples, self.outputs));
        let mut unset = logits.iter_mut();
        let mut scores = Vec::new();
        let (mut loss_sum, mut correct) = (0.0, 0.0);
        std::thread::scope(|scope| {
            for batch in prefetch(scope, batches, PREFETCHED) {
                let batch = batch?;
                let count = batch.count;
                let mut outputs = self.session.run(evaluation_feeds(batch, self.kind))?;
                loss_sum += outputs.scalar(LOSS_SUM)?;
                match self.kind {
                    OutputKind::Classes => correct += outputs.scalar(CORRECT)?,
                    OutputKind::Values => {}
                    OutputKind::Reconstruction => {
                        let errors = outputs.take(ERRORS)?.into_iter().take(count);
                        scores.extend(errors.map(|error| error * self.score));
                    }
                }
                let found = outputs.take(LOGITS)?;
                if found.len() != self.batch_size * self.outputs {
                    return Err(EvaluateError::Outputs {
                        expected: self.outputs,
                        found: found.len() / self.batch_size,
                    });
                }
                let found = found.into_iter().take(count * self.outputs);
                for (logit, place) in found.zip(unset.by_ref()) {
                    *place = logit;
                }
            }
            Ok::<(), EvaluateError>(())
        })?;
        let count = samples as f64;
        Ok(Evaluation {
            loss: loss_sum / count,
            accuracy: (self.kind == OutputKind::Classes).then(|| correct / count),
            logits,
            scores,
        })
    }
}

/// A batch as inputs of the graphs that compute the loss of outputs of a kind.
pub fn evaluation_feeds(batch: Batch, output: OutputKind) -> Vec<(String, Tensor)> {
    let mut feeds = vec![
        (IMAGES.into(), batch.images.into()),
        (WEIGHTS.into(), batch.weights.into()),
    ];
    match output {
        OutputKind::Classes => feeds.push((LABELS.into(), batch.labels.into())),
        OutputKind::Values => feeds.push((TARGETS.into(), batch.targets.into())),
        OutputKind::Reconstruction => {}
    }
    if let Some((labels, shares)) = batch.mixed {
        feeds.push((MIXED_LABELS.into(), labels.into()));
        feeds.push((SHARES.into(), shares.into()));
    }
    feeds
}

/// Runs a model file of one image at a time over the data, as its users will, and returns its logits. Samples may be of no
/// class.
pub fn run_model(
    runtime: &Runtime,
    model: &[u8],
    dataset: &Dataset,
    variants: &'static [Variant],
) -> Result<Array2<f32>, EvaluateError> {
    let outputs = (OutputKind::Classes, dataset.classes().len());
    run_model_of(runtime, model, outputs, dataset, variants)
}

/// The same of a model of outputs of a kind, and so many.
pub fn run_model_of(
    runtime: &Runtime,
    model: &[u8],
    (kind, expected): (OutputKind, usize),
    dataset: &Dataset,
    variants: &'static [Variant],
) -> Result<Array2<f32>, EvaluateError> {
    let [input, output] = names(kind);
    let mut session = runtime.load(model, Vec::new())?;
    let batches = Batches::new(dataset, variants, 1, Order::Sequential)?;
    let mut outputs = Array2::zeros((batches.len(), expected));
    for (mut row, batch) in outputs.rows_mut().into_iter().zip(batches) {
        let mut found = session.run(vec![(input.into(), batch?.images.into())])?;
        let found = found.take(output)?;
        if found.len() != expected {
            return Err(EvaluateError::Outputs {
                expected,
                found: found.len(),
            });
        }
        if let Some(number) = found.iter().find(|number| !number.is_finite()) {
            return Err(EvaluateError::NotFinite(*number));
        }
        row.iter_mut().zip(found).for_each(|(to, from)| *to = from);
    }
    Ok(outputs)
}
