//! Optimisers, appended to a training graph as nodes. Updates and defaults follow
//! [Keras](https://keras.io/api/optimizers/).

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, GraphError, ValueId};
use crate::tensor::TensorType;

/// How parameters are updated from their gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Running mean of squared gradients, decay 0.9
    /// ([lecture 6e](https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf)).
    Rmsprop,
    /// Stochastic gradient descent with momentum 0.9.
    Sgd,
    /// Adam, betas 0.9 and 0.999 ([Kingma and Ba](https://arxiv.org/abs/1412.6980)).
    Adam,
    /// Adam with decoupled weight decay 0.004 ([Loshchilov and Hutter](https://arxiv.org/abs/1711.05101)).
    Adamw,
}

const RHO: f32 = 0.9;
const MOMENTUM: f32 = 0.9;
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const WEIGHT_DECAY: f32 = 0.004;
const EPSILON: f32 = 1e-7;

impl Optimizer {
    /// Name on the command line and in checkpoints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rmsprop => "rmsprop",
            Self::Sgd => "sgd",
            Self::Adam => "adam",
            Self::Adamw => "adamw",
        }
    }

    pub fn default_learning_rate(self) -> f32 {
        match self {
            Self::Sgd => 0.01,
            Self::Rmsprop | Self::Adam | Self::Adamw => 0.001,
        }
    }
}

/// A float tensor that a training step reads and replaces: graph input `name`, output `name.next`.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    pub name: String,
    pub shape: Vec<usize>,
    /// Value of every element before the first step; parameters are drawn instead.
    pub initial: f32,
}

impl Variable {
    /// Name of the graph's output with the new value.
    pub fn next_name(name: &str) -> String {
        format!("{name}.next")
    }
}

/// A parameter, which is an input of the graph, with the gradient of the mean loss.
#[derive(Clone, Copy)]
pub struct Trainable {
    pub parameter: ValueId,
    pub gradient: ValueId,
}

/// Adds the update of every parameter, as outputs of the graph, and returns the optimiser's own state.
pub fn append_updates(
    graph: &mut Graph,
    optimizer: Optimizer,
    trainables: &[Trainable],
    learning_rate: ValueId,
) -> Result<Vec<Variable>, GraphError> {
    let mut update = Update {
        graph,
        state: Vec::new(),
        learning_rate,
    };
    match optimizer {
        Optimizer::Rmsprop => update.each(trainables, Update::rmsprop)?,
        Optimizer::Sgd => update.each(trainables, Update::sgd)?,
        Optimizer::Adam => {
            let rate = update.corrected_rate()?;
            update.each(trainables, |update, one| {
                let step = update.adam_step(one, rate)?;
                update.graph.sub(one.parameter, step)
            })?;
        }
        Optimizer::Adamw => {
            let rate = update.corrected_rate()?;
            update.each(trainables, |update, one| {
                let decayed = update.decayed(one.parameter)?;
                let step = update.adam_step(one, rate)?;
                update.graph.sub(decayed, step)
            })?;
        }
    }
    Ok(update.state)
}

struct Update<'a> {
    graph: &'a mut Graph,
    state: Vec<Variable>,
    learning_rate: ValueId,
}

impl Update<'_> {
    /// Makes `rule`'s result the next value of each parameter.
    fn each(
        &mut self,
        trainables: &[Trainable],
        rule: impl Fn(&mut Self, Trainable) -> Result<ValueId, GraphError>,
    ) -> Result<(), GraphError> {
        for &one in trainables {
            let next = rule(self, one)?;
            let name = Variable::next_name(self.graph.name(one.parameter));
            self.graph.output(&name, next)?;
        }
        Ok(())
    }

    fn rmsprop(&mut self, one: Trainable) -> Result<ValueId, GraphError> {
        let square = self.graph.mul(one.gradient, one.gradient)?;
        let mean_square = self.running_mean(one.parameter, "mean_square", square, RHO)?;
        let epsilon = self.graph.scalar(EPSILON);
        let raised = self.graph.add(mean_square, epsilon)?;
        let root = self.graph.sqrt(raised)?;
        let scaled = self.graph.mul(one.gradient, self.learning_rate)?;
        let step = self.graph.div(scaled, root)?;
        self.graph.sub(one.parameter, step)
    }

    fn sgd(&mut self, one: Trainable) -> Result<ValueId, GraphError> {
        let (name, velocity) = self.beside(one.parameter, "velocity")?;
        let momentum = self.graph.scalar(MOMENTUM);
        let kept = self.graph.mul(velocity, momentum)?;
        let scaled = self.graph.mul(one.gradient, self.learning_rate)?;
        let next = self.graph.sub(kept, scaled)?;
        self.graph.output(&Variable::next_name(&name), next)?;
        self.graph.add(one.parameter, next)
    }

    fn adam_step(&mut self, one: Trainable, rate: ValueId) -> Result<ValueId, GraphError> {
        let mean = self.running_mean(one.parameter, "mean", one.gradient, BETA_1)?;
        let square = self.graph.mul(one.gradient, one.gradient)?;
        let mean_square = self.running_mean(one.parameter, "mean_square", square, BETA_2)?;
        let root = self.graph.sqrt(mean_square)?;
        let epsilon = self.graph.scalar(EPSILON);
        let raised = self.graph.add(root, epsilon)?;
        let scaled = self.graph.mul(mean, rate)?;
        self.graph.div(scaled, raised)
    }

    /// `parameter * (1 - learning_rate * decay)`
    fn decayed(&mut self, parameter: ValueId) -> Result<ValueId, GraphError> {
        let decay = self.graph.scalar(WEIGHT_DECAY);
        let share = self.graph.mul(self.learning_rate, decay)?;
        let lost = self.graph.mul(parameter, share)?;
        self.graph.sub(parameter, lost)
    }

    /// `learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)`; the powers are state, so that runs can be resumed.
    fn corrected_rate(&mut self) -> Result<ValueId, GraphError> {
        let first = self.one_minus_power("beta_1_power", BETA_1)?;
        let second = self.one_minus_power("beta_2_power", BETA_2)?;
        let root = self.graph.sqrt(second)?;
        let ratio = self.graph.div(root, first)?;
        self.graph.mul(self.learning_rate, ratio)
    }

    fn one_minus_power(&mut self, name: &str, beta: f32) -> Result<ValueId, GraphError> {
        let power = self.variable(name, Vec::new(), 1.0)?;
        let factor = self.graph.scalar(beta);
        let next = self.graph.mul(power, factor)?;
        self.graph.output(&Variable::next_name(name), next)?;
        let one = self.graph.scalar(1.0);
        self.graph.sub(one, next)
    }

    /// `decay * mean + (1 - decay) * value`, kept as state beside the parameter.
    fn running_mean(
        &mut self,
        parameter: ValueId,
        suffix: &str,
        value: ValueId,
        decay: f32,
    ) -> Result<ValueId, GraphError> {
        let (name, mean) = self.beside(parameter, suffix)?;
        let (keep, take) = (self.graph.scalar(decay), self.graph.scalar(1.0 - decay));
        let kept = self.graph.mul(mean, keep)?;
        let taken = self.graph.mul(value, take)?;
        let next = self.graph.add(kept, taken)?;
        self.graph.output(&Variable::next_name(&name), next)?;
        Ok(next)
    }

    /// A variable of a parameter's shape, with its name.
    fn beside(
        &mut self,
        parameter: ValueId,
        suffix: &str,
    ) -> Result<(String, ValueId), GraphError> {
        let name = format!("{}.{suffix}", self.graph.name(parameter));
        let shape = self.graph.shape(parameter).to_vec();
        let value = self.variable(&name, shape, 0.0)?;
        Ok((name, value))
    }

    fn variable(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        initial: f32,
    ) -> Result<ValueId, GraphError> {
        let value = self.graph.input(name, TensorType::f32(&shape));
        self.state.push(Variable {
            name: name.into(),
            shape,
            initial,
        });
        value
    }
}
