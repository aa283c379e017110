//! The gradients of a depthwise convolution: one filter a channel, so that each is a convolution of its own.

use super::{Window, conv};
use crate::graph::{Graph, GraphError, ValueId};

/// The gradients of `x` `[N, C, H, W]` and of `weight` `[C, 1, kernel rows, kernel columns]` from the output's.
pub(super) fn gradients(
    graph: &mut Graph,
    [x, weight, dy]: [ValueId; 3],
    window: Window,
) -> Result<[ValueId; 2], GraphError> {
    let dx = input_gradient(graph, x, weight, dy, window)?;
    Ok([dx, weight_gradient(graph, x, dy, window)?])
}

/// A convolution with the taps in reverse: runtimes have kernels of their own for depthwise ones, not for transposed
/// ones.
fn input_gradient(
    graph: &mut Graph,
    x: ValueId,
    weight: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    let shape = graph.shape(x);
    let (channels, rest) = (shape[1], window.rest([shape[2], shape[3]]));
    let (dy, reversed) = conv::seen_in_reverse(graph, dy, window, rest)?;
    let weight = conv::reverse_taps(graph, weight)?;
    graph.grouped_conv(dy, weight, None, reversed, channels)
}

/// For each tap, the pixels that it saw times what became of them.
fn weight_gradient(
    graph: &mut Graph,
    x: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    let (channels, dy_shape) = (graph.shape(x)[1], graph.shape(dy).to_vec());
    let padded = match window.pads {
        [0, 0, 0, 0] => x,
        pads => graph.pad_image(x, pads, 0.0)?,
    };
    let mut sums = Vec::new();
    for tap in window.taps() {
        let seen = graph.crop(padded, window.seen_by(tap, &dy_shape))?;
        let products = graph.mul(seen, dy)?;
        sums.push(graph.reduce_sum(products, &[0, 2, 3])?);
    }
    let sums = graph.concat_along(3, &sums)?;
    let [rows, columns] = window.kernel;
    graph.reshape(sums, &[channels, 1, rows, columns])
}
