//! `MaxPool` over two spatial axes.
//!
//! Where several elements of a window are the largest they share the gradient equally, as a limit of smooth
//! maxima would.

use super::{Attributes, Gradient, Operator, Window, conv_gradient, shape};
use crate::graph::{Graph, GraphError, Node, Operand, Target, ValueId};
use crate::tensor::{ElementType, TensorType};

pub static MAX_POOL: Operator = Operator {
    name: "MaxPool",
    infer,
    gradient: Gradient::Rule(gradient),
};

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    shape::expect(inputs[0], &[ElementType::F32, ElementType::I8], 4)?;
    pooled(inputs[0], attributes)
}

/// The type of a pooled tensor of four dimensions.
pub(super) fn pooled(input: Operand, attributes: &Attributes) -> Result<TensorType, String> {
    let shape = input.shape();
    let window = Window::from_attributes(attributes);
    if (0..4).any(|side| window.pads[side] >= window.extent(side % 2)) {
        return Err(format!("{window:?} has windows of padding only"));
    }
    let [rows, columns] = window.output([shape[2], shape[3]])?;
    Ok(TensorType::new(
        input.element(),
        &[shape[0], shape[1], rows, columns],
    ))
}

fn gradient(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let (x, window) = (node.inputs[0], Window::from_attributes(&node.attributes));
    let shape = graph.shape(x);
    let input = [shape[2], shape[3]];
    let dx = if window == Window::tiles(window.kernel) && window.rest(input) == [0, 0] {
        tiles_gradient(graph, x, node.output, dy, window.kernel)?
    } else {
        windows_gradient(graph, x, node.output, dy, window)?
    };
    Ok(vec![Some(dx)])
}

/// Tiles that cover the input: each pixel has one window, so the maxima can be laid over the pixels.
fn tiles_gradient(
    graph: &mut Graph,
    x: ValueId,
    y: ValueId,
    dy: ValueId,
    tile: [usize; 2],
) -> Result<ValueId, GraphError> {
    let shape = graph.shape(x).to_vec();
    let broadcast = graph.target() == Target::Cuda;
    let pixels = if broadcast {
        graph.reshape(x, &by_tile(&shape, tile, tile))?
    } else {
        x
    };
    let maxima = over_tiles(graph, y, &shape, tile)?;
    let winners = graph.equal(pixels, maxima)?;
    let winners = graph.cast_to_f32(winners)?;
    let count = sum_tiles(graph, winners, &shape, tile)?;
    let portion = graph.div(dy, count)?;
    let portions = over_tiles(graph, portion, &shape, tile)?;
    let dx = graph.mul(winners, portions)?;
    if broadcast {
        graph.reshape(dx, &shape)
    } else {
        Ok(dx)
    }
}

/// Rows and columns of pixels `[N, C, H, W]` by tile, with so many of each from a tile.
fn by_tile(shape: &[usize], tile: [usize; 2], [rows, columns]: [usize; 2]) -> [usize; 4] {
    let (below, beside) = (shape[2] / tile[0], shape[3] / tile[1]);
    [shape[0] * shape[1] * below, rows, beside, columns]
}

/// The number of each tile for all its pixels. A GPU broadcasts as fast as it reads; CPUs are faster at repeating.
fn over_tiles(
    graph: &mut Graph,
    numbers: ValueId,
    shape: &[usize],
    tile: [usize; 2],
) -> Result<ValueId, GraphError> {
    match graph.target() {
        Target::Cuda => graph.reshape(numbers, &by_tile(shape, tile, [1; 2])),
        _ => graph.repeat_pixels(numbers, tile),
    }
}

/// The sum of each tile of pixels `[N, C, H, W]`, as a product with a matrix that says which columns are of which tile:
/// that is faster than pooling. The sums of a few ones are exact in any order.
fn sum_tiles(
    graph: &mut Graph,
    x: ValueId,
    shape: &[usize],
    [height, width]: [usize; 2],
) -> Result<ValueId, GraphError> {
    let (columns, planes) = (shape[3], shape[0] * shape[1]);
    let (below, beside) = (shape[2] / height, columns / width);
    let is_part = |(column, tile)| f32::from(column % columns / width == tile);
    let parts = ndarray::Array2::from_shape_fn((height * columns, beside), is_part);
    let parts = graph.constant(parts.into());
    let tiles = graph.reshape(x, &[planes * below, height * columns])?;
    let sums = graph.matrix_product(tiles, parts, false, false)?;
    graph.reshape(sums, &[shape[0], shape[1], below, beside])
}

/// The maximum of each tile's rows, then of their maxima.
pub(super) fn by_axis(
    graph: &mut Graph,
    inputs: &[ValueId],
    attributes: &Attributes,
) -> Result<Option<ValueId>, GraphError> {
    let window = Window::from_attributes(attributes);
    let [rows, columns] = window.kernel;
    if rows == 1 || columns == 1 || window != Window::tiles(window.kernel) {
        return Ok(None);
    }
    let tall = graph.max_pool(inputs[0], Window::tiles([rows, 1]))?;
    Ok(Some(graph.max_pool(tall, Window::tiles([1, columns]))?))
}

/// Any windows: for each tap, the pixels it saw are compared with the maxima; the gradient of a convolution with
/// one-hot filters brings the shares of all taps back to their pixels and adds them up.
fn windows_gradient(
    graph: &mut Graph,
    x: ValueId,
    y: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    let (input_shape, output_shape) = (graph.shape(x).to_vec(), graph.shape(y).to_vec());
    let [height, width] = window.kernel;
    let planes = input_shape[0] * input_shape[1];
    let plane = [planes, 1, output_shape[2], output_shape[3]];
    let padded = graph.pad_image(x, window.pads, f32::NEG_INFINITY)?;
    let mut winners = Vec::new();
    for tap in window.taps() {
        let seen = graph.crop(padded, window.seen_by(tap, &output_shape))?;
        let winner = graph.equal(seen, y)?;
        let winner = graph.cast_to_f32(winner)?;
        winners.push(graph.reshape(winner, &plane)?);
    }
    let winners = graph.concat(&winners)?;
    let count = graph.reduce_sum(winners, &[1])?;
    let dy = graph.reshape(dy, &plane)?;
    let share = graph.div(dy, count)?;
    let shares = graph.mul(winners, share)?;
    let taps = height * width;
    let one_hot = ndarray::Array2::<f32>::eye(taps)
        .into_shape_with_order([taps, 1, height, width])
        .expect("a square of taps has taps times height times width elements");
    let one_hot = graph.constant(one_hot.into());
    let pixels = graph.reshape(x, &[planes, 1, input_shape[2], input_shape[3]])?;
    let dx = conv_gradient::of_input(graph, pixels, one_hot, shares, window)?;
    graph.reshape(dx, &input_shape)
}

impl Graph {
    /// The largest element of each window over `x` `[N, C, H, W]`; padding never wins.
    pub fn max_pool(&mut self, x: ValueId, window: Window) -> Result<ValueId, GraphError> {
        self.apply(&MAX_POOL, &[x], window.attributes())
    }
}
