//! `AveragePool` over two spatial axes (<https://onnx.ai/onnx/operators/onnx__AveragePool.html>).

use super::{Attributes, Gradient, Operator, Window, max_pool, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator; only gradient rules use it, without padding.
pub static AVERAGE_POOL: Operator =
    Operator { name: "AveragePool", infer, gradient: Gradient::Missing };

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    shape::expect_f32(inputs[0], 4)?;
    max_pool::pooled(inputs[0], attributes)
}

impl Graph {
    /// The mean of each tile of `x` `[N, C, H, W]`.
    pub fn average_tiles(
        &mut self,
        x: ValueId,
        tile: [usize; 2],
    ) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none()
            .sizes("kernel_shape", &tile)
            .sizes("strides", &Window::tiles(tile).strides);
        self.apply(&AVERAGE_POOL, &[x], attributes)
    }
}
