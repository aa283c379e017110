//! What a network does to each channel of its input before all else.

use super::{Clip, Network, Node};
use crate::layers::{Layer, is_scaling};

/// `(x - mean) / deviation`, for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    /// What is subtracted.
    pub mean: Vec<f32>,
    /// What is divided by, not 0.
    pub deviation: Vec<f32>,
}

impl Network {
    /// What the first layer does, if that is all it does and no other layer reads the input: a model that holds its own
    /// preparation takes numbers as they come, 0 to 255 where that divides by 255.
    pub fn normalization(&self) -> Option<Normalization> {
        let [first, _, ..] = &self.nodes[..] else {
            return None;
        };
        let (Layer::Conv(scaling), [0]) = (&first.layer, &first.inputs[..]) else {
            return None;
        };
        let is_alone = self.readers(0).count() == 1 && first.clip == Clip::NONE;
        if !is_alone || !is_scaling(scaling) || scaling.weight.iter().any(|&factor| factor == 0.0) {
            return None;
        }
        let pairs = scaling.bias.iter().zip(&scaling.weight);
        Some(Normalization {
            mean: pairs.map(|(shift, factor)| -shift / factor).collect(),
            deviation: scaling.weight.iter().map(|factor| factor.recip()).collect(),
        })
    }

    /// Takes that layer out, so that the network takes normalised numbers; what stood for the old ones is forgotten.
    pub fn take_normalization(&mut self) -> Option<Normalization> {
        let normalization = self.normalization()?;
        let Node { given, .. } = self.nodes.remove(0);
        (self.input.given, self.input.integers) = (given, None);
        for input in self.nodes.iter_mut().flat_map(|node| &mut node.inputs) {
            *input = input.saturating_sub(1);
        }
        self.count_names();
        Some(normalization)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array4};

    use super::*;
    use crate::layers::{Activation, Conv, Function};
    use crate::network::{Input, Layout, Shape};
    use crate::ops::Window;

    const SHAPE: Shape = [2, 3, 3];

    fn node(layer: Layer, input: usize) -> Node {
        Node {
            name: String::new(),
            origin: "a (B)".into(),
            layer,
            clip: Clip::NONE,
            inputs: vec![input],
            shape: SHAPE,
            given: None,
        }
    }

    fn network(inputs: [usize; 2]) -> Network {
        let scaling = Layer::Conv(Conv {
            weight: Array4::from_shape_vec((2, 1, 1, 1), vec![0.5, -0.25]).unwrap(),
            bias: Array1::from_vec(vec![1.0, 2.0]),
            window: Window::tiles([1; 2]),
            groups: 2,
            pool: None,
        });
        let tanh = Layer::Activation(Activation {
            function: Function::Tanh,
        });
        Network {
            input: Input::new(SHAPE, Layout::ChannelsFirst),
            nodes: vec![
                node(scaling, 0),
                node(tanh, inputs[0]),
                node(Layer::Add(crate::layers::Add), inputs[1]),
            ],
            dropped: None,
            metadata: Vec::new(),
        }
    }

    #[test]
    fn the_first_layer_may_say_what_the_input_is() {
        let mut network = network([1, 2]);
        let Normalization { mean, deviation } = network.take_normalization().unwrap();
        // 0.5 x + 1 = (x + 2) / 2 and -0.25 x + 2 = (x - 8) / -4.
        assert_eq!((mean, deviation), (vec![-2.0, 8.0], vec![2.0, -4.0]));
        let inputs: Vec<_> = network.nodes.iter().map(|node| node.inputs[0]).collect();
        assert_eq!(inputs, [0, 1]);
        assert_eq!(network.take_normalization(), None);
    }

    #[test]
    fn an_input_that_others_read_too_is_no_preparation() {
        assert_eq!(network([1, 0]).normalization(), None);
    }
}
