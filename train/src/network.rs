//! A trained network as integers shall compute it: a graph of layers without circles, with the shape of every tensor.
//!
//! [`import`](crate::import::import) makes one of an ONNX model, [`quantize`](crate::quantize) integers of it. Tensors
//! are numbered: 0 is the network's input, and node `k` makes tensor `k + 1`.

mod normalization;

use ndarray::{Array4, ArrayD};

use crate::graph::{Graph, GraphError, ValueId};
use crate::layers::Layer;
use crate::ops::Quantization;
use crate::tensor::TensorType;

/// Channels, rows and columns of a tensor. A signal has one row; a vector has channels alone.
pub type Shape = [usize; 3];

/// Number of elements of a tensor.
pub fn elements(shape: Shape) -> usize {
    shape.iter().product()
}

/// The order in which whoever feeds a network has the numbers of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Channel by channel, as this crate's graphs take them.
    ChannelsFirst,
    /// Place by place, with the channels of one place side by side.
    ChannelsLast,
}

/// What goes into a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// Channels, rows and columns.
    pub shape: Shape,
    /// How the model that was imported has them.
    pub layout: Layout,
    /// What integers stand for them, where that model says it.
    pub given: Option<Quantization>,
    /// The integers that its file takes in place of the numbers, if it does.
    pub integers: Option<Integers>,
}

/// Integers of 8 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integers {
    /// -128 to 127.
    Signed,
    /// 0 to 255: 128 more than what [`Quantization`] speaks of.
    Unsigned,
}

impl Input {
    /// An input of which nothing else is known.
    pub fn new(shape: Shape, layout: Layout) -> Self {
        Self {
            shape,
            layout,
            given: None,
            integers: None,
        }
    }
}

impl Input {
    /// One sample as whoever feeds the network has it, as `[1, channels, rows, columns]`: with channels first or last, as its
    /// sizes say, or if they are of another number those of more than one place; as in the model's file where both fit or
    /// there is one axis. `None` where none does.
    pub fn arranged<T: Copy>(&self, sample: ArrayD<T>) -> Option<Array4<T>> {
        let [channels, rows, columns] = self.shape;
        let long = |sizes: &[usize]| -> Vec<usize> {
            sizes.iter().copied().filter(|&size| size != 1).collect()
        };
        let order = |layout| match layout {
            Layout::ChannelsFirst => [channels, rows, columns],
            Layout::ChannelsLast => [rows, columns, channels],
        };
        let sizes = sample.shape();
        let layouts = [self.layout, Layout::ChannelsFirst, Layout::ChannelsLast];
        let exact = layouts.into_iter().find(|&layout| sizes == order(layout));
        let fits = |layout: &Layout| long(sizes) == long(&order(*layout));
        let layout = match long(sizes).len() {
            0 | 1 => self.layout,
            _ => exact.or_else(|| layouts.into_iter().find(fits))?,
        };
        let flat: Vec<T> = sample.into_iter().collect();
        match layout {
            Layout::ChannelsFirst => {
                Array4::from_shape_vec((1, channels, rows, columns), flat).ok()
            }
            Layout::ChannelsLast => {
                let last = Array4::from_shape_vec((1, rows, columns, channels), flat).ok()?;
                Some(
                    last.permuted_axes([0, 3, 1, 2])
                        .as_standard_layout()
                        .into_owned(),
                )
            }
        }
    }
}

/// The least and the greatest number that a layer's outputs are limited to; 0 lies between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// At most 0.
    pub low: f32,
    /// At least 0.
    pub high: f32,
}

impl Clip {
    /// No limit.
    pub const NONE: Self = Self {
        low: f32::NEG_INFINITY,
        high: f32::INFINITY,
    };

    /// `ReLU`.
    pub const RELU: Self = Self {
        low: 0.0,
        high: f32::INFINITY,
    };

    /// Both limits, one after the other; since 0 is in both, their order is the same to all.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            low: self.low.max(other.low),
            high: self.high.min(other.high),
        }
    }

    /// Adds the nodes that limit `x`.
    pub fn apply(self, graph: &mut Graph, x: ValueId) -> Result<ValueId, GraphError> {
        match self {
            Self::NONE => Ok(x),
            Self::RELU => graph.relu(x),
            Self { low, high } => graph.clip(x, low.max(f32::MIN), high.min(f32::MAX)),
        }
    }
}

/// A layer, what it reads and what it makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Name, counted by kind: `conv1`.
    pub name: String,
    /// The node of the ONNX model that it comes from, with its operator: `Conv_0 (Conv)`.
    pub origin: String,
    /// What it computes.
    pub layer: Layer,
    /// What its outputs are limited to afterwards.
    pub clip: Clip,
    /// The tensors that it reads, each before its own.
    pub inputs: Vec<usize>,
    /// Channels, rows and columns of what it makes.
    pub shape: Shape,
    /// What integers stand for its outputs, where the model says it, as one that is quantised does.
    pub given: Option<Quantization>,
}

/// A network of at least one layer. The last node makes the output, and all others lead to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// What goes in.
    pub input: Input,
    /// The layers in an order in which they can run.
    pub nodes: Vec<Node>,
    /// The `Softmax`, `LogSoftmax` or `ArgMax` after the output, if there was one: it is no part of the layers.
    pub dropped: Option<String>,
    /// What the model tells about itself.
    pub metadata: Vec<(String, String)>,
}

impl Network {
    /// The shape of a tensor.
    pub fn shape(&self, tensor: usize) -> Shape {
        match tensor.checked_sub(1) {
            None => self.input.shape,
            Some(node) => self.nodes[node].shape,
        }
    }

    /// The shapes of what a node reads.
    pub fn input_shapes(&self, node: &Node) -> Vec<Shape> {
        node.inputs.iter().map(|&input| self.shape(input)).collect()
    }

    /// The shape of the output.
    pub fn output(&self) -> Shape {
        self.shape(self.nodes.len())
    }

    /// The nodes that read a tensor.
    pub fn readers(&self, tensor: usize) -> impl Iterator<Item = usize> {
        let reads = move |(_, node): &(usize, &Node)| node.inputs.contains(&tensor);
        self.nodes
            .iter()
            .enumerate()
            .filter(reads)
            .map(|(index, _)| index)
    }

    /// Multiplications and additions for one input.
    pub fn multiply_adds(&self) -> usize {
        let cost = |node: &Node| {
            let form = node.layer.form();
            form.multiply_adds(&self.input_shapes(node), node.shape)
        };
        self.nodes.iter().map(cost).sum()
    }

    /// The text that the model's metadata has under a key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let mut entries = self.metadata.iter();
        let entry = entries.find(|(other, _)| other == key);
        entry.map(|(_, value)| value.as_str())
    }

    /// Adds an input `name` of one sample, `[1, channels, rows, columns]`.
    pub fn graph_input(&self, graph: &mut Graph, name: &str) -> Result<ValueId, GraphError> {
        let [channels, rows, columns] = self.input.shape;
        graph.input(name, TensorType::f32(&[1, channels, rows, columns]))
    }

    /// Adds all layers in floats; the value of each tensor, the input first.
    pub fn forward(&self, graph: &mut Graph, input: ValueId) -> Result<Vec<ValueId>, GraphError> {
        let mut values = vec![input];
        for node in &self.nodes {
            let value = node.forward(graph, &values)?;
            values.push(value);
        }
        Ok(values)
    }

    /// Names the nodes by their kinds.
    pub(crate) fn count_names(&mut self) {
        let mut kinds: Vec<&str> = Vec::new();
        for node in &mut self.nodes {
            let kind = node.layer.form().kind();
            kinds.push(kind);
            let number = kinds.iter().filter(|&&other| other == kind).count();
            node.name = format!("{kind}{number}");
        }
    }
}

impl Node {
    /// Adds the layer in floats; `values` are those of the tensors before.
    pub fn forward(&self, graph: &mut Graph, values: &[ValueId]) -> Result<ValueId, GraphError> {
        let inputs: Vec<ValueId> = self.inputs.iter().map(|&input| values[input]).collect();
        let value = self.layer.form().float(graph, &inputs)?;
        self.clip.apply(graph, value)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    #[test]
    fn the_sizes_of_a_sample_say_where_its_channels_are() {
        for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
            let shape = [2, 3, 4];
            let input = Input::new(shape, layout);
            let first = Array3::from_shape_fn(shape, |(channel, row, column)| {
                (100 * channel + 10 * row + column) as f32
            });
            let last = first
                .view()
                .permuted_axes([1, 2, 0])
                .as_standard_layout()
                .into_owned();
            let expected = first.clone().insert_axis(ndarray::Axis(0));
            assert_eq!(input.arranged(first.into_dyn()), Some(expected.clone()));
            assert_eq!(input.arranged(last.into_dyn()), Some(expected));
            assert_eq!(
                input.arranged(Array3::<f32>::zeros([4, 3, 2]).into_dyn()),
                None
            );
            // All sizes decide where those of more than one place do not.
            let shape = [2, 2, 1];
            let input = Input::new(shape, layout);
            let sample = |sizes: [usize; 3]| {
                let sample = Array3::from_shape_vec(sizes, vec![0.0, 1.0, 2.0, 3.0]);
                input.arranged(sample.unwrap().into_dyn()).unwrap()
            };
            let numbers = |sizes| sample(sizes).into_iter().collect::<Vec<f32>>();
            assert_eq!(numbers([2, 2, 1]), [0.0, 1.0, 2.0, 3.0]);
            assert_eq!(numbers([2, 1, 2]), [0.0, 2.0, 1.0, 3.0]);
        }
    }
}
