//! ONNX Runtime's reordering of a tensor into blocks of channels
//! ([its source](https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/contrib_ops/cpu/nchwc_ops.cc)).
//!
//! In blocks of `b` channels the elements of `[N, C, H, W]` lie in the order of `[N, C / b, H, W, b]`, while the shape
//! stays `[N, C, H, W]`. How large `b` is only the runtime knows.

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// A multiple of ONNX Runtime's sizes of a block, which are 8 and 16.
const BLOCK: usize = 16;

/// The operator; only special forms use it.
pub static REORDER_INPUT: Operator = Operator {
    name: "com.microsoft.nchwc.ReorderInput",
    infer,
    gradient: Gradient::Missing,
};

/// Shape rule of both directions.
pub(super) fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
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

impl Graph {
    /// `x` `[N, C, H, W]` in blocks of channels.
    pub(super) fn in_blocks(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&REORDER_INPUT, &[x], Attributes::none())
    }
}
