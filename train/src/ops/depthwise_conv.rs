//! The gradients of a depthwise convolution: one filter a channel, so that each is a convolution of its own.

use super::{Range, Window, blocked_conv, conv_gradient};
use crate::graph::{Computed, Form, Graph, GraphError, Target, ValueId};

/// The gradients of `x` `[N, C, H, W]` and of `weight` `[C, 1, kernel rows, kernel columns]` from the output's.
pub(super) fn gradients(
    graph: &mut Graph,
    [x, weight, dy]: [ValueId; 3],
    window: Window,
) -> Result<[ValueId; 2], GraphError> {
    let dx = input_gradient(graph, x, weight, dy, window)?;
    Ok([dx, weight_gradient(graph, x, dy, window)?])
}

fn weight_gradient(
    graph: &mut Graph,
    x: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    let in_blocks = Form::new("in blocks", |graph: &mut Graph, inputs: &[ValueId]| {
        let is_whole = blocked_conv::is_whole_blocks(graph.shape(inputs[0])[1]);
        if graph.target() != Target::OnnxruntimeX86 || !is_whole {
            return Ok(None);
        }
        weight_gradient_in_blocks(graph, inputs[0], inputs[1], window).map(Some)
    });
    let by_tap = Form::new("by tap", |graph, inputs| {
        weight_gradient_by_tap(graph, inputs[0], inputs[1], window).map(Some)
    });
    let computed = Computed {
        what: "weight gradient of depthwise Conv",
        inputs: &[x, dy],
        attributes: &window.attributes(),
    };
    graph.in_one_of(&computed, &[in_blocks, by_tap])
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
    let (dy, reversed) = conv_gradient::seen_in_reverse(graph, dy, window, rest)?;
    let weight = conv_gradient::reverse_taps(graph, weight)?;
    graph.grouped_conv(dy, weight, None, reversed, channels)
}

/// For each tap, the pixels that it saw times what became of them.
fn weight_gradient_by_tap(
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

/// The same sums as one convolution whose image is all images of the batch, one below the other, and whose kernels are all
/// that became of them: strides and dilations change places. Rows of zeros keep the images apart.
fn weight_gradient_in_blocks(
    graph: &mut Graph,
    x: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    let dy_shape = graph.shape(dy).to_vec();
    let (batch, channels) = (dy_shape[0], dy_shape[1]);
    let [stride, _] = window.strides;
    let reach =
        [0, 1].map(|axis| (dy_shape[axis + 2] - 1) * window.strides[axis] + window.extent(axis));
    let steps = reach[0].div_ceil(stride);
    let image = fitted(graph, x, window, [steps * stride, reach[1]])?;
    let image = stacked(graph, image)?;
    let kernel = graph.pad_image(dy, [0, 0, steps - dy_shape[2], 0], 0.0)?;
    let kernel = stacked(graph, kernel)?;
    // What is below the last image's own rows.
    let rows = (batch - 1) * steps + dy_shape[2];
    let kernel = graph.slice(kernel, 2, Range::up_to(rows))?;
    let kernel = graph.reshape(kernel, &[channels, 1, rows, dy_shape[3]])?;
    let correlation = Window {
        kernel: [rows, dy_shape[3]],
        strides: window.dilations,
        pads: [0; 4],
        dilations: window.strides,
    };
    let sums = blocked_conv::depthwise(graph, [image, kernel], None, correlation)?;
    let [rows, columns] = window.kernel;
    let sums = graph.slice(sums, 2, Range::up_to(rows))?;
    graph.reshape(sums, &[channels, 1, rows, columns])
}

/// What windows see of `x` `[N, C, H, W]`, in so many rows and columns: zeros around it, or less than all of it.
fn fitted(
    graph: &mut Graph,
    x: ValueId,
    window: Window,
    sizes: [usize; 2],
) -> Result<ValueId, GraphError> {
    let missing =
        [0, 1].map(|axis| sizes[axis].saturating_sub(graph.shape(x)[axis + 2] + window.pads[axis]));
    let pads = [window.pads[0], window.pads[1], missing[0], missing[1]];
    let padded = graph.pad_image(x, pads, 0.0)?;
    if graph.shape(padded)[2..] == sizes {
        return Ok(padded);
    }
    graph.crop(padded, sizes.map(Range::up_to))
}

/// The images of `x` `[N, C, H, W]` one below the other: `[1, C, N * H, W]`.
fn stacked(graph: &mut Graph, x: ValueId) -> Result<ValueId, GraphError> {
    let shape = graph.shape(x).to_vec();
    let channels = graph.transpose(x, &[1, 0, 2, 3])?;
    graph.reshape(channels, &[1, shape[1], shape[0] * shape[2], shape[3]])
}
