//! Which tensors have one scale and one zero point, and the layers that are put between those that cannot.

use super::range::Range;
use crate::layers::{Activation, Function, Layer, Scales};
use crate::network::{Clip, Network, Node};
use crate::ops::Quantization;

/// What is known of scales before any is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Given {
    /// What the integers of the input mean.
    pub input: Option<Quantization>,
    /// Whether input and output mean the same, as those of an autoencoder.
    pub is_reconstruction: bool,
}

/// The group of each tensor, by the lowest number in it.
pub fn groups(network: &Network, given: Given) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..=network.nodes.len()).collect();
    if given.is_reconstruction {
        join(&mut groups, 0, &[network.nodes.len()]);
    }
    for (index, node) in network.nodes.iter().enumerate() {
        let first = node.inputs[0];
        match node.layer.form().scales() {
            Scales::Own => {}
            Scales::Inputs => join(&mut groups, first, &node.inputs),
            Scales::All => {
                join(&mut groups, first, &node.inputs);
                join(&mut groups, first, &[index + 1]);
            }
        }
    }
    groups
}

fn join(groups: &mut [usize], tensor: usize, others: &[usize]) {
    for &other in others {
        let (one, two) = (groups[tensor], groups[other]);
        let (kept, gone) = (one.min(two), one.max(two));
        for group in groups.iter_mut().filter(|group| **group == gone) {
            *group = kept;
        }
    }
}

/// The range of each group, at the lowest number in it.
pub fn hulls(groups: &[usize], ranges: &[Range]) -> Vec<Range> {
    let mut hulls = ranges.to_vec();
    for (tensor, &group) in groups.iter().enumerate() {
        hulls[group] = hulls[group].hull(ranges[tensor]);
    }
    hulls
}

/// A network whose tensors can have the scales of their groups, with the range of each tensor.
///
/// The integers of a tensor that ends at a limit must end there, too: that is what limits it. Where a group reaches beyond
/// it, as the sum of a tensor after `ReLU` and one without, the sum reads a copy in the group's scale; so it does of an
/// input whose meaning is given, and of a tensor that it reads twice. A reconstruction that is limited ends with a copy.
pub fn separated(network: &Network, ranges: &[Range], given: Given) -> (Network, Vec<Range>) {
    let (mut network, mut ranges) = (network.clone(), ranges.to_vec());
    let last = network.nodes.len();
    if given.is_reconstruction && limited(&network, last).1 != Clip::NONE {
        let copy = copy(&network, last - 1, last);
        network.nodes.push(copy);
        ranges.push(ranges[last]);
    }
    while let Some((index, place)) = conflict(&network, &ranges, given) {
        let input = network.nodes[index].inputs[place];
        let copy = copy(&network, index, input);
        insert(&mut network, index, copy);
        network.nodes[index + 1].inputs[place] = index + 1;
        ranges.insert(index + 1, ranges[input]);
    }
    network.count_names();
    (network, ranges)
}

/// A copy of a tensor on behalf of the node of this index.
fn copy(network: &Network, index: usize, tensor: usize) -> Node {
    Node {
        name: String::new(),
        origin: network.nodes[index].origin.clone(),
        layer: Layer::Activation(Activation {
            function: Function::Identity,
        }),
        clip: Clip::NONE,
        inputs: vec![tensor],
        shape: network.shape(tensor),
        given: None,
    }
}

/// A node that joins tensors, and which of its inputs cannot have the scale of the others.
fn conflict(network: &Network, ranges: &[Range], given: Given) -> Option<(usize, usize)> {
    let groups = groups(network, given);
    let hulls = hulls(&groups, ranges);
    let joins = |node: &Node| matches!(node.layer, Layer::Add(_) | Layer::Concat(_));
    let mut joining = network
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| joins(node));
    joining.find_map(|(index, node)| {
        let place = (0..node.inputs.len()).find(|&place| {
            let input = node.inputs[place];
            let (source, clip) = limited(network, input);
            let Range { low, high } = hulls[groups[input]];
            let is_beyond = low < clip.low || high > clip.high;
            is_beyond
                || (given.input.is_some() && source == 0)
                || node.inputs[..place].contains(&input)
        });
        Some((index, place?))
    })
}

/// The tensor that is limited where this one is, and how: a maximum of limited numbers is limited.
fn limited(network: &Network, tensor: usize) -> (usize, Clip) {
    let Some(index) = tensor.checked_sub(1) else {
        return (0, Clip::NONE);
    };
    let node = &network.nodes[index];
    match node.layer {
        Layer::MaxPool(_) => limited(network, node.inputs[0]),
        _ => (tensor, node.clip),
    }
}

/// Puts a node before that of this index; nothing reads it yet.
fn insert(network: &mut Network, index: usize, node: Node) {
    for input in network.nodes[index..]
        .iter_mut()
        .flat_map(|node| &mut node.inputs)
    {
        if *input > index {
            *input += 1;
        }
    }
    network.nodes.insert(index, node);
}

/// Makes each layer that puts tensors side by side one of two tensors.
pub fn in_pairs(network: &mut Network) {
    let mut index = 0;
    while index < network.nodes.len() {
        let node = &network.nodes[index];
        if matches!(node.layer, Layer::Concat(_)) && node.inputs.len() > 2 {
            let pair = node.inputs[..2].to_vec();
            let shapes = [network.shape(pair[0]), network.shape(pair[1])];
            let [[first, rows, columns], [second, ..]] = shapes;
            let front = Node {
                inputs: pair,
                shape: [first + second, rows, columns],
                ..node.clone()
            };
            insert(network, index, front);
            let inputs = &mut network.nodes[index + 1].inputs;
            inputs.splice(..2, [index + 1]);
        }
        index += 1;
    }
    network.count_names();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Add, Concat, MaxPool};
    use crate::network::{Input, Layout};
    use crate::ops::Window;

    const SHAPE: [usize; 3] = [2, 4, 4];

    fn network(layers: &[(Layer, Clip, &[usize])]) -> Network {
        let node = |(layer, clip, inputs): &(Layer, Clip, &[usize])| Node {
            name: String::new(),
            origin: "a (B)".into(),
            layer: layer.clone(),
            clip: *clip,
            inputs: inputs.to_vec(),
            shape: SHAPE,
            given: None,
        };
        let layout = Layout::ChannelsFirst;
        Network {
            input: Input::new(SHAPE, layout),
            nodes: layers.iter().map(node).collect(),
            dropped: None,
            metadata: Vec::new(),
        }
    }

    fn tanh() -> Layer {
        Layer::Activation(Activation {
            function: Function::Tanh,
        })
    }

    fn range(low: f32, high: f32) -> Range {
        Range { low, high }
    }

    const FIXED: Given = Given {
        input: Some(Quantization {
            scale: 1.0,
            zero_point: -128,
        }),
        is_reconstruction: false,
    };

    #[test]
    fn a_reconstruction_means_what_the_input_does() {
        let network = network(&[(tanh(), Clip::NONE, &[0]), (tanh(), Clip::RELU, &[1])]);
        let given = Given {
            is_reconstruction: true,
            ..Given::default()
        };
        assert_eq!(groups(&network, given), [0, 1, 0]);
        let (copied, ranges) = separated(&network, &[range(-1.0, 1.0); 3], given);
        assert_eq!((copied.nodes.len(), ranges.len()), (3, 4));
        assert_eq!(groups(&copied, given), [0, 1, 2, 0]);
    }

    #[test]
    fn tensors_that_are_joined_have_one_scale() {
        let same = Layer::MaxPool(MaxPool {
            window: Window::same([3, 3]),
        });
        let network = network(&[
            (tanh(), Clip::NONE, &[0]),
            (tanh(), Clip::NONE, &[1]),
            (Layer::Add(Add), Clip::NONE, &[1, 2]),
            (same, Clip::NONE, &[3]),
            (tanh(), Clip::NONE, &[4]),
        ]);
        assert_eq!(groups(&network, Given::default()), [0, 1, 1, 3, 3, 5]);
        let ranges = [0.0, 1.0, 2.0, 3.0, 5.0, 4.0].map(|high| range(-1.0, high));
        let hulls = hulls(&groups(&network, Given::default()), &ranges);
        let expected =
            [(0, 0.0), (1, 2.0), (3, 5.0)].map(|(group, high)| (group, range(-1.0, high)));
        for (group, expected) in expected {
            assert_eq!(hulls[group], expected);
        }
    }

    #[test]
    fn what_cannot_have_one_scale_is_copied() {
        let sum = network(&[
            (tanh(), Clip::RELU, &[0]),
            (tanh(), Clip::NONE, &[1]),
            (Layer::Add(Add), Clip::NONE, &[1, 2]),
            (Layer::Add(Add), Clip::NONE, &[3, 3]),
        ]);
        let ranges = [
            range(0.0, 1.0),
            range(0.0, 2.0),
            range(-1.0, 3.0),
            range(-1.0, 5.0),
            range(-2.0, 10.0),
        ];
        let (separated, copied) = separated(&sum, &ranges, Given::default());
        let inputs: Vec<_> = separated
            .nodes
            .iter()
            .map(|node| (&*node.name, &node.inputs[..]))
            .collect();
        assert_eq!(
            inputs,
            [
                ("tanh1", &[0][..]),
                ("tanh2", &[1]),
                ("rescale1", &[1]),
                ("add1", &[3, 2]),
                ("rescale2", &[4]),
                ("add2", &[4, 5]),
            ]
        );
        assert_eq!(copied[3], ranges[1]);
        assert_eq!(copied[5], ranges[3]);
        // Nothing to do where all are limited alike.
        let limited = network(&[
            (tanh(), Clip::RELU, &[0]),
            (tanh(), Clip::RELU, &[1]),
            (Layer::Add(Add), Clip::NONE, &[1, 2]),
        ]);
        let ranges = [range(0.0, 1.0); 4];
        assert_eq!(super::separated(&limited, &ranges, FIXED).0.nodes.len(), 3);
    }

    #[test]
    fn a_fixed_input_keeps_its_scale_and_three_tensors_are_two_pairs() {
        let mut joined = network(&[
            (tanh(), Clip::NONE, &[0]),
            (Layer::Concat(Concat), Clip::NONE, &[0, 1, 1]),
        ]);
        in_pairs(&mut joined);
        assert_eq!(joined.nodes[1].inputs, [0, 1]);
        assert_eq!(
            (joined.nodes[1].shape, &joined.nodes[2].inputs[..]),
            ([4, 4, 4], &[2, 1][..])
        );
        let ranges = [range(0.0, 1.0); 4];
        let (fixed, _) = separated(&joined, &ranges, FIXED);
        assert_eq!(fixed.nodes[1].inputs, [0]);
        assert_eq!(fixed.nodes[2].inputs, [2, 1]);
    }
}
