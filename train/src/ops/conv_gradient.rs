//! The gradients of a convolution, which are convolutions themselves
//! ([Dumoulin and Visin, chapter 4](https://arxiv.org/abs/1603.07285)), on a GPU the weight's a product of matrices.

use super::{Range, Window};
use crate::graph::{Computed, Form, Graph, GraphError, Target, ValueId};

/// Spreads the output's gradient over the windows: a transposed convolution, or a convolution with the taps in reverse.
/// The latter is usually faster on tract if there is a window at each pixel, and on a GPU the same to the bit every time
/// ([cuDNN, reproducibility](
/// https://docs.nvidia.com/deeplearning/cudnn/backend/latest/developer/misc.html#reproducibility-determinism)).
pub(super) fn of_input(
    graph: &mut Graph,
    x: ValueId,
    weight: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    let rest = window.rest([graph.shape(x)[2], graph.shape(x)[3]]);
    let transposed = Form::new("transposed", |graph, inputs| {
        graph
            .conv_transpose(inputs[0], inputs[1], window, rest)
            .map(Some)
    });
    let reversed = Form::new("reversed", |graph, inputs| {
        reversed(graph, [inputs[0], inputs[1]], window, rest).map(Some)
    });
    let forms = match graph.target() {
        Target::Cuda => return self::reversed(graph, [dy, weight], window, rest),
        Target::Tract if window.strides == [1; 2] => [reversed, transposed],
        _ => [transposed, reversed],
    };
    let computed = Computed {
        what: "input gradient of Conv",
        inputs: &[dy, weight],
        attributes: &window.attributes().sizes("rest", &rest),
    };
    graph.in_one_of(&computed, &forms)
}

/// A convolution with the taps in reverse over the output's gradient.
fn reversed(
    graph: &mut Graph,
    [dy, weight]: [ValueId; 2],
    window: Window,
    rest: [usize; 2],
) -> Result<ValueId, GraphError> {
    let (dy, reversed) = seen_in_reverse(graph, dy, window, rest)?;
    let weight = reverse_taps(graph, weight)?;
    let weight = graph.transpose(weight, &[1, 0, 2, 3])?;
    graph.conv(dy, weight, None, reversed)
}

/// The outputs' gradient with a pixel for each place of a window, and the window that sees in it, for each input, the
/// outputs that saw the input. Outputs that saw nothing but padding are cut off.
pub(super) fn seen_in_reverse(
    graph: &mut Graph,
    dy: ValueId,
    window: Window,
    rest: [usize; 2],
) -> Result<(ValueId, Window), GraphError> {
    let spread = spread(graph, dy, window.strides)?;
    let (mut pads, mut ranges) = ([0; 4], [Range::default(); 2]);
    for (axis, range) in ranges.iter_mut().enumerate() {
        let size = (graph.shape(dy)[axis + 2] - 1) * window.strides[axis] + 1;
        let [before, behind] = [window.pads[axis], window.pads[axis + 2]];
        let first = window.extent(axis) - 1;
        let last = first + rest[axis];
        *range = Range {
            start: before.saturating_sub(first),
            end: size - behind.saturating_sub(last),
            step: 1,
        };
        pads[axis] = first.saturating_sub(before);
        pads[axis + 2] = last.saturating_sub(behind);
    }
    let reversed = Window {
        pads,
        strides: [1; 2],
        ..window
    };
    let sizes = ranges.map(|range| range.end - range.start);
    if sizes == graph.shape(spread)[2..] {
        return Ok((spread, reversed));
    }
    Ok((graph.crop(spread, ranges)?, reversed))
}

/// Puts zeros between the pixels of `x` `[N, C, H, W]`, and behind them: `[N, C, H * down, W * across]`.
fn spread(
    graph: &mut Graph,
    x: ValueId,
    [down, across]: [usize; 2],
) -> Result<ValueId, GraphError> {
    let (&[batch, channels, rows, columns], true) = (graph.shape(x), [down, across] != [1; 2])
    else {
        return Ok(x);
    };
    let pixels = graph.reshape(x, &[batch, channels, rows, 1, columns, 1])?;
    let sizes = [0, 0, 0, 0, 0, 0, 0, 0, 0, down - 1, 0, across - 1];
    let tiles = graph.pad(pixels, &sizes, 0.0)?;
    graph.reshape(tiles, &[batch, channels, rows * down, columns * across])
}

/// Mirrors each filter of `weight` `[M, C, kernel rows, kernel columns]`.
pub(super) fn reverse_taps(graph: &mut Graph, weight: ValueId) -> Result<ValueId, GraphError> {
    let shape = graph.shape(weight).to_vec();
    let taps = shape[2] * shape[3];
    let backwards: Vec<usize> = (0..taps).rev().collect();
    let backwards = graph.sizes(&backwards);
    let flat = graph.reshape(weight, &[shape[0], shape[1], taps])?;
    let mirrored = graph.gather(flat, backwards, 2)?;
    graph.reshape(mirrored, &shape)
}

/// The sum over all windows of what a filter saw times what became of it.
pub(super) fn of_weight(
    graph: &mut Graph,
    x: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    if graph.target() == Target::Cuda {
        return by_patches(graph, x, dy, window);
    }
    let computed = Computed {
        what: "weight gradient of Conv",
        inputs: &[x, dy],
        attributes: &window.attributes(),
    };
    let forms = [
        Form::new("correlation", |graph, inputs| {
            correlation(graph, inputs[0], inputs[1], window).map(Some)
        }),
        Form::new("by patches", |graph, inputs| {
            by_patches(graph, inputs[0], inputs[1], window).map(Some)
        }),
    ];
    graph.in_one_of(&computed, &forms)
}

/// Correlates the input with the output's gradient: a convolution in which the batch is what is summed over, and
/// strides and dilations change places. The channels lie side by side, pixel by pixel, so that there is one image,
/// and its windows are long runs of pixels. Rows and columns that no window reached are cut off.
fn correlation(
    graph: &mut Graph,
    x: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    let (shape, dy_shape) = (graph.shape(x).to_vec(), graph.shape(dy).to_vec());
    let (channels, filters) = (shape[1], dy_shape[1]);
    let images = graph.transpose(x, &[0, 2, 3, 1])?;
    let image = graph.reshape(images, &[1, shape[0], shape[2], shape[3] * channels])?;
    let filter = graph.transpose(dy, &[1, 0, 2, 3])?;
    let correlation = Window {
        kernel: [dy_shape[2], dy_shape[3]],
        strides: [window.dilations[0], 1],
        pads: window.pads,
        dilations: window.strides,
    };
    let sums = graph.conv(image, filter, None, correlation.widened(channels))?;
    let (rows, columns) = (graph.shape(sums)[2], graph.shape(sums)[3] / channels);
    let sums = graph.reshape(sums, &[filters, rows, columns, channels])?;
    let sums = pick(graph, sums, 1, window.kernel[0], 1)?;
    let sums = pick(graph, sums, 2, window.kernel[1], window.dilations[1])?;
    graph.transpose(sums, &[0, 3, 1, 2])
}

/// The same sums as a product of matrices for each image, which are then added: a GPU computes all of them at the same
/// time, where the one convolution would have a handful of outputs with very many terms each.
fn by_patches(
    graph: &mut Graph,
    x: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    let (channels, dy_shape) = (graph.shape(x)[1], graph.shape(dy).to_vec());
    let (batch, filters, outputs) = (dy_shape[0], dy_shape[1], dy_shape[2] * dy_shape[3]);
    let taps = window.kernel[0] * window.kernel[1];
    let padded = graph.pad_image(x, window.pads, 0.0)?;
    let (rows, columns) = (graph.shape(padded)[2], graph.shape(padded)[3]);
    let pixels = graph.reshape(padded, &[batch, channels, rows * columns])?;
    let seen = graph.sizes(&window.seen_pixels(&dy_shape, columns));
    let patches = graph.gather(pixels, seen, 2)?;
    let patches = graph.reshape(patches, &[batch, channels * taps, outputs])?;
    let dy = graph.reshape(dy, &[batch, filters, outputs])?;
    let dy = graph.transpose(dy, &[0, 2, 1])?;
    let products = graph.matrix_products(patches, dy)?;
    let sum = graph.reduce_sum(products, &[0])?;
    let sum = graph.reshape(sum, &[channels * taps, filters])?;
    let sum = graph.transpose(sum, &[1, 0])?;
    let [rows, columns] = window.kernel;
    graph.reshape(sum, &[filters, channels, rows, columns])
}

/// Every `step`-th position of an axis, `count` in all.
fn pick(
    graph: &mut Graph,
    x: ValueId,
    axis: usize,
    count: usize,
    step: usize,
) -> Result<ValueId, GraphError> {
    if graph.shape(x)[axis] == count {
        return Ok(x);
    }
    let positions: Vec<usize> = (0..count).map(|position| position * step).collect();
    let positions = graph.sizes(&positions);
    graph.gather(x, positions, axis)
}
