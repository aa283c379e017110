//! The kinds of layers that networks are imported with and that integers compute, one file each.
//!
//! A layer's file says what it is, what shape it makes at what cost, how it is read from ONNX, and what it is in a graph
//! in floats and in integers. To add one, write its file, name it in [`Layer`], in [`Layer::form`] and in [`READERS`], and
//! if integers compute it another way than all others, in [`Int8Layer`].

mod activation;
mod add;
mod average_pool;
mod concat;
mod conv;
mod dense;
mod depthwise;
mod max_pool;

pub use activation::{Activation, Function};
pub use add::Add;
pub use average_pool::AveragePool;
pub use concat::Concat;
pub use conv::Conv;
pub use dense::Dense;
pub use max_pool::MaxPool;

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

    /// Adds the layer in floats; inputs and output are `[1, channels, rows, columns]`.
    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError>;
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
    activation::READERS,
];
