//! ONNX Runtime's own operators for blocks of channels
//! ([its source](https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/contrib_ops/cpu/nchwc_ops.cc)); only
//! special forms use them.
//!
//! The convolution multiplies pixels where they lie, while `Conv` first copies what each window sees. ONNX Runtime
//! chooses it by itself where weights are constant, which they are not in training.
//!
//! In blocks of `b` channels the elements of `[N, C, H, W]` lie in the order of `[N, C / b, H, W, b]`, while the shape
//! stays `[N, C, H, W]`. How large `b` is only the runtime knows.

use super::{Attributes, Gradient, Operator, Window, conv, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// A multiple of ONNX Runtime's sizes of a block, which are 8 and 16.
const BLOCK: usize = 16;

pub static BLOCKED_CONV: Operator = Operator {
    name: "com.microsoft.nchwc.Conv",
    infer: convolution,
    gradient: Gradient::Missing,
};

fn convolution(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    let convolved = conv::infer(inputs, attributes)?;
    let (x, weight) = (inputs[0].shape(), inputs[1].shape());
    if has_blocks(x[1], weight[0]) {
        Ok(convolved)
    } else {
        Err(format!(
            "expected whole blocks of channels and filters, found {x:?} and {weight:?}"
        ))
    }
}

/// A single channel is read without blocks.
fn has_blocks(channels: usize, filters: usize) -> bool {
    (channels == 1 || is_whole_blocks(channels)) && is_whole_blocks(filters)
}

pub static REORDER_INPUT: Operator = Operator {
    name: "com.microsoft.nchwc.ReorderInput",
    infer: reordered,
    gradient: Gradient::Missing,
};

pub static REORDER_OUTPUT: Operator = Operator {
    name: "com.microsoft.nchwc.ReorderOutput",
    infer: reordered,
    gradient: Gradient::Missing,
};

fn reordered(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    shape::expect_f32(inputs[0], 4)?;
    let channels = inputs[0].shape()[1];
    if is_whole_blocks(channels) {
        Ok(inputs[0].tensor_type.clone())
    } else {
        Err(format!(
            "expected a multiple of {BLOCK} channels, found {channels}"
        ))
    }
}

/// Whether so many channels fill blocks of any size.
pub(super) fn is_whole_blocks(channels: usize) -> bool {
    channels.is_multiple_of(BLOCK)
}

/// A convolution in blocks. Columns are padded in advance: windows that hang over the left or right edge are slow.
pub(super) fn of_blocks(
    graph: &mut Graph,
    inputs: &[ValueId],
    attributes: &Attributes,
) -> Result<Option<ValueId>, GraphError> {
    let (channels, filters) = (graph.shape(inputs[0])[1], graph.shape(inputs[1])[0]);
    let window = Window::from_attributes(attributes);
    let groups = conv::groups(attributes);
    if groups == channels && groups == filters && is_whole_blocks(channels) {
        let bias = inputs.get(2).copied();
        return depthwise(graph, [inputs[0], inputs[1]], bias, window).map(Some);
    }
    if !has_blocks(channels, filters) || groups > 1 || window.kernel == [1; 2] {
        return Ok(None);
    }
    let [top, left, bottom, right] = window.pads;
    let mut x = inputs[0];
    if left + right > 0 {
        x = graph.pad_image(x, [0, left, 0, right], 0.0)?;
    }
    if channels > 1 {
        x = graph.in_blocks(x)?;
    }
    let mut operands = vec![x, weight_in_blocks(graph, inputs[1])?];
    operands.extend(inputs.get(2));
    let inside = Window {
        pads: [top, 0, bottom, 0],
        ..window
    };
    let y = graph.apply(&BLOCKED_CONV, &operands, inside.attributes())?;
    graph.out_of_blocks(y).map(Some)
}

/// A convolution of `x` `[N, C, H, W]` whose channels each have a filter of `weight` `[C, 1, rows, columns]`; `C` is whole
/// blocks.
pub(super) fn depthwise(
    graph: &mut Graph,
    [x, weight]: [ValueId; 2],
    bias: Option<ValueId>,
    window: Window,
) -> Result<ValueId, GraphError> {
    let channels = graph.shape(x)[1];
    let x = graph.in_blocks(x)?;
    let [rows, columns] = window.kernel;
    let filters = graph.reshape(weight, &[1, channels, rows, columns])?;
    let filters = graph.in_blocks(filters)?;
    let filters = graph.reshape(filters, &[channels, 1, rows, columns])?;
    let operands: Vec<ValueId> = [x, filters].into_iter().chain(bias).collect();
    let y = graph.apply(&BLOCKED_CONV, &operands, conv::grouped(window, channels))?;
    graph.out_of_blocks(y)
}

/// A weight `[M, C, rows, columns]` in blocks of channels, and these in blocks of filters: seen as one row of pixels, the
/// filters are channels too.
fn weight_in_blocks(graph: &mut Graph, weight: ValueId) -> Result<ValueId, GraphError> {
    let shape = graph.shape(weight).to_vec();
    let of_channels = if shape[1] > 1 {
        graph.in_blocks(weight)?
    } else {
        weight
    };
    let pixels = shape[1..].iter().product();
    let row = graph.reshape(of_channels, &[1, shape[0], 1, pixels])?;
    let of_filters = graph.in_blocks(row)?;
    graph.reshape(of_filters, &shape)
}

impl Graph {
    /// `x` `[N, C, H, W]` in blocks of channels.
    fn in_blocks(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&REORDER_INPUT, &[x], Attributes::none())
    }

    /// `[N, C, H, W]` from the same in blocks of channels.
    fn out_of_blocks(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let channels = self.shape(x)[1] as i64;
        let attributes = Attributes::none().integer("channels", channels);
        self.apply(&REORDER_OUTPUT, &[x], attributes)
    }
}
