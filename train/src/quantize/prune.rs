//! Channels that are the same for every input, taken out without a change of any output.
//!
//! Weights that training has driven to nothing leave channels whose integers are constant. `reach` follows the intervals of
//! all values from any int8 input on, with the core's own rounding. A constant that a layer reads is added to its biases;
//! one that a layer with padding reads only where it is the zero point, since at the border there is padding in its place.

use super::int8::{Int8Network, Int8Node};
use crate::layers::{Channels, Int8Form, Int8Layer, Interval};

/// What was taken out of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Channels of layers, of all that there were.
    pub channels: [usize; 2],
    /// Multiplications and additions before and after.
    pub multiply_adds: [usize; 2],
    /// Weights and entries of tables before and after.
    pub weights: [usize; 2],
}

/// Takes out all channels that can be, and says how much that was.
pub fn prune(network: &mut Int8Network) -> Pruned {
    let before = (
        channels(network),
        network.multiply_adds(),
        network.weights(),
    );
    let reached = reach(network);
    let kept = kept(network, &reached);
    fold_constants(network, &reached, &kept);
    for index in 0..network.nodes.len() {
        let (inputs, output) = (network.nodes[index].inputs.clone(), &kept[index + 1]);
        let node = &mut network.nodes[index];
        node.shape[0] = output.len();
        node.channels.clone_from(output);
        if let Int8Layer::Sums(sums) = &mut node.layer {
            let is_mixed = sums.channels() == Channels::Mixed;
            sums.keep_filters(output);
            if is_mixed {
                sums.keep_channels(&kept[inputs[0]]);
            }
        }
    }
    let after = (
        channels(network),
        network.multiply_adds(),
        network.weights(),
    );
    Pruned {
        channels: [before.0 - after.0, before.0],
        multiply_adds: [before.1, after.1],
        weights: [before.2, after.2],
    }
}

fn channels(network: &Int8Network) -> usize {
    network.nodes.iter().map(|node| node.shape[0]).sum()
}

/// Where the values of each channel of each tensor lie, whatever the input.
fn reach(network: &Int8Network) -> Vec<Vec<Interval>> {
    let mut reached = vec![vec![Interval::ALL; network.input[0]]];
    for node in &network.nodes {
        let inputs: Vec<&[Interval]> = node
            .inputs
            .iter()
            .map(|&input| &reached[input][..])
            .collect();
        let meaning = network.meaning_of(node);
        let output = node.layer.form().reach(&inputs, meaning);
        reached.push(output);
    }
    reached
}

/// The channels of each tensor that stay, ascending, at least one.
fn kept(network: &Int8Network, reached: &[Vec<Interval>]) -> Vec<Vec<usize>> {
    let mut classes = Classes::of(network);
    let last = network.nodes.len();
    for tensor in [0, last] {
        for channel in 0..network.shape(tensor)[0] {
            classes.keep(tensor, channel);
        }
    }
    for (index, node) in network.nodes.iter().enumerate() {
        let input = node.inputs[0];
        for (channel, &values) in reached[input].iter().enumerate() {
            if must_stay(network, node, channel, values) {
                classes.keep(input, channel);
            }
        }
        // Groups are of one size.
        if node.layer.form().channels() == Channels::Grouped {
            (0..node.shape[0]).for_each(|channel| classes.keep(index + 1, channel));
        }
    }
    // A layer of a channel at least: what all others are made of stays as small as it can.
    for tensor in 0..=last {
        if (0..network.shape(tensor)[0]).all(|channel| !classes.is_kept(tensor, channel)) {
            classes.keep(tensor, 0);
        }
    }
    for (index, node) in network.nodes.iter().enumerate() {
        if is_left_with_one_factor(node, |filter| classes.is_kept(index + 1, filter)) {
            classes.keep(index + 1, 0);
        }
    }
    (0..=last)
        .map(|tensor| {
            let channels = 0..network.shape(tensor)[0];
            channels
                .filter(|&channel| classes.is_kept(tensor, channel))
                .collect()
        })
        .collect()
}

/// Whether all filters that stay have one factor, where all together have several: tract rounds otherwise then. The first one
/// has another.
fn is_left_with_one_factor(node: &Int8Node, stays: impl Fn(usize) -> bool) -> bool {
    let Int8Layer::Sums(sums) = &node.layer else {
        return false;
    };
    let all = sums.multipliers.iter().map(|factor| factor.to_bits());
    let mut left = all.clone().enumerate().filter(|(filter, _)| stays(*filter));
    let Some((_, first)) = left.next() else {
        return false;
    };
    left.all(|(_, factor)| factor == first) && all.clone().any(|factor| factor != first)
}

/// Whether a node needs a channel of its input, whose values lie in this interval.
fn must_stay(network: &Int8Network, node: &Int8Node, channel: usize, values: Interval) -> bool {
    let Int8Layer::Sums(sums) = &node.layer else {
        return false;
    };
    match sums.channels() {
        Channels::Apart | Channels::Joined => false,
        Channels::Grouped => true,
        Channels::Mixed => {
            let zero_point = network.meaning(node.inputs[0]).zero_point;
            let is_padded = sums.window.pads != [0; 4];
            let folds = |value: i8| !is_padded || value == zero_point;
            !values.constant().is_some_and(folds) && !sums.ignores(channel)
        }
    }
}

/// Adds the constants of channels that go to the biases of what reads them.
fn fold_constants(network: &mut Int8Network, reached: &[Vec<Interval>], kept: &[Vec<usize>]) {
    for index in 0..network.nodes.len() {
        let input = network.nodes[index].inputs[0];
        let zero_point = i32::from(network.meaning(input).zero_point);
        let Int8Layer::Sums(sums) = &mut network.nodes[index].layer else {
            continue;
        };
        if sums.channels() != Channels::Mixed {
            continue;
        }
        for (channel, values) in reached[input].iter().enumerate() {
            if kept[input].contains(&channel) {
                continue;
            }
            // One that is not constant is read with weights of 0.
            if let Some(value) = values.constant() {
                sums.fold_channel(channel, i32::from(value) - zero_point);
            }
        }
    }
}

/// Channels of all tensors that stay or go together, because a layer makes one of the other and nothing else.
struct Classes {
    /// Where the channels of each tensor start.
    starts: Vec<usize>,
    /// Of each channel another one of its class, or itself.
    links: Vec<usize>,
    /// Of the channel that stands for each class, whether it stays.
    kept: Vec<bool>,
}

impl Classes {
    fn of(network: &Int8Network) -> Self {
        let mut starts = vec![0];
        for tensor in 0..=network.nodes.len() {
            starts.push(starts[tensor] + network.shape(tensor)[0]);
        }
        let count = starts[network.nodes.len() + 1];
        let mut classes = Self {
            starts,
            links: (0..count).collect(),
            kept: vec![false; count],
        };
        for (index, node) in network.nodes.iter().enumerate() {
            let mut first = 0;
            for &input in &node.inputs {
                let count = network.shape(input)[0];
                match node.layer.form().channels() {
                    Channels::Apart => classes.link((input, index + 1), 0, count),
                    Channels::Joined => classes.link((input, index + 1), first, count),
                    Channels::Mixed | Channels::Grouped => {}
                }
                first += count;
            }
        }
        classes
    }

    /// Puts channels of an input into the classes of those of the output that start at `first`.
    fn link(&mut self, (input, output): (usize, usize), first: usize, count: usize) {
        for channel in 0..count {
            let one = self.class(input, channel);
            let other = self.class(output, first + channel);
            self.links[one] = other;
        }
    }

    fn class(&self, tensor: usize, channel: usize) -> usize {
        let mut at = self.starts[tensor] + channel;
        while self.links[at] != at {
            at = self.links[at];
        }
        at
    }

    fn keep(&mut self, tensor: usize, channel: usize) {
        let class = self.class(tensor, channel);
        self.kept[class] = true;
    }

    fn is_kept(&self, tensor: usize, channel: usize) -> bool {
        self.kept[self.class(tensor, channel)]
    }
}
