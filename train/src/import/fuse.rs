//! Layers that are one in integers, put together.
//!
//! Each function looks at one node and says whether it has changed the network; they are tried until none does. Those about the
//! order of channels are in `order`.

mod order;

use ndarray::{Axis, s};

use crate::layers::{Activation, AveragePool, Conv, Function, Layer, is_scaling, of_numbers};
use crate::network::{Clip, Network, Node};
use crate::ops::Window;

/// Changes the network around the node of this index, if it can.
type Rewrite = fn(&mut Network, usize) -> bool;

const REWRITES: [Rewrite; 8] = [
    scale_into_layer,
    scale_into_next,
    order::into_layer,
    order::into_next,
    limit_into_range,
    function_of_function,
    mean_of_means,
    pool_into_convolution,
];

/// Puts together what can be, until nothing changes.
pub(super) fn fuse(network: &mut Network) {
    let mut index = 0;
    while index < network.nodes.len() {
        if REWRITES.iter().any(|rewrite| rewrite(network, index)) {
            index = index.saturating_sub(1);
        } else {
            index += 1;
        }
    }
}

/// Takes out nodes that the last one does not depend on.
pub(super) fn drop_unread(network: &mut Network) {
    for index in (0..network.nodes.len().saturating_sub(1)).rev() {
        if network.readers(index + 1).next().is_none() {
            remove(network, index, index + 1);
        }
    }
}

/// Takes out a node; whatever read it reads tensor `instead`.
fn remove(network: &mut Network, index: usize, instead: usize) -> Node {
    let tensor = index + 1;
    let node = network.nodes.remove(index);
    for input in network.nodes.iter_mut().flat_map(|node| &mut node.inputs) {
        if *input == tensor {
            *input = instead;
        }
        if *input > tensor {
            *input -= 1;
        }
    }
    node
}

/// The node whose output this one alone reads, and nothing else.
fn only_before(network: &Network, index: usize) -> Option<usize> {
    let &[input] = &network.nodes[index].inputs[..] else {
        return None;
    };
    let before = input.checked_sub(1)?;
    (network.readers(input).count() == 1).then_some(before)
}

/// A factor and a shift for each channel, computed by the convolution or dense layer before.
fn scale_into_layer(network: &mut Network, index: usize) -> bool {
    let Some(before) = only_before(network, index) else {
        return false;
    };
    let Layer::Conv(scaling) = &network.nodes[index].layer else {
        return false;
    };
    if !is_scaling(scaling) || network.nodes[before].clip != Clip::NONE {
        return false;
    }
    let scaling = scaling.clone();
    let (weight, bias) = match &mut network.nodes[before].layer {
        Layer::Conv(Conv { pool: Some(_), .. }) => return false,
        Layer::Conv(conv) => (&mut conv.weight, &mut conv.bias),
        Layer::Dense(dense) => (&mut dense.weight, &mut dense.bias),
        _ => return false,
    };
    for (channel, &factor) in scaling.weight.iter().enumerate() {
        weight
            .index_axis_mut(Axis(0), channel)
            .mapv_inplace(|weight| weight * factor);
        bias[channel] = bias[channel] * factor + scaling.bias[channel];
    }
    network.nodes[before].clip = network.nodes[index].clip;
    network.nodes[before].given = network.nodes[index].given;
    remove(network, index, before + 1);
    true
}

/// One factor and one shift of all numbers of an input, computed by the layer that alone reads them, if it can.
pub(super) fn scale_of_input_into_next(network: &mut Network) {
    let Some(Layer::Conv(scaling)) = network.nodes.first().map(|node| &node.layer) else {
        return;
    };
    let is_one = |numbers: &[f32]| {
        numbers
            .iter()
            .all(|one| one.to_bits() == numbers[0].to_bits())
    };
    let [weight, bias] = [scaling.weight.as_slice(), scaling.bias.as_slice()];
    if network.nodes[0].inputs == [0] && weight.is_some_and(is_one) && bias.is_some_and(is_one) {
        scale_into_reader(network, 0);
    }
}

/// A factor and a shift for each channel of a tensor, computed by the layer that alone reads it. At the input it says what the
/// model takes, and stays.
fn scale_into_next(network: &mut Network, index: usize) -> bool {
    network.nodes[index].inputs != [0] && scale_into_reader(network, index)
}

/// A factor and a shift for each channel of a tensor, computed by the convolution or dense layer that alone reads it: not
/// a shift where that pads, which would shift the padding too.
fn scale_into_reader(network: &mut Network, index: usize) -> bool {
    let node = &network.nodes[index];
    let (Layer::Conv(scaling), [input]) = (&node.layer, &node.inputs[..]) else {
        return false;
    };
    let readers: Vec<usize> = network.readers(index + 1).collect();
    let (&[reader], true) = (&readers[..], is_scaling(scaling)) else {
        return false;
    };
    if node.clip != Clip::NONE || is_scaling_node(&network.nodes[reader]) {
        return false;
    }
    let (scaling, input) = (scaling.clone(), *input);
    let is_shift = scaling.bias.iter().any(|&shift| shift != 0.0);
    let (weight, bias, groups) = match &mut network.nodes[reader].layer {
        Layer::Conv(conv) if !is_shift || conv.window.pads == [0; 4] => {
            (&mut conv.weight, &mut conv.bias, conv.groups)
        }
        Layer::Dense(dense) => (&mut dense.weight, &mut dense.bias, 1),
        _ => return false,
    };
    let (filters, of_group, ..) = weight.dim();
    let (mut scaled, mut shifted) = (weight.clone(), bias.clone());
    for filter in 0..filters {
        let first = filter / (filters / groups) * of_group;
        for channel in 0..of_group {
            let from = first + channel;
            let mut kernel = scaled.slice_mut(s![filter, channel, .., ..]);
            shifted[filter] += kernel.sum() * scaling.bias[from];
            kernel.mapv_inplace(|weight| weight * scaling.weight[[from, 0, 0, 0]]);
        }
    }
    let is_finite = |number: &f32| number.is_finite();
    if !scaled.iter().chain(&shifted).all(is_finite) || scaled.iter().all(|&one| one == 0.0) {
        return false;
    }
    (*weight, *bias) = (scaled, shifted);
    remove(network, index, input);
    true
}

fn is_scaling_node(node: &Node) -> bool {
    matches!(&node.layer, Layer::Conv(conv) if is_scaling(conv))
}

/// A function of each number, or a factor and a shift of all, of what a function alone makes: one function.
fn function_of_function(network: &mut Network, index: usize) -> bool {
    let Some(before) = only_before(network, index) else {
        return false;
    };
    let (first, second) = (&network.nodes[before], &network.nodes[index]);
    let is_function = |node: &Node| matches!(node.layer, Layer::Activation(_));
    let is_input = first.inputs == [0] && !is_function(first);
    if !(is_function(first) || is_function(second)) || is_input || first.clip != Clip::NONE {
        return false;
    }
    let functions = of_numbers(&first.layer).zip(of_numbers(&second.layer));
    let function = functions.map(|(first, second)| first.then(second));
    let Some(function) = function.filter(Function::is_small) else {
        return false;
    };
    network.nodes[index].layer = Layer::Activation(Activation { function });
    let input = first_input(network, before);
    remove(network, before, input);
    true
}

/// A mean of means that nothing else reads, as of rows and then of columns: one mean over all of their places.
fn mean_of_means(network: &mut Network, index: usize) -> bool {
    let Some(before) = only_before(network, index) else {
        return false;
    };
    let nodes = [before, index].map(|index| &network.nodes[index]);
    let windows = nodes.map(|node| match node.layer {
        Layer::AveragePool(pool) => Some(pool.window),
        _ => None,
    });
    let is_plain = nodes[0].clip == Clip::NONE && nodes[0].given.is_none();
    let [Some(first), Some(second)] = windows else {
        return false;
    };
    let are_tiles = [first, second]
        .iter()
        .all(|&window| window == Window::tiles(window.kernel));
    if !is_plain || !are_tiles {
        return false;
    }
    let kernel = [0, 1].map(|side| first.kernel[side] * second.kernel[side]);
    let window = Window::tiles(kernel);
    network.nodes[index].layer = Layer::AveragePool(AveragePool { window });
    let input = first_input(network, before);
    remove(network, before, input);
    true
}

fn first_input(network: &Network, index: usize) -> usize {
    network.nodes[index].inputs[0]
}

/// A limit that the range of the output before can end at, of one function too. A maximum and a limit change places freely.
fn limit_into_range(network: &mut Network, index: usize) -> bool {
    let Layer::Activation(activation) = &network.nodes[index].layer else {
        return false;
    };
    let Some(clip) = activation.function.clip() else {
        return false;
    };
    let Some(direct) = only_before(network, index) else {
        return false;
    };
    let mut limited = direct;
    while let Layer::MaxPool(_) = network.nodes[limited].layer {
        match only_before(network, limited) {
            Some(before) => limited = before,
            None => return false,
        }
    }
    if matches!(network.nodes[limited].layer, Layer::Concat(_)) {
        return false;
    }
    network.nodes[limited].clip = network.nodes[limited].clip.and(clip);
    if let Some(given) = network.nodes[index].given {
        network.nodes[limited].given = Some(given);
    }
    remove(network, index, direct + 1);
    true
}

/// A maximum of tiles, taken by the convolution that alone it reads.
fn pool_into_convolution(network: &mut Network, index: usize) -> bool {
    let Layer::MaxPool(max_pool) = network.nodes[index].layer else {
        return false;
    };
    let window = max_pool.window;
    let Some(before) = only_before(network, index) else {
        return false;
    };
    let shape = network.nodes[index].shape;
    let node = &mut network.nodes[before];
    match &mut node.layer {
        Layer::Conv(conv) if conv.pool.is_none() && window == Window::tiles(window.kernel) => {
            conv.pool = Some(window);
        }
        _ => return false,
    }
    node.shape = shape;
    let given = network.nodes[index].given;
    network.nodes[before].given = given.or(network.nodes[before].given);
    remove(network, index, before + 1);
    true
}
