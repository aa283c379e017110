//! ONNX Runtime's reordering of a tensor in blocks of channels to the usual layout
//! ([its source](https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/contrib_ops/cpu/nchwc_ops.cc)).

use super::{Attributes, Gradient, Operator, reorder_input};
use crate::graph::{Graph, GraphError, ValueId};

/// The operator; only special forms use it.
pub static REORDER_OUTPUT: Operator = Operator {
    name: "com.microsoft.nchwc.ReorderOutput",
    infer: reorder_input::infer,
    gradient: Gradient::Missing,
};

impl Graph {
    /// `[N, C, H, W]` from the same in blocks of channels.
    pub(super) fn out_of_blocks(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let channels = self.shape(x)[1] as i64;
        self.apply(
            &REORDER_OUTPUT,
            &[x],
            Attributes::none().integer("channels", channels),
        )
    }
}
