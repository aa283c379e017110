//! `AveragePool` over two spatial axes. No network is trained through it yet.

use super::{Attributes, Gradient, Operator, Window, max_pool, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

pub static AVERAGE_POOL: Operator = Operator {
    name: "AveragePool",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    shape::expect_f32(inputs[0], 4)?;
    max_pool::pooled(inputs[0], attributes)
}

impl Graph {
    /// The mean of each window over `x` `[N, C, H, W]`; padding counts as zeros. Windows have no dilations.
    pub fn average_pool(&mut self, x: ValueId, window: Window) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none()
            .sizes("kernel_shape", &window.kernel)
            .sizes("strides", &window.strides)
            .sizes("pads", &window.pads)
            .integer("count_include_pad", 1);
        self.apply(&AVERAGE_POOL, &[x], attributes)
    }
}
