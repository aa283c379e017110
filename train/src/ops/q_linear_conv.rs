//! `QLinearConv` of 8-bit integers (<https://onnx.ai/onnx/operators/onnx__QLinearConv.html>).

use super::quantize_linear::{Quantization, expect_quantization};
use super::{Attributes, Gradient, Operator, Window, conv, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, Tensor, TensorType};

/// The operator.
pub static Q_LINEAR_CONV: Operator = Operator {
    name: "QLinearConv",
    infer,
    gradient: Gradient::Missing,
};

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
    for (input, element) in [inputs[4], inputs[5], inputs[8]]
        .into_iter()
        .zip(per_filter)
    {
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

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array4};

    use super::*;

    const MEANING: Quantization = Quantization {
        scale: 0.5,
        zero_point: -3,
    };

    /// The shape of a convolution of 2 x 8 x 9 with these filters, or why it is refused.
    fn shape(filters: QuantizedFilters, window: Window) -> Result<Vec<usize>, String> {
        let mut graph = Graph::new();
        let images = graph
            .input("images", TensorType::f32(&[1, 2, 8, 9]))
            .map_err(|error| error.to_string())?;
        let x = graph
            .quantize_linear(images, MEANING)
            .map_err(|error| error.to_string())?;
        let y = graph.q_linear_conv(x, filters, window, MEANING, MEANING);
        let y = y.map_err(|error| error.to_string())?;
        let reals = graph
            .dequantize_linear(y, MEANING)
            .map_err(|error| error.to_string())?;
        assert_eq!(graph.tensor_type(y).element, ElementType::I8);
        assert_eq!(graph.tensor_type(reals), &TensorType::f32(graph.shape(y)));
        Ok(graph.shape(y).to_vec())
    }

    fn filters(channels: usize, scales: usize, biases: usize) -> QuantizedFilters {
        QuantizedFilters {
            weight: Array4::zeros((5, channels, 3, 3)),
            scales: Array1::zeros(scales),
            bias: Array1::zeros(biases),
        }
    }

    #[test]
    fn shapes_are_those_of_a_convolution() {
        assert_eq!(
            shape(filters(2, 5, 5), Window::same([3, 3])).unwrap(),
            [1, 5, 8, 9]
        );
        let window = Window {
            strides: [1; 2],
            ..Window::tiles([3, 3])
        };
        assert_eq!(shape(filters(2, 5, 5), window).unwrap(), [1, 5, 6, 7]);
    }

    #[test]
    fn filters_that_do_not_fit_are_refused() {
        let refusal = |filters| shape(filters, Window::same([3, 3])).unwrap_err();
        assert!(refusal(filters(3, 5, 5)).contains("expected a weight [filters, 2, 3, 3]"));
        assert!(refusal(filters(2, 4, 5)).contains("expected F32[5], found F32[4]"));
        assert!(refusal(filters(2, 5, 1)).contains("expected I32[5], found I32[1]"));
    }

    #[test]
    fn floats_are_refused() {
        let mut graph = Graph::new();
        let x = graph.input("x", TensorType::f32(&[1, 2, 8, 9])).unwrap();
        let filters = filters(2, 5, 5);
        let error = graph
            .q_linear_conv(x, filters, Window::same([3, 3]), MEANING, MEANING)
            .unwrap_err();
        assert!(
            error.to_string().contains("expected an I8 tensor"),
            "{error}"
        );
        let error = graph.dequantize_linear(x, MEANING).unwrap_err();
        assert!(
            error.to_string().contains("expected an I8 tensor"),
            "{error}"
        );
    }
}
