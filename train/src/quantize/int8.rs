//! A network in integers.

use super::QuantizeError;
use super::groups::{Given, separated};
use super::range::Range;
use super::settle::{Settled, settle};
use crate::layers::{Int8Layer, Meaning, Overflow};
use crate::network::{Network, Shape};
use crate::ops::Quantization;

/// A layer in integers.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Node {
    /// Name: `conv1`.
    pub name: String,
    /// The node of the model that it comes from.
    pub origin: String,
    /// What it computes.
    pub layer: Int8Layer,
    /// The tensors that it reads.
    pub inputs: Vec<usize>,
    /// Channels, rows and columns of what it makes.
    pub shape: Shape,
    /// Which channels of the layer in floats these are.
    pub channels: Vec<usize>,
    /// Where its outputs have been seen.
    pub range: Range,
    /// What the integers of its output stand for.
    pub to: Quantization,
}

/// A network in integers; tensors are numbered as those of a [`Network`].
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Network {
    /// Channels, rows and columns of the input.
    pub input: Shape,
    /// What the integers of the input stand for.
    pub from: Quantization,
    /// The layers in an order in which they can run.
    pub nodes: Vec<Int8Node>,
}

impl Int8Network {
    /// The network in integers whose tensors have been seen in these ranges, the input first, and the network in floats
    /// that has the same layers.
    pub fn new(
        network: &Network,
        ranges: &[Range],
        given: Given,
    ) -> Result<(Network, Self), QuantizeError> {
        let (network, ranges) = separated(network, ranges, given);
        let Settled { tensors, factors } = settle(&network, &ranges, given)?;
        let mut nodes = Vec::new();
        for (index, (node, factors)) in network.nodes.iter().zip(factors).enumerate() {
            let meaning = Meaning {
                from: tensors[node.inputs[0]],
                to: tensors[index + 1],
            };
            let layer = node.layer.form().int8(meaning, factors);
            let layer = layer.map_err(|Overflow { filter, bound }| QuantizeError::Overflow {
                node: node.origin.clone(),
                filter,
                bound,
            })?;
            nodes.push(Int8Node {
                name: node.name.clone(),
                origin: node.origin.clone(),
                layer,
                inputs: node.inputs.clone(),
                shape: node.shape,
                channels: (0..node.shape[0]).collect(),
                range: ranges[index + 1],
                to: meaning.to,
            });
        }
        let int8 = Self {
            input: network.input.shape,
            from: tensors[0],
            nodes,
        };
        Ok((network, int8))
    }

    /// The shape of a tensor.
    pub fn shape(&self, tensor: usize) -> Shape {
        match tensor.checked_sub(1) {
            None => self.input,
            Some(node) => self.nodes[node].shape,
        }
    }

    /// What the integers of a tensor stand for.
    pub fn meaning(&self, tensor: usize) -> Quantization {
        match tensor.checked_sub(1) {
            None => self.from,
            Some(node) => self.nodes[node].to,
        }
    }

    /// What the integers that a node reads and makes stand for.
    pub fn meaning_of(&self, node: &Int8Node) -> Meaning {
        Meaning {
            from: self.meaning(node.inputs[0]),
            to: node.to,
        }
    }

    /// What the integers of the output stand for.
    pub fn output(&self) -> Quantization {
        self.meaning(self.nodes.len())
    }

    /// Multiplications and additions for one input.
    pub fn multiply_adds(&self) -> usize {
        let cost = |node: &Int8Node| {
            let inputs: Vec<Shape> = node.inputs.iter().map(|&input| self.shape(input)).collect();
            node.layer.form().multiply_adds(&inputs, node.shape)
        };
        self.nodes.iter().map(cost).sum()
    }

    /// Number of weights and entries of tables.
    pub fn weights(&self) -> usize {
        self.nodes
            .iter()
            .map(|node| node.layer.form().weights())
            .sum()
    }
}
