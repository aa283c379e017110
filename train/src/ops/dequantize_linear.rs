//! `DequantizeLinear` of 8-bit integers (<https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html>).

use super::quantize_linear::{Quantization, expect_quantization};
use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, TensorType};

/// The operator.
pub static DEQUANTIZE_LINEAR: Operator = Operator {
    name: "DequantizeLinear",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    shape::expect(inputs[0], &[ElementType::I8], inputs[0].shape().len())?;
    expect_quantization(&inputs[1..])?;
    Ok(TensorType::f32(inputs[0].shape()))
}

impl Graph {
    /// `(x - zero_point) * scale`.
    pub fn dequantize_linear(
        &mut self,
        x: ValueId,
        quantization: Quantization,
    ) -> Result<ValueId, GraphError> {
        let [scale, zero_point] = quantization.constants(self);
        self.apply(
            &DEQUANTIZE_LINEAR,
            &[x, scale, zero_point],
            Attributes::none(),
        )
    }
}
