//! `QLinearConv` of 8-bit integers (<https://onnx.ai/onnx/operators/onnx__QLinearConv.html>).

use super::quantize_linear::{Quantization, expect_quantization};
use super::{Attributes, Gradient, Operator, Window, conv, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, Tensor, TensorType};

/// The operator.
pub static Q_LINEAR_CONV: Operator =
    Operator { name: "QLinearConv", infer, gradient: Gradient::Missing };

/// Weights of a [`Graph::q_linear_conv`]; the zero point of all of them is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedFilters {
    /// `[M, C, kernel rows, kernel columns]`.
    pub weight: ndarray::Array4<i8>,
    /// Scale of each filter, `[M]`.
    pub scales: ndarray::Array1<f32>,
    /// `[M]`, in steps of the input's scale times the filter's.
    pub bias: ndarray::Array1<i32>,
}

/// Inputs: `x` with its scale and zero point, `weight` with the same, scale and zero point of the result, `bias`.
fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 9)?;
    for integers in [inputs[0], inputs[3]] {
        shape::expect(integers, &[ElementType::I8], 4)?;
    }
    expect_quantization(&inputs[1..3])?;
    expect_quantization(&inputs[6..8])?;
    let shape = conv::convolved(inputs[0].shape(), inputs[3].shape(), attributes)?;
    let per_filter = [ElementType::F32, ElementType::I8, ElementType::I32];
    for (input, element) in [inputs[4], inputs[5], inputs[8]].into_iter().zip(per_filter) {
        shape::expect(input, &[element], 1)?;
        if input.shape() != &shape[1..2] {
            return Err(format!("expected {element:?}[{}], found {input}", shape[1]));
        }
    }
    Ok(TensorType::new(ElementType::I8, &shape))
}

impl Graph {
    /// Convolves `x` `[N, C, H, W]`, whose integers mean `from`, to integers that mean `to`.
    pub fn q_linear_conv(
        &mut self,
        x: ValueId,
        filters: QuantizedFilters,
        window: Window,
        from: Quantization,
        to: Quantization,
    ) -> Result<ValueId, GraphError> {
        let [x_scale, x_zero_point] = from.constants(self);
        let zero_points = ndarray::Array1::<i8>::zeros(filters.scales.len());
        let weight = self.constant(filters.weight.into());
        let weight_scales = self.constant(filters.scales.into());
        let weight_zero_points = self.constant(Tensor::from(zero_points));
        let [y_scale, y_zero_point] = to.constants(self);
        let bias = self.constant(filters.bias.into());
        let inputs = [
            x,
            x_scale,
            x_zero_point,
            weight,
            weight_scales,
            weight_zero_points,
            y_scale,
            y_zero_point,
            bias,
        ];
        self.apply(&Q_LINEAR_CONV, &inputs, window.attributes())
    }
}
