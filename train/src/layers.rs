//! The kinds of layers that networks are made of, one file each.
//!
//! A layer's file says what it is, what shape it makes at what cost, how it is read from ONNX, what it is in a graph in
//! floats and in integers, and how networks are trained with it. To add one, write its file, name it in [`Layer`], in
//! [`Layer::form`], in [`READERS`] and in [`KINDS`], and if integers compute it another way than all others, in
//! [`Int8Layer`].

mod activation;
mod add;
mod average_pool;
mod batch_norm;
mod concat;
mod conv;
mod dense;
mod depthwise;
mod dropout;
mod elementwise;
mod factors;
mod flatten;
mod function;
mod int8;
mod max_pool;
mod normalize;
mod sums;
mod trained;

pub use activation::Activation;
pub use add::Add;
pub use average_pool::AveragePool;
pub use concat::Concat;
pub use conv::Conv;
pub use dense::Dense;
pub(crate) use depthwise::is_scaling;
pub(crate) use elementwise::of_numbers;
pub use factors::{Factors, Unfit};
pub use function::{Combination, Function};
pub use int8::{Channels, Int8Form, Int8Layer, Interval, Meaning};
pub use max_pool::MaxPool;
pub use sums::{Overflow, Sums};
pub use trained::{ActivationFunction, Initial, KINDS, Parameter, Pass, Trained, Training};

use crate::graph::{Graph, GraphError, ValueId};
use crate::import::Readers;
use crate::network::Shape;

/// A layer with its parameters.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each is documented where it is defined")]
pub enum Layer {
    Activation(Activation),
    Add(Add),
    AveragePool(AveragePool),
    Concat(Concat),
    Conv(Conv),
    Dense(Dense),
    MaxPool(MaxPool),
}

impl Layer {
    /// What the layer can do, whichever it is.
    pub fn form(&self) -> &dyn Form {
        match self {
            Self::Activation(layer) => layer,
            Self::Add(layer) => layer,
            Self::AveragePool(layer) => layer,
            Self::Concat(layer) => layer,
            Self::Conv(layer) => layer,
            Self::Dense(layer) => layer,
            Self::MaxPool(layer) => layer,
        }
    }
}

/// What each layer can do.
pub trait Form {
    /// What names of such layers start with.
    fn kind(&self) -> &'static str;

    /// The shape of the output, or which inputs do not fit.
    fn output(&self, inputs: &[Shape]) -> Result<Shape, String>;

    /// Multiplications and additions for one input.
    fn multiply_adds(&self, inputs: &[Shape], output: Shape) -> usize;

    /// Comparisons for one input.
    fn comparisons(&self, _output: Shape) -> usize {
        0
    }

    /// Adds the layer in floats; inputs and output are `[1, channels, rows, columns]`.
    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError>;

    /// Which of its tensors have one scale and one zero point.
    fn scales(&self) -> Scales;

    /// The scales of its weights and the factors to its outputs, where inputs and output have these scales.
    fn factors(&self, _from: f32, _to: f32) -> Result<Factors, Unfit> {
        Ok(Factors::default())
    }

    /// The layer in integers, with the factors for these scales.
    fn int8(&self, meaning: Meaning, factors: Factors) -> Result<Int8Layer, Overflow>;
}

/// Which tensors of a layer have one scale and one zero point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scales {
    /// None: each has its own.
    Own,
    /// The inputs.
    Inputs,
    /// The inputs and the output.
    All,
}

/// What reads the nodes of each operator, a line a layer.
pub static READERS: &[Readers] = &[
    conv::READERS,
    dense::READERS,
    depthwise::READERS,
    max_pool::READERS,
    average_pool::READERS,
    add::READERS,
    concat::READERS,
    elementwise::READERS,
];
