//! ONNX Runtime's convolution of blocks of channels
//! ([its source](https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/contrib_ops/cpu/nchwc_ops.cc)).
//!
//! It multiplies pixels where they lie, while `Conv` first copies what each window sees. ONNX Runtime chooses it by
//! itself where weights are constant, which they are not in training.

use super::reorder_input::is_whole_blocks;
use super::{Attributes, Gradient, Operator, Window, conv};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator; only special forms use it.
pub static BLOCKED_CONV: Operator = Operator {
    name: "com.microsoft.nchwc.Conv",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
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

/// A convolution in blocks. Columns are padded in advance: windows that hang over the left or right edge are slow.
pub(super) fn of_blocks(
    graph: &mut Graph,
    inputs: &[ValueId],
    attributes: &Attributes,
) -> Result<Option<ValueId>, GraphError> {
    let (channels, filters) = (graph.shape(inputs[0])[1], graph.shape(inputs[1])[0]);
    let window = Window::from_attributes(attributes);
    if !has_blocks(channels, filters) || window.kernel == [1; 2] {
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

/// A weight `[M, C, rows, columns]` in blocks of channels, and these in blocks of filters: seen as one row of pixels, the
/// filters are channels too.
fn weight_in_blocks(graph: &mut Graph, weight: ValueId) -> Result<ValueId, GraphError> {
    let shape = graph.shape(weight).to_vec();
    let of_channels = if shape[1] > 1 {
        graph.in_blocks(weight)?
    } else {
        weight
    };
    let row = graph.reshape(
        of_channels,
        &[1, shape[0], 1, shape[1] * shape[2] * shape[3]],
    )?;
    let of_filters = graph.in_blocks(row)?;
    graph.reshape(of_filters, &shape)
}
