//! `QuantizeLinear` to 8-bit integers (<https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, Tensor, TensorType};

/// The operator.
pub static QUANTIZE_LINEAR: Operator = Operator {
    name: "QuantizeLinear",
    infer,
    gradient: Gradient::Missing,
};

/// What the integers of a tensor stand for: the real number `scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    /// The real number that a step of 1 stands for, positive.
    pub scale: f32,
    /// The integer that stands for 0.
    pub zero_point: i8,
}

impl Quantization {
    /// Scale and zero point as constants of a graph.
    pub(super) fn constants(self, graph: &mut Graph) -> [ValueId; 2] {
        let zero_point = graph.constant(ndarray::arr0(self.zero_point).into());
        [graph.constant(Tensor::scalar(self.scale)), zero_point]
    }
}

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    shape::expect_f32(inputs[0], inputs[0].shape().len())?;
    expect_quantization(&inputs[1..])?;
    Ok(TensorType::new(ElementType::I8, inputs[0].shape()))
}

/// Fails unless the inputs are a scale and a zero point, both for a whole tensor.
pub(super) fn expect_quantization(inputs: &[Operand]) -> Result<(), String> {
    shape::expect_f32(inputs[0], 0)?;
    shape::expect(inputs[1], &[ElementType::I8], 0)
}

impl Graph {
    /// `x / scale + zero_point`, rounded to the nearest integer (ties to even) and cut off at -128 and 127.
    pub fn quantize_linear(
        &mut self,
        x: ValueId,
        quantization: Quantization,
    ) -> Result<ValueId, GraphError> {
        let [scale, zero_point] = quantization.constants(self);
        self.apply(
            &QUANTIZE_LINEAR,
            &[x, scale, zero_point],
            Attributes::none(),
        )
    }
}
