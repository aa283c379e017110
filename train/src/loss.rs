//! Loss and metric of a classifier.

use crate::graph::{Graph, GraphError, ValueId};

/// What a batch of logits costs.
pub struct Loss {
    /// Mean cross-entropy over the batch, to be minimised.
    pub mean: ValueId,
    /// Sum of the cross-entropies.
    pub sum: ValueId,
    /// Number of images whose largest logit is at their label.
    pub correct: ValueId,
}

/// Adds the sparse categorical cross-entropy of `logits` `[N, classes]` against `labels` `[N]` (class indices),
/// in nats. `weights` `[N]` are 1 for images that count and 0 for rows that only fill up a batch.
pub fn sparse_cross_entropy(
    graph: &mut Graph,
    logits: ValueId,
    labels: ValueId,
    weights: ValueId,
) -> Result<Loss, GraphError> {
    let (batch, classes) = (graph.shape(logits)[0], graph.shape(logits)[1]);
    let log_probabilities = log_softmax(graph, logits)?;
    let one_hot = graph.one_hot(labels, classes)?;
    let column = graph.reshape(weights, &[batch, 1])?;
    let selected = graph.mul(one_hot, column)?;
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
