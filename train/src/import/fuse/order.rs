//! Channels that a convolution of 1 x 1 only picks or puts in another order: the layer before or after it does that by itself.

use ndarray::{Array4, ArrayView3, Axis};

use super::{only_before, remove};
use crate::layers::{Conv, Layer};
use crate::network::{Clip, Network};
use crate::ops::Window;

/// Some channels or another order of them, which the layer before makes at once that nothing else reads.
pub fn into_layer(network: &mut Network, index: usize) -> bool {
    let Some(before) = only_before(network, index) else {
        return false;
    };
    let Layer::Conv(conv) = &network.nodes[index].layer else {
        return false;
    };
    let Some(order) = order(conv) else {
        return false;
    };
    let is_limited =
        network.nodes[index].clip != Clip::NONE || network.nodes[before].given.is_some();
    let (weight, bias) = match &mut network.nodes[before].layer {
        Layer::Conv(conv) if conv.groups == 1 && !is_limited => (&mut conv.weight, &mut conv.bias),
        Layer::Dense(dense) if !is_limited => (&mut dense.weight, &mut dense.bias),
        _ => return false,
    };
    let picked = weight.select(Axis(0), &order);
    if picked.iter().all(|&weight| weight == 0.0) {
        return false;
    }
    (*weight, *bias) = (picked, bias.select(Axis(0), &order));
    network.nodes[before].shape[0] = order.len();
    network.nodes[before].given = network.nodes[index].given;
    remove(network, index, before + 1);
    true
}

/// Some channels or another order of them, which the layer takes from where they were that alone reads them.
pub fn into_next(network: &mut Network, index: usize) -> bool {
    let node = &network.nodes[index];
    let (Layer::Conv(conv), &[input], Clip::NONE) = (&node.layer, &node.inputs[..], node.clip)
    else {
        return false;
    };
    let readers: Vec<usize> = network.readers(index + 1).collect();
    let (Some(order), &[reader]) = (order(conv), &readers[..]) else {
        return false;
    };
    let all = conv.weight.dim().1;
    let weight = match &mut network.nodes[reader].layer {
        Layer::Conv(conv) if conv.groups == 1 => &mut conv.weight,
        Layer::Dense(dense) => &mut dense.weight,
        _ => return false,
    };
    let (filters, _, rows, columns) = weight.dim();
    let mut placed = Array4::zeros((filters, all, rows, columns));
    for (channel, from) in order.into_iter().enumerate() {
        let kernels = weight.index_axis(Axis(1), channel);
        placed.index_axis_mut(Axis(1), from).assign(&kernels);
    }
    *weight = placed;
    remove(network, index, input);
    true
}

/// The channel that each channel is a copy of, if a convolution only gives some another order.
fn order(conv: &Conv) -> Option<Vec<usize>> {
    let is_plain = conv.window == Window::tiles([1; 2])
        && conv.groups == 1
        && conv.pool.is_none()
        && conv.bias.iter().all(|&bias| bias == 0.0);
    if !is_plain {
        return None;
    }
    let from = |kernel: ArrayView3<f32>| {
        let mut others = kernel.iter().filter(|&&weight| weight != 0.0);
        let is_copy = others.next() == Some(&1.0) && others.next().is_none();
        kernel
            .iter()
            .position(|&weight| weight != 0.0)
            .filter(|_| is_copy)
    };
    let order = conv
        .weight
        .outer_iter()
        .map(from)
        .collect::<Option<Vec<_>>>()?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    let is_once = sorted.is_sorted_by(|one, next| one < next);
    is_once.then_some(order)
}
