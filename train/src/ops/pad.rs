//! `Pad` with a constant (<https://onnx.ai/onnx/operators/onnx__Pad.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{Tensor, TensorType};

/// The operator; only gradient rules and special forms use it.
pub static PAD: Operator = Operator {
    name: "Pad",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    let pads = inputs[1].integers()?;
    let rank = inputs[0].shape().len();
    if pads.len() != 2 * rank || pads.iter().any(|&pad| pad < 0) {
        return Err(format!(
            "expected {} sizes of padding, found {pads:?}",
            2 * rank
        ));
    }
    let padded = |(axis, &size): (usize, &usize)| size + (pads[axis] + pads[axis + rank]) as usize;
    let sizes: Vec<usize> = inputs[0].shape().iter().enumerate().map(padded).collect();
    Ok(TensorType::new(inputs[0].element(), &sizes))
}

impl Graph {
    /// Surrounds `x` `[N, C, H, W]` with `value`: `pads` are top, left, bottom, right.
    pub fn pad_image(
        &mut self,
        x: ValueId,
        [top, left, bottom, right]: [usize; 4],
        value: f32,
    ) -> Result<ValueId, GraphError> {
        self.pad(x, &[0, 0, top, left, 0, 0, bottom, right], value)
    }

    /// Surrounds `x` with `value`: `sizes` before each axis, then behind each axis.
    pub fn pad(&mut self, x: ValueId, sizes: &[usize], value: f32) -> Result<ValueId, GraphError> {
        let sizes: Vec<i64> = sizes.iter().map(|&size| size as i64).collect();
        let sizes = self.constant(Tensor::vector(&sizes));
        let value = self.scalar(value);
        self.apply(
            &PAD,
            &[x, sizes, value],
            Attributes::none().text("mode", "constant"),
        )
    }
}
