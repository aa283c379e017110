//! Layers that are one in integers, put together.
//!
//! Each function looks at one node and says whether it has changed the network; they are tried until none does.

use ndarray::Axis;

use crate::layers::{Conv, Layer};
use crate::network::{Clip, Network, Node};
use crate::ops::Window;

/// Changes the network around the node of this index, if it can.
type Rewrite = fn(&mut Network, usize) -> bool;

const REWRITES: [Rewrite; 3] = [scale_into_layer, limit_into_range, pool_into_convolution];

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
    let is_scaling = scaling.window == Window::tiles([1; 2])
        && scaling.weight.len() == scaling.groups
        && scaling.pool.is_none();
    if !is_scaling || network.nodes[before].clip != Clip::NONE {
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
    remove(network, index, before + 1);
    true
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
    remove(network, index, before + 1);
    true
}
