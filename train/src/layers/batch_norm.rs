//! Batch normalisation ([Ioffe and Szegedy](https://arxiv.org/abs/1502.03167)): each channel with the mean and the
//! variance of its batch in training, and afterwards with running means of these. Before integers compute a network, the
//! importer folds it into the layer before.

use serde::Deserialize;

use super::trained::{Initial, Parameter, Pass, Shares, Trained, Training, one};
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
                let shares = shares(pass, inputs[0], training)?;
                let batch = Batch::new(pass.graph, inputs[0], shares)?;
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
    shares: Shares,
}

impl Batch {
    fn new(graph: &mut Graph, x: ValueId, shares: Shares) -> Result<Self, GraphError> {
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

        let shares = self.shares.minus_column;
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

/// The shares of means over what a layer of training reads.
fn shares(pass: &mut Pass, x: ValueId, training: Training) -> Result<Shares, GraphError> {
    let shape = pass.graph.shape(x);
    let (rows, area) = (shape[0], shape[2..].iter().product::<usize>());
    if let Some((_, shares)) = pass.shares.iter().find(|(other, _)| *other == area) {
        return Ok(*shares);
    }
    let of_rows = match pass.row_shares {
        Some(shares) => shares,
        None => row_shares(pass.graph, training)?,
    };
    pass.row_shares = Some(of_rows);
    let graph = &mut *pass.graph;
    let [part, minus_part] = [1.0, -1.0].map(|sign| graph.scalar(sign / area as f32));
    let row = graph.mul(of_rows, part)?;
    let minus_column = graph.mul(of_rows, minus_part)?;
    let shares = Shares {
        row: graph.reshape(row, &[1, rows])?,
        minus_column: graph.reshape(minus_column, &[rows, 1])?,
    };
    pass.shares.push((area, shares));
    Ok(shares)
}

/// The share of each row in a mean over those that count, `[N]`.
fn row_shares(graph: &mut Graph, training: Training) -> Result<ValueId, GraphError> {
    let zero = graph.scalar(0.0);
    let counts = graph.greater(training.weights, zero)?;
    let counts = graph.cast_to_f32(counts)?;
    let count = graph.sum_all(counts)?;
    graph.div(counts, count)
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
    shares: Shares,
    x: ValueId,
) -> Result<ValueId, GraphError> {
    let means = graph.matrix_product(shares.row, sums, false, false)?;
    let mut shape = graph.shape(x).to_vec();
    shape[0] = 1;
    shape[2..].fill(1);
    graph.reshape(means, &shape)
}
