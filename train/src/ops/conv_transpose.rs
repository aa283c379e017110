//! `ConvTranspose` over two spatial axes (<https://onnx.ai/onnx/operators/onnx__ConvTranspose.html>).

use super::{Attributes, Gradient, Operator, Window, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator; only gradient rules use it.
pub static CONV_TRANSPOSE: Operator = Operator {
    name: "ConvTranspose",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 2)?;
    shape::expect_f32(inputs[0], 4)?;
    shape::expect_f32(inputs[1], 4)?;
    let (images, weight) = (inputs[0].shape(), inputs[1].shape());
    if images[1] != weight[0] {
        return Err(format!(
            "expected {} input channels, found {}",
            weight[0], images[1]
        ));
    }
    let window = Window::from_attributes(attributes);
    let rest = attributes.get_sizes("output_padding");
    if rest.len() != 2 || images.contains(&0) {
        return Err("expected two sizes of output_padding and at least one pixel".into());
    }
    let size = |axis: usize| {
        let full = window.strides[axis] * (images[axis + 2] - 1) + rest[axis] + window.extent(axis);
        full.checked_sub(window.pads[axis] + window.pads[axis + 2])
            .ok_or_else(|| format!("{window:?} pads more than the result's {full}"))
    };
    Ok(TensorType::f32(&[images[0], weight[1], size(0)?, size(1)?]))
}

impl Graph {
    /// Spreads `x` `[N, M, rows, columns]` over the windows it came from: the transposed linear map of a
    /// convolution with `weight` `[M, C, kernel rows, kernel columns]`. `rest` adds rows and columns that no
    /// window reached.
    pub fn conv_transpose(
        &mut self,
        x: ValueId,
        weight: ValueId,
        window: Window,
        rest: [usize; 2],
    ) -> Result<ValueId, GraphError> {
        let attributes = window.attributes().sizes("output_padding", &rest);
        self.apply(&CONV_TRANSPOSE, &[x, weight], attributes)
    }
}
