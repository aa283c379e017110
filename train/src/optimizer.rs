//! Optimisers, appended to a training graph as nodes. Updates and defaults follow
//! [Keras](https://keras.io/api/optimizers/).

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Tensor, TensorType};

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
    /// Adam with decoupled weight decay, 0.004 unless told otherwise ([Loshchilov and Hutter](https://arxiv.org/abs/1711.05101)).
    Adamw,
}

const RHO: f32 = 0.9;
const MOMENTUM: f32 = 0.9;
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-7;

/// Last part of the name of a parameter's or a statistic's running mean.
const AVERAGE: &str = "average";
/// Variable: what their running means have to be divided by.
const AVERAGE_WEIGHT: &str = "average_weight";

/// The parameters that a network is used with, of variables that begin with `parameters`: their running means, where there
/// are such.
pub fn in_use(variables: &[(String, Tensor)], parameters: usize) -> Vec<(String, Tensor)> {
    let find = |name: &str| {
        let variable = variables.iter().find(|(other, _)| other == name)?;
        variable.1.as_f32()
    };
    let weight = find(AVERAGE_WEIGHT).map(|weight| weight.sum());
    let mean = |(name, value): &(String, Tensor)| {
        let mean = find(&format!("{name}.{AVERAGE}")).zip(weight);
        let value = mean.map_or_else(|| value.clone(), |(mean, weight)| (mean / weight).into());
        (name.clone(), value)
    };
    variables[..parameters].iter().map(mean).collect()
}

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

    fn default_weight_decay(self) -> f32 {
        match self {
            Self::Adamw => 0.004,
            Self::Rmsprop | Self::Sgd | Self::Adam => 0.0,
        }
    }

    pub fn default_learning_rate(self) -> f32 {
        match self {
            Self::Sgd => 0.01,
            Self::Rmsprop | Self::Adam | Self::Adamw => 0.001,
        }
    }
}

/// All of how parameters are updated that the graph of a step is made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    pub optimizer: Optimizer,
    /// The share of each parameter that a step at rate 1 takes away, beside the optimiser's own update.
    pub weight_decay: f32,
    /// The share that running means of parameters and statistics keep at each step; without it there are none.
    pub average: Option<f32>,
    /// The share of a label that is spread over all classes.
    pub label_smoothing: f32,
    /// Whether samples are mixtures of two.
    pub mixes: bool,
    /// Whether samples may be of no class.
    pub negatives: bool,
}

impl From<Optimizer> for Method {
    /// As the optimiser does it by default.
    fn from(optimizer: Optimizer) -> Self {
        Self {
            optimizer,
            weight_decay: optimizer.default_weight_decay(),
            average: None,
            label_smoothing: 0.0,
            mixes: false,
            negatives: false,
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

/// Adds the update of every parameter, as outputs of the graph, and returns the optimiser's own state. Statistics of batches,
/// each with its next value, are averaged as the parameters are.
pub fn append_updates(
    graph: &mut Graph,
    method: &Method,
    trainables: &[Trainable],
    statistics: &[(ValueId, ValueId)],
    learning_rate: ValueId,
) -> Result<Vec<Variable>, GraphError> {
    let mut update = Update {
        graph,
        method,
        state: Vec::new(),
        learning_rate,
    };
    match method.optimizer {
        Optimizer::Rmsprop => update.each(trainables, Update::rmsprop)?,
        Optimizer::Sgd => update.each(trainables, Update::sgd)?,
        Optimizer::Adam | Optimizer::Adamw => {
            let rate = update.corrected_rate()?;
            update.each(trainables, |update, one, decayed| {
                let step = update.adam_step(one, rate)?;
                update.graph.sub(decayed, step)
            })?;
        }
    }
    if let Some(keep) = method.average {
        for &(statistic, next) in statistics {
            update.running_mean(statistic, AVERAGE, next, keep)?;
        }
    }
    Ok(update.state)
}

struct Update<'a> {
    graph: &'a mut Graph,
    method: &'a Method,
    state: Vec<Variable>,
    learning_rate: ValueId,
}

impl Update<'_> {
    /// Makes `rule`'s result the next value of each parameter, given what decay leaves of it.
    fn each(
        &mut self,
        trainables: &[Trainable],
        rule: impl Fn(&mut Self, Trainable, ValueId) -> Result<ValueId, GraphError>,
    ) -> Result<(), GraphError> {
        for &one in trainables {
            let decayed = self.decayed(one.parameter)?;
            let next = rule(self, one, decayed)?;
            let name = Variable::next_name(self.graph.name(one.parameter));
            if let Some(keep) = self.method.average {
                self.running_mean(one.parameter, AVERAGE, next, keep)?;
            }
            self.graph.output(&name, next)?;
        }
        match self.method.average {
            Some(keep) => self.average_weight(keep),
            None => Ok(()),
        }
    }

    /// How much of the running means is what they are means of, and not the zeros that they start with.
    fn average_weight(&mut self, keep: f32) -> Result<(), GraphError> {
        let weight = self.variable(AVERAGE_WEIGHT, Vec::new(), 0.0)?;
        let (keep, take) = (self.graph.scalar(keep), self.graph.scalar(1.0 - keep));
        let kept = self.graph.mul(weight, keep)?;
        let next = self.graph.add(kept, take)?;
        self.graph
            .output(&Variable::next_name(AVERAGE_WEIGHT), next)
    }

    fn rmsprop(&mut self, one: Trainable, decayed: ValueId) -> Result<ValueId, GraphError> {
        let square = self.graph.mul(one.gradient, one.gradient)?;
        let mean_square = self.running_mean(one.parameter, "mean_square", square, RHO)?;
        let epsilon = self.graph.scalar(EPSILON);
        let raised = self.graph.add(mean_square, epsilon)?;
        let root = self.graph.sqrt(raised)?;
        let scaled = self.graph.mul(one.gradient, self.learning_rate)?;
        let step = self.graph.div(scaled, root)?;
        self.graph.sub(decayed, step)
    }

    fn sgd(&mut self, one: Trainable, decayed: ValueId) -> Result<ValueId, GraphError> {
        let (name, velocity) = self.beside(one.parameter, "velocity")?;
        let momentum = self.graph.scalar(MOMENTUM);
        let kept = self.graph.mul(velocity, momentum)?;
        let scaled = self.graph.mul(one.gradient, self.learning_rate)?;
        let next = self.graph.sub(kept, scaled)?;
        self.graph.output(&Variable::next_name(&name), next)?;
        self.graph.add(decayed, next)
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
        if self.method.weight_decay == 0.0 {
            return Ok(parameter);
        }
        let decay = self.graph.scalar(self.method.weight_decay);
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
