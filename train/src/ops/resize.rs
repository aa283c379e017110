//! `Resize` that repeats rows and columns (<https://onnx.ai/onnx/operators/onnx__Resize.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{Tensor, TensorType};

/// The operator; only gradient rules use it.
pub static RESIZE: Operator = Operator {
    name: "Resize",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    shape::expect_f32(inputs[0], 4)?;
    let Some(scales) = inputs[2].constant.and_then(Tensor::as_f32) else {
        return Err("expected constant scales".into());
    };
    if scales.len() != 4 {
        return Err(format!(
            "expected a scale for each of four axes, found {}",
            scales.len()
        ));
    }
    let size = |(&size, &scale): (&usize, &f32)| (size as f32 * scale) as usize;
    let sizes: Vec<usize> = inputs[0].shape().iter().zip(scales).map(size).collect();
    Ok(TensorType::f32(&sizes))
}

impl Graph {
    /// Repeats each pixel of `[N, C, H, W]` in a tile of `rows` by `columns`.
    pub fn repeat_pixels(
        &mut self,
        x: ValueId,
        [rows, columns]: [usize; 2],
    ) -> Result<ValueId, GraphError> {
        let unused_region = self.constant(Tensor::filled(&[0], 0.0));
        let scales = ndarray::arr1(&[1.0, 1.0, rows as f32, columns as f32]);
        let scales = self.constant(scales.into());
        let attributes = Attributes::none()
            .text("mode", "nearest")
            .text("nearest_mode", "floor")
            .text("coordinate_transformation_mode", "asymmetric");
        self.apply(&RESIZE, &[x, unused_region, scales], attributes)
    }
}
