//! What a network does to each channel of its input before all else.

use super::{Clip, Network, Node};
use crate::layers::{Layer, is_scaling};

impl Network {
    /// Takes out the first layer if it only subtracts a mean from each channel and divides by a deviation, and no other layer
    /// reads the input; the network takes normalised numbers then. Means and deviations.
    pub fn take_normalization(&mut self) -> Option<[Vec<f32>; 2]> {
        let normalization = self.normalization()?;
        let Node { given, .. } = self.nodes.remove(0);
        (self.input.given, self.input.integers) = (given, None);
        for input in self.nodes.iter_mut().flat_map(|node| &mut node.inputs) {
            *input = input.saturating_sub(1);
        }
        self.count_names();
        Some(normalization)
    }

    fn normalization(&self) -> Option<[Vec<f32>; 2]> {
        let [first, _, ..] = &self.nodes[..] else {
            return None;
        };
        let (Layer::Conv(scaling), [0]) = (&first.layer, &first.inputs[..]) else {
            return None;
        };
        let is_alone = self.readers(0).count() == 1 && first.clip == Clip::NONE;
        if !is_alone || !is_scaling(scaling) || !scaling.weight.iter().all(|one| one.is_normal()) {
            return None;
        }
        let pairs = scaling.bias.iter().zip(&scaling.weight);
        let mean = pairs.map(|(shift, factor)| -shift / factor).collect();
        let deviation = scaling.weight.iter().map(|factor| factor.recip());
        Some([mean, deviation.collect()])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array4};

    use super::*;
    use crate::layers::{Activation, Add, Conv, Function};
    use crate::network::{Input, Layout, Shape};
    use crate::ops::Window;

    const SHAPE: Shape = [2, 3, 3];

    fn node(layer: Layer, inputs: &[usize]) -> Node {
        Node {
            name: String::new(),
            origin: "a (B)".into(),
            layer,
            clip: Clip::NONE,
            inputs: inputs.to_vec(),
            shape: SHAPE,
            given: None,
        }
    }

    /// A factor and a shift, a function, and a sum of these two tensors.
    fn network(sum: [usize; 2]) -> Network {
        let scaling = Layer::Conv(Conv {
            weight: Array4::from_shape_vec((2, 1, 1, 1), vec![0.5, -0.25]).unwrap(),
            bias: Array1::from_vec(vec![1.0, 2.0]),
            window: Window::tiles([1; 2]),
            groups: 2,
            pool: None,
        });
        let function = Function::Tanh;
        let tanh = Layer::Activation(Activation { function });
        Network {
            input: Input::new(SHAPE, Layout::ChannelsFirst),
            nodes: vec![
                node(scaling, &[0]),
                node(tanh, &[1]),
                node(Layer::Add(Add), &sum),
            ],
            dropped: None,
            metadata: Vec::new(),
        }
    }

    #[test]
    fn the_first_layer_may_say_what_the_input_is() {
        let mut network = network([1, 2]);
        // 0.5 x + 1 = (x + 2) / 2 and -0.25 x + 2 = (x - 8) / -4.
        let expected = [vec![-2.0, 8.0], vec![2.0, -4.0]];
        assert_eq!(network.take_normalization(), Some(expected));
        let inputs: Vec<_> = network.nodes.iter().map(|node| &node.inputs[..]).collect();
        assert_eq!(inputs, [&[0][..], &[0, 1]]);
        assert_eq!(network.take_normalization(), None);
    }

    #[test]
    fn an_input_that_others_read_too_is_no_preparation() {
        assert_eq!(network([0, 2]).take_normalization(), None);
    }
}
