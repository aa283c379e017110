//! Layers as networks are trained with them: what an entry of a network's file says, without the values of parameters.

mod options;

use std::fmt::Debug;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::{
    add, average_pool, batch_norm, concat, conv, dense, depthwise, dropout, flatten, max_pool,
    normalize,
};
use crate::graph::{Graph, GraphError, ValueId};

pub(super) use options::{Padding, Windows, size, sizes, unit, yes};

/// A layer of a network that is trained.
pub trait Trained: Debug + Send + Sync {
    /// The shape of an output, `[channels, rows, columns]` or `[features]`, or which inputs fit.
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String>;

    /// The parameters that it has for inputs that fit, each with the last part of its name.
    fn parameters(&self, _inputs: &[&[usize]]) -> Vec<Parameter> {
        Vec::new()
    }

    /// Multiplications and additions for one sample.
    fn multiply_adds(&self, _inputs: &[&[usize]], _output: &[usize]) -> usize {
        0
    }

    /// The share of its inputs that it drops in training, if it does.
    fn drops(&self) -> Option<f32> {
        None
    }

    /// Whether its outputs are maxima of its inputs: they change places with a function that never falls.
    fn takes_maxima(&self) -> bool {
        false
    }

    /// Adds the layer to a forward pass; inputs are `[N, ...]`, and the parameters are there in their order.
    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        parameters: &[ValueId],
    ) -> Result<ValueId, GraphError>;
}

/// A tensor that training finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name in graphs, checkpoints and models: `conv1.weight`.
    pub name: String,
    /// Shape: `[filters, channels, rows, columns]`, `[units, inputs]` or `[channels]`.
    pub shape: Vec<usize>,
    pub initial: Initial,
    /// Whether its gradient changes it. Statistics of batches change without one.
    pub is_trained: bool,
}

/// What a parameter is before the first step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Random, as fits the number of inputs and outputs that share an element.
    Random([usize; 2]),
    /// The same in all elements.
    Constant(f32),
}

impl Parameter {
    /// The parameters of a layer that adds up products.
    pub(super) fn weight_and_bias(weight: Vec<usize>, has_bias: bool) -> Vec<Self> {
        let bias = has_bias.then(|| Self::new("bias", vec![weight[0]], Initial::Constant(0.0)));
        let taps: usize = weight[2..].iter().product();
        let fans = [weight[1] * taps, weight[0] * taps];
        let weight = Self::new("weight", weight, Initial::Random(fans));
        [weight].into_iter().chain(bias).collect()
    }

    pub(super) fn new(name: &str, shape: Vec<usize>, initial: Initial) -> Self {
        Self {
            name: name.into(),
            shape,
            initial,
            is_trained: true,
        }
    }

    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A forward pass that is being written.
pub struct Pass<'a> {
    pub graph: &'a mut Graph,
    /// What only training has.
    pub training: Option<Training<'a>>,
    /// Parameters that change without a gradient, with their next values.
    pub updates: Vec<(ValueId, ValueId)>,
    /// Shares of means, by the number of places of a channel: what layers have in common is there once, since runtimes that
    /// merge what is there twice may take away what is still needed.
    pub(super) shares: Vec<(usize, Shares)>,
    /// The share of each row in a mean over rows, `[N]`.
    pub(super) row_shares: Option<ValueId>,
}

/// The share of each element of a row in the mean of a channel: rows that fill up a batch have none.
#[derive(Clone, Copy)]
pub(super) struct Shares {
    /// `[1, N]`
    pub row: ValueId,
    /// The same with the other sign, `[N, 1]`.
    pub minus_column: ValueId,
}

/// What a forward pass takes in training, and not afterwards.
#[derive(Clone, Copy)]
pub struct Training<'a> {
    /// For each dropout layer still to come zeros and `1 / (1 - rate)`.
    pub masks: &'a [ValueId],
    /// How much each row counts, 0 for those that fill up a batch, `[N]`.
    pub weights: ValueId,
}

impl<'a> Pass<'a> {
    pub fn new(graph: &'a mut Graph, training: Option<Training<'a>>) -> Self {
        Self {
            graph,
            training,
            updates: Vec::new(),
            shares: Vec::new(),
            row_shares: None,
        }
    }

    /// The mask of the next dropout layer, in training.
    pub(super) fn next_mask(&mut self) -> Option<ValueId> {
        let training = self.training.as_mut()?;
        let (&mask, rest) = training.masks.split_first()?;
        training.masks = rest;
        Some(mask)
    }
}

/// What is applied to each output of a layer: a function that never falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActivationFunction {
    #[default]
    None,
    Relu,
    /// At least 0 and at most 6.
    Relu6,
    /// A tenth of what is negative.
    Leaky,
    /// What is negative times this number, which is not below 0: `{ slope = 0.01 }`.
    #[serde(deserialize_with = "slope")]
    Slope(f32),
    /// At least the first number and at most the second: `{ clip = [-1, 1] }`.
    #[serde(deserialize_with = "limits")]
    Clip([f32; 2]),
}

/// The slope of [`ActivationFunction::Leaky`] below zero.
const LEAKY_SLOPE: f32 = 0.1;

impl ActivationFunction {
    pub fn apply(self, graph: &mut Graph, x: ValueId) -> Result<ValueId, GraphError> {
        match self {
            Self::None => Ok(x),
            Self::Relu => graph.relu(x),
            Self::Relu6 => graph.clip(x, 0.0, 6.0),
            Self::Leaky => graph.leaky_relu(x, LEAKY_SLOPE),
            Self::Slope(slope) => graph.leaky_relu(x, slope),
            Self::Clip([low, high]) => graph.clip(x, low.max(f32::MIN), high.min(f32::MAX)),
        }
    }
}

fn slope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    let slope = f32::deserialize(deserializer)?;
    if slope >= 0.0 && slope.is_finite() {
        return Ok(slope);
    }
    Err(D::Error::custom(format!(
        "expected a slope of 0 or more, found {slope}"
    )))
}

fn limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f32; 2], D::Error> {
    let [low, high] = <[f32; 2]>::deserialize(deserializer)?;
    if low < high {
        return Ok([low, high]);
    }
    Err(D::Error::custom(format!(
        "expected a lower and an upper limit, found {low} and {high}"
    )))
}

/// Reads what is left of an entry of a network's file once all that layers have in common is taken.
pub type Read = fn(toml::Table) -> Result<Box<dyn Trained>, toml::de::Error>;

/// What reads the entries of each kind, a line a kind.
pub static KINDS: &[(&str, Read)] = &[
    ("conv", read::<conv::Described>),
    ("depthwise", read::<depthwise::Described>),
    ("dense", read::<dense::Described>),
    ("max_pool", read::<max_pool::Described>),
    ("average_pool", read::<average_pool::Described>),
    ("global_pool", read::<average_pool::Global>),
    ("batch_norm", read::<batch_norm::Described>),
    ("activation", read::<Identity>),
    ("add", read::<add::Described>),
    ("concat", read::<concat::Described>),
    ("dropout", read::<dropout::Described>),
    ("flatten", read::<flatten::Described>),
    ("normalize", read::<normalize::Described>),
];

fn read<T: Trained + DeserializeOwned + 'static>(
    entry: toml::Table,
) -> Result<Box<dyn Trained>, toml::de::Error> {
    let layer: T = entry.try_into()?;
    Ok(Box::new(layer))
}

/// A layer of an activation alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {}

impl Trained for Identity {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(one(inputs)?.to_vec())
    }

    fn forward(
        &self,
        _: &mut Pass,
        inputs: &[ValueId],
        _: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        Ok(inputs[0])
    }
}

/// The one shape that a layer reads.
pub(super) fn one<'a>(inputs: &[&'a [usize]]) -> Result<&'a [usize], String> {
    match inputs {
        [shape] => Ok(shape),
        _ => Err(format!("expected one input, found {}", inputs.len())),
    }
}

/// The one picture that a layer reads: channels, rows and columns.
pub(super) fn picture(inputs: &[&[usize]]) -> Result<[usize; 3], String> {
    let shape = one(inputs)?;
    shape.try_into().map_err(|_| {
        format!(
            "expected channels, rows and columns, found {} features; a picture is no longer one after `flatten`",
            shape[0]
        )
    })
}
