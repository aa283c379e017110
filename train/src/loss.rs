//! What outputs cost: of classes and of numbers.

use crate::graph::{Graph, GraphError, ValueId};
use crate::ops::Range;

/// What a batch of logits costs.
pub struct Loss {
    /// Mean over the batch, to be minimised.
    pub mean: ValueId,
    /// Sum over the images.
    pub sum: ValueId,
    /// Number of images whose largest logit is at their label.
    pub correct: ValueId,
}

/// What an answer is held against beside the label.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Soft {
    /// The share of a label that is spread evenly over all classes
    /// ([Szegedy et al., section 7](https://arxiv.org/abs/1512.00567)).
    pub smoothing: f32,
    /// Second labels `[N]` and the share of the first ones `[N]`, where samples are mixtures.
    pub mixed: Option<[ValueId; 2]>,
    /// Whether samples may be of no class: their labels are the number of classes, and all classes share the answer
    /// ([Hendrycks et al.](https://arxiv.org/abs/1812.04606)).
    pub negatives: bool,
}

/// Adds the categorical cross-entropy of `logits` `[N, classes]` against `labels` `[N]` (class indices),
/// in nats. `weights` `[N]` say how much an image counts, 0 for rows that only fill up a batch.
pub fn cross_entropy(
    graph: &mut Graph,
    logits: ValueId,
    labels: ValueId,
    weights: ValueId,
    soft: Soft,
) -> Result<Loss, GraphError> {
    let batch = graph.shape(logits)[0];
    let log_probabilities = log_softmax(graph, logits)?;
    let targets = targets(graph, logits, labels, soft)?;
    let column = graph.reshape(weights, &[batch, 1])?;
    let selected = graph.mul(targets, column)?;
    let log_likelihoods = graph.mul(log_probabilities, selected)?;
    let log_likelihood = graph.sum_all(log_likelihoods)?;
    let minus_one = graph.scalar(-1.0);
    let sum = graph.mul(log_likelihood, minus_one)?;
    let count = graph.sum_all(weights)?;
    let mean = graph.div(sum, count)?;

    let predicted = graph.arg_max(logits)?;
    let hits = graph.equal(predicted, labels)?;
    let hits = graph.cast_to_f32(hits)?;
    let hits = graph.mul(hits, weights)?;
    let correct = graph.sum_all(hits)?;
    Ok(Loss { mean, sum, correct })
}

/// The share of each class in each answer, `[N, classes]`.
fn targets(
    graph: &mut Graph,
    logits: ValueId,
    labels: ValueId,
    soft: Soft,
) -> Result<ValueId, GraphError> {
    let (batch, classes) = (graph.shape(logits)[0], graph.shape(logits)[1]);
    let mut targets = shares_of(graph, labels, classes, soft)?;
    if let Some([others, share]) = soft.mixed {
        let others = shares_of(graph, others, classes, soft)?;
        let share = graph.reshape(share, &[batch, 1])?;
        let difference = graph.sub(targets, others)?;
        let part = graph.mul(difference, share)?;
        targets = graph.add(others, part)?;
    }
    if soft.smoothing > 0.0 {
        let (kept, each) = (1.0 - soft.smoothing, soft.smoothing / classes as f32);
        let (kept, each) = (graph.scalar(kept), graph.scalar(each));
        let part = graph.mul(targets, kept)?;
        targets = graph.add(part, each)?;
    }
    Ok(targets)
}

/// All of its class, of what is of a class; an even share of each class, of what is of none.
fn shares_of(
    graph: &mut Graph,
    labels: ValueId,
    classes: usize,
    soft: Soft,
) -> Result<ValueId, GraphError> {
    if !soft.negatives {
        return graph.one_hot(labels, classes);
    }
    let all = graph.one_hot(labels, classes + 1)?;
    let part = |start, end| Range {
        start,
        end,
        step: 1,
    };
    let known = graph.slice(all, 1, part(0, classes))?;
    let none = graph.slice(all, 1, part(classes, classes + 1))?;
    let each = graph.scalar(1.0 / classes as f32);
    let each = graph.mul(none, each)?;
    graph.add(known, each)
}

/// `x - max - ln(sum(exp(x - max)))` along the last axis: finite for any finite logits, which not every runtime's own
/// `LogSoftmax` is.
fn log_softmax(graph: &mut Graph, logits: ValueId) -> Result<ValueId, GraphError> {
    let last_axis = graph.shape(logits).len() - 1;
    let largest = graph.reduce_max(logits)?;
    let shifted = graph.sub(logits, largest)?;
    let exponentials = graph.exp(shifted)?;
    let total = graph.reduce_sum(exponentials, &[last_axis])?;
    let log_total = graph.log(total)?;
    graph.sub(shifted, log_total)
}

/// What a batch of numbers costs.
pub struct SquaredError {
    /// Mean over the batch, to be minimised.
    pub mean: ValueId,
    /// Sum over the samples.
    pub sum: ValueId,
    /// Of each sample `[N]`, however much it counts.
    pub of_samples: ValueId,
}

/// Adds the mean squared error of `outputs` `[N, ...]` against `targets` of as many numbers: of each sample the mean over its
/// numbers. `weights` `[N]` say how much a sample counts, 0 for rows that only fill up a batch.
pub fn mean_squared_error(
    graph: &mut Graph,
    outputs: ValueId,
    targets: ValueId,
    weights: ValueId,
) -> Result<SquaredError, GraphError> {
    let shape = graph.shape(outputs);
    let (batch, numbers) = (shape[0], shape[1..].iter().product::<usize>());
    let outputs = graph.reshape(outputs, &[batch, numbers])?;
    let targets = graph.reshape(targets, &[batch, numbers])?;
    let errors = graph.sub(outputs, targets)?;
    let squares = graph.mul(errors, errors)?;
    let of_samples = graph.reduce_sum(squares, &[1])?;
    let one_of_all = graph.scalar(1.0 / numbers as f32);
    let of_samples = graph.mul(of_samples, one_of_all)?;
    let of_samples = graph.reshape(of_samples, &[batch])?;
    let weighted = graph.mul(of_samples, weights)?;
    let sum = graph.sum_all(weighted)?;
    let count = graph.sum_all(weights)?;
    let mean = graph.div(sum, count)?;
    Ok(SquaredError {
        mean,
        sum,
        of_samples,
    })
}
