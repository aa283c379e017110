//! Batch normalisation ([Ioffe and Szegedy](https://arxiv.org/abs/1502.03167)): each channel with the mean and the
//! variance of its batch in training, and afterwards with running means of these. Before integers compute a network, the
//! importer folds it into the layer before.

use serde::Deserialize;

use super::trained::{Initial, Parameter, Pass, Trained, Training, one};
use crate::graph::{Graph, GraphError, ValueId};

/// Of each channel of a picture, or of each feature.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Described {
    /// What keeps a variance of zero from being divided by.
    epsilon: f32,
    /// The share of the running statistics that a step keeps.
    momentum: f32,
}

impl Default for Described {
    fn default() -> Self {
        Self {
            epsilon: 1e-3,
            momentum: 0.9,
        }
    }
}

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let is_share = |share: f32| (0.0..1.0).contains(&share);
        if !is_share(self.momentum) || !is_share(self.epsilon) || self.epsilon == 0.0 {
            return Err(format!(
                "expected a momentum from 0 to 1 and an epsilon between them, found {} and {}",
                self.momentum, self.epsilon
            ));
        }
        Ok(one(inputs)?.to_vec())
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let parameter = |name: &str, initial: f32, is_trained| Parameter {
            is_trained,
            ..Parameter::new(name, vec![inputs[0][0]], Initial::Constant(initial))
        };
        vec![
            parameter("scale", 1.0, true),
            parameter("bias", 0.0, true),
            parameter("mean", 0.0, false),
            parameter("variance", 1.0, false),
        ]
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        parameters: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        let &[scale, bias, mean, variance] = parameters else {
            unreachable!("a network gives each layer the parameters that it has")
        };
        match pass.training {
            None => pass.graph.batch_normalization(
                inputs[0],
                [scale, bias, mean, variance],
                self.epsilon,
            ),
            Some(training) => {
                let batch = Batch::new(pass.graph, inputs[0], training)?;
                for (running, found) in [(mean, batch.mean), (variance, batch.variance)] {
                    let next = self.running(pass.graph, running, found)?;
                    pass.updates.push((running, next));
                }
                batch.normalized(pass.graph, [scale, bias], self.epsilon)
            }
        }
    }
}

impl Described {
    /// The next value of a running statistic.
    fn running(
        &self,
        graph: &mut Graph,
        running: ValueId,
        found: ValueId,
    ) -> Result<ValueId, GraphError> {
        let shape = graph.shape(running).to_vec();
        let found = graph.reshape(found, &shape)?;
        let (keep, take) = (
            graph.scalar(self.momentum),
            graph.scalar(1.0 - self.momentum),
        );
        let kept = graph.mul(running, keep)?;
        let taken = graph.mul(found, take)?;
        graph.add(kept, taken)
    }
}

/// A batch with its statistics, which have an axis of each size of the batch's, 1 for all but the channels.
#[derive(Clone, Copy)]
struct Batch {
    x: ValueId,
    /// What each element is more than its channel's mean.
    centred: ValueId,
    mean: ValueId,
    variance: ValueId,
    /// `[1, N]`
    shares: ValueId,
}

impl Batch {
    fn new(graph: &mut Graph, x: ValueId, training: Training) -> Result<Self, GraphError> {
        let shares = shares(graph, x, training.weights)?;
        let sums = sums(graph, x)?;
        let mean = self::mean(graph, sums, shares, x)?;
        let centred = graph.sub(x, mean)?;
        let squares = graph.mul(centred, centred)?;
        let squares = self::sums(graph, squares)?;
        let variance = self::mean(graph, squares, shares, x)?;
        Ok(Self {
            x,
            centred,
            mean,
            variance,
            shares,
        })
    }

    fn normalized(
        self,
        graph: &mut Graph,
        [scale, bias]: [ValueId; 2],
        epsilon: f32,
    ) -> Result<ValueId, GraphError> {
        let epsilon = graph.scalar(epsilon);
        let raised = graph.add(self.variance, epsilon)?;
        let deviation = graph.sqrt(raised)?;
        let shape = graph.shape(self.mean).to_vec();
        let wide_scale = graph.reshape(scale, &shape)?;
        let wide_bias = graph.reshape(bias, &shape)?;
        let factor = graph.div(wide_scale, deviation)?;
        let scaled = graph.mul(self.centred, factor)?;
        let y = graph.add(scaled, wide_bias)?;
        graph.set_gradient(&[self.x, scale, bias], y, move |graph, dy| {
            self.gradients(graph, [deviation, factor], dy)
        });
        Ok(y)
    }

    /// The gradients of `x`, scale and bias ([Ioffe and Szegedy, section 3](https://arxiv.org/abs/1502.03167)): with the sums
    /// over a channel of `dy` and of `dy` times what is centred, `dx` is the factor times
    /// `dy - share * (sum + centred * product sum / variance)`.
    fn gradients(
        self,
        graph: &mut Graph,
        [deviation, factor]: [ValueId; 2],
        dy: ValueId,
    ) -> Result<Vec<Option<ValueId>>, GraphError> {
        let [rows, channels] = [0, 1].map(|axis| graph.shape(self.x)[axis]);
        let deviation = graph.reshape(deviation, &[1, channels])?;
        let each = sums(graph, dy)?;
        let sum = graph.reduce_sum(each, &[0])?;
        let products = graph.mul(dy, self.centred)?;
        let each = sums(graph, products)?;
        let product_sum = graph.reduce_sum(each, &[0])?;
        let dscale = graph.div(product_sum, deviation)?;

        let minus_one = graph.scalar(-1.0);
        let shares = graph.mul(self.shares, minus_one)?;
        let shares = graph.reshape(shares, &[rows, 1])?;
        let constant = graph.mul(shares, sum)?;
        let slope = graph.div(dscale, deviation)?;
        let slope = graph.mul(shares, slope)?;
        let mut shape = graph.shape(self.mean).to_vec();
        shape[0] = rows;
        let constant = graph.reshape(constant, &shape)?;
        let slope = graph.reshape(slope, &shape)?;
        let others = graph.mul(self.centred, slope)?;
        let others = graph.add(others, constant)?;
        let all = graph.add(others, dy)?;
        let dx = graph.mul(all, factor)?;
        let [dscale, dbias] = [dscale, sum].map(|row| graph.reshape(row, &[channels]));
        Ok(vec![Some(dx), Some(dscale?), Some(dbias?)])
    }
}

/// The share of each element of a row in a mean, `[1, N]`: rows that fill up a batch have none.
fn shares(graph: &mut Graph, x: ValueId, weights: ValueId) -> Result<ValueId, GraphError> {
    let (rows, area) = (
        graph.shape(x)[0],
        graph.shape(x)[2..].iter().product::<usize>(),
    );
    let zero = graph.scalar(0.0);
    let counts = graph.greater(weights, zero)?;
    let counts = graph.cast_to_f32(counts)?;
    let count = graph.sum_all(counts)?;
    let area = graph.scalar(area as f32);
    let elements = graph.mul(count, area)?;
    let shares = graph.div(counts, elements)?;
    graph.reshape(shares, &[1, rows])
}

/// The sum of each channel of each row, `[N, channels]`.
fn sums(graph: &mut Graph, x: ValueId) -> Result<ValueId, GraphError> {
    let shape = graph.shape(x).to_vec();
    let places: Vec<usize> = (2..shape.len()).collect();
    let sums = graph.reduce_sum(x, &places)?;
    graph.reshape(sums, &shape[..2])
}

/// The mean of each channel of a batch like `x`, of the sums of each row.
fn mean(
    graph: &mut Graph,
    sums: ValueId,
    shares: ValueId,
    x: ValueId,
) -> Result<ValueId, GraphError> {
    let means = graph.matrix_product(shares, sums, false, false)?;
    let mut shape = graph.shape(x).to_vec();
    shape[0] = 1;
    shape[2..].fill(1);
    graph.reshape(means, &shape)
}
