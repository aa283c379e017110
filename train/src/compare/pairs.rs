//! Which layer in integers belongs to which layer in floats.

use std::collections::BTreeSet;

use ndarray::{Array4, ArrayD, ArrayView4, Axis, Ix4};

use super::CompareError;
use crate::network::{Network, Node, Shape};
use crate::ops::Quantization;
use crate::quantize::Origins;

/// The layers of an int8 model, each with the layer in floats. Tensors are numbered as those of a [`Network`].
pub struct Pairs {
    /// In floats.
    pub network: Network,
    /// In integers.
    pub layers: Vec<Pair>,
    /// What the integers of the input stand for.
    input: Quantization,
}

/// A layer in integers.
pub struct Pair {
    /// Name: `conv1`, in the int8 model that of its value.
    pub name: String,
    /// The tensors that it reads.
    pub inputs: Vec<usize>,
    /// What the integers of its output stand for.
    pub meaning: Quantization,
    /// The tensor of the network in floats that its output stands for.
    pub tensor: usize,
    /// The channels of that tensor that it has.
    channels: Vec<usize>,
    /// Whether it copies what it reads in another scale.
    is_copy: bool,
}

impl Pairs {
    /// The layers that an int8 model says it has, made of this network.
    pub fn new(network: Network, layers: &Origins) -> Result<Self, CompareError> {
        let mut pairs: Vec<Pair> = Vec::new();
        for (index, layer) in layers.layers.iter().enumerate() {
            let tensor = match (&layer.float, layer.inputs[0].checked_sub(1)) {
                (Some(name), _) => {
                    let node = network.nodes.iter().position(|node| node.name == *name);
                    node.ok_or_else(|| CompareError::NoSuchLayer(name.clone()))? + 1
                }
                (None, Some(copied)) => pairs[copied].tensor,
                (None, None) => 0,
            };
            let inputs = match &layer.float {
                Some(_) => network.nodes[tensor - 1].inputs.len(),
                None => 1,
            };
            let is_scale = |tensor: usize| {
                let scale = layers.meaning(tensor).scale;
                scale.is_normal() && scale > 0.0
            };
            if layer.inputs.len() != inputs || !is_scale(0) || !is_scale(index + 1) {
                return Err(CompareError::Layer(layer.name.clone()));
            }
            let all = network.shape(tensor)[0];
            let channels = layer.channels.clone().unwrap_or_else(|| (0..all).collect());
            if let Some(&channel) = channels.iter().find(|&&channel| channel >= all) {
                let layer = layer.name.clone();
                return Err(CompareError::Channels {
                    layer,
                    channel,
                    all,
                });
            }
            pairs.push(Pair {
                name: layer.name.clone(),
                inputs: layer.inputs.clone(),
                meaning: layers.meaning(index + 1),
                tensor,
                channels,
                is_copy: layer.float.is_none(),
            });
        }
        Ok(Self {
            network,
            layers: pairs,
            input: layers.meaning(0),
        })
    }

    /// The layer in floats; none of a copy.
    pub fn node(&self, pair: &Pair) -> Option<&Node> {
        let node = pair.tensor.checked_sub(1).filter(|_| !pair.is_copy)?;
        self.network.nodes.get(node)
    }

    /// The tensors that some layers read, ascending.
    pub fn read(&self, by: impl Fn(&Pair) -> bool) -> BTreeSet<usize> {
        let layers = self.layers.iter().filter(|pair| by(pair));
        layers
            .flat_map(|pair| pair.inputs.iter().copied())
            .collect()
    }

    /// The node of the float model behind a layer: `Conv_0 (Conv)`.
    pub fn origin(&self, pair: &Pair) -> &str {
        self.node(pair).map_or("", |node| &node.origin)
    }

    /// What the integers of a tensor stand for.
    pub fn meaning(&self, tensor: usize) -> Quantization {
        match tensor.checked_sub(1) {
            None => self.input,
            Some(layer) => self.layers[layer].meaning,
        }
    }

    /// The tensor in floats that a tensor in integers stands for.
    pub fn float_tensor(&self, tensor: usize) -> usize {
        tensor
            .checked_sub(1)
            .map_or(0, |layer| self.layers[layer].tensor)
    }

    /// Channels, rows and columns in integers.
    pub fn shape(&self, tensor: usize) -> Shape {
        let [channels, rows, columns] = self.full_shape(tensor);
        match tensor.checked_sub(1) {
            None => [channels, rows, columns],
            Some(layer) => [self.layers[layer].channels.len(), rows, columns],
        }
    }

    /// The same with the channels that were taken out.
    pub fn full_shape(&self, tensor: usize) -> Shape {
        self.network.shape(self.float_tensor(tensor))
    }

    /// Of a tensor in floats the channels that its integers have.
    pub fn left(&self, tensor: usize, floats: &ArrayD<f32>) -> Array4<f32> {
        let floats = four(floats);
        match tensor.checked_sub(1) {
            None => floats.to_owned(),
            Some(layer) => floats.select(Axis(1), &self.layers[layer].channels),
        }
    }

    /// The nearest integers of a tensor in floats, and the numbers that they stand for, with the channels that have none
    /// beside them as they are.
    pub fn given(&self, tensor: usize, floats: &ArrayD<f32>) -> (Array4<i8>, Array4<f32>) {
        let meaning = self.meaning(tensor);
        let integers = self
            .left(tensor, floats)
            .mapv(|value| meaning.integer(value));
        let reals = integers.mapv(|integer| meaning.real(integer));
        let mut all = four(floats).to_owned();
        match tensor.checked_sub(1) {
            None => all = reals,
            Some(layer) => {
                for (&channel, reals) in self.layers[layer]
                    .channels
                    .iter()
                    .zip(reals.axis_iter(Axis(1)))
                {
                    all.index_axis_mut(Axis(1), channel).assign(&reals);
                }
            }
        }
        (integers, all)
    }
}

/// A tensor of one sample, `[1, channels, rows, columns]`, as all graphs here have it.
fn four(tensor: &ArrayD<f32>) -> ArrayView4<'_, f32> {
    let view = tensor.view().into_dimensionality::<Ix4>();
    view.expect("graphs of layers put out tensors of four dimensions")
}
