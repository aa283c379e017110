//! Operators of 8-bit integers.

pub use input::quantization::Quantization;

use super::{Attributes, Gradient, Operator, Window, conv, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, Tensor, TensorType};

pub static QUANTIZE_LINEAR: Operator = Operator {
    name: "QuantizeLinear",
    infer: |inputs, _| converted(inputs, ElementType::F32, ElementType::I8),
    gradient: Gradient::Missing,
};

pub static DEQUANTIZE_LINEAR: Operator = Operator {
    name: "DequantizeLinear",
    infer: |inputs, _| converted(inputs, ElementType::I8, ElementType::F32),
    gradient: Gradient::Missing,
};

pub static Q_LINEAR_CONV: Operator = Operator {
    name: "QLinearConv",
    infer: convolved,
    gradient: Gradient::Missing,
};

/// Weights of a [`Graph::q_linear_conv`]; the zero point of all of them is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedFilters {
    /// `[M, C / groups, kernel rows, kernel columns]`.
    pub weight: ndarray::Array4<i8>,
    /// Scale of each filter, `[M]`.
    pub scales: ndarray::Array1<f32>,
    /// `[M]`, in steps of the input's scale times the filter's.
    pub bias: ndarray::Array1<i32>,
}

/// Scale and zero point as constants of a graph.
fn constants(graph: &mut Graph, of: Quantization) -> [ValueId; 2] {
    let zero_point = graph.constant(ndarray::arr0(of.zero_point).into());
    [graph.constant(Tensor::scalar(of.scale)), zero_point]
}

/// Inputs: a tensor, and the scale and zero point of its integers.
fn converted(inputs: &[Operand], from: ElementType, to: ElementType) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    shape::expect(inputs[0], &[from], inputs[0].shape().len())?;
    expect_quantization(&inputs[1..])?;
    Ok(TensorType::new(to, inputs[0].shape()))
}

/// Fails unless the inputs are a scale and a zero point, both for a whole tensor.
fn expect_quantization(inputs: &[Operand]) -> Result<(), String> {
    shape::expect_f32(inputs[0], 0)?;
    shape::expect(inputs[1], &[ElementType::I8], 0)
}

/// Inputs: `x` with its scale and zero point, `weight` with the same, scale and zero point of the result, `bias`.
fn convolved(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 9)?;
    for integers in [inputs[0], inputs[3]] {
        shape::expect(integers, &[ElementType::I8], 4)?;
    }
    expect_quantization(&inputs[1..3])?;
    expect_quantization(&inputs[6..8])?;
    let shape = conv::convolved(inputs[0].shape(), inputs[3].shape(), attributes)?;
    for (input, element) in [
        (inputs[4], ElementType::F32),
        (inputs[5], ElementType::I8),
        (inputs[8], ElementType::I32),
    ] {
        shape::expect(input, &[element], 1)?;
        if input.shape() != &shape[1..2] {
            return Err(format!("expected {element:?}[{}], found {input}", shape[1]));
        }
    }
    Ok(TensorType::new(ElementType::I8, &shape))
}

impl Graph {
    /// `x / scale + zero_point`, rounded to the nearest integer (ties to even) and cut off at -128 and 127.
    pub fn quantize_linear(
        &mut self,
        x: ValueId,
        quantization: Quantization,
    ) -> Result<ValueId, GraphError> {
        self.convert(&QUANTIZE_LINEAR, x, quantization)
    }

    /// `(x - zero_point) * scale`.
    pub fn dequantize_linear(
        &mut self,
        x: ValueId,
        quantization: Quantization,
    ) -> Result<ValueId, GraphError> {
        self.convert(&DEQUANTIZE_LINEAR, x, quantization)
    }

    fn convert(
        &mut self,
        operator: &'static Operator,
        x: ValueId,
        quantization: Quantization,
    ) -> Result<ValueId, GraphError> {
        let [scale, zero_point] = constants(self, quantization);
        self.apply(operator, &[x, scale, zero_point], Attributes::none())
    }

    /// Convolves `x` `[N, C, H, W]`, whose integers mean `from`, in groups of channels to integers that mean `to`.
    pub fn q_linear_conv(
        &mut self,
        x: ValueId,
        filters: QuantizedFilters,
        (window, groups): (Window, usize),
        [from, to]: [Quantization; 2],
    ) -> Result<ValueId, GraphError> {
        let [x_scale, x_zero_point] = constants(self, from);
        let zero_points = ndarray::Array1::<i8>::zeros(filters.scales.len());
        let weight = self.constant(filters.weight.into());
        let weight_scales = self.constant(filters.scales.into());
        let weight_zero_points = self.constant(zero_points.into());
        let [y_scale, y_zero_point] = constants(self, to);
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
        self.apply(&Q_LINEAR_CONV, &inputs, conv::grouped(window, groups))
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
    fn shape(filters: QuantizedFilters, window: Window) -> Result<Vec<usize>, GraphError> {
        let mut graph = Graph::new();
        let images = graph.input("images", TensorType::f32(&[1, 2, 8, 9]))?;
        let x = graph.quantize_linear(images, MEANING)?;
        let y = graph.q_linear_conv(x, filters, (window, 1), [MEANING; 2])?;
        let reals = graph.dequantize_linear(y, MEANING)?;
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
        let inside = Window {
            strides: [1; 2],
            ..Window::tiles([3, 3])
        };
        for (window, expected) in [(Window::same([3, 3]), [1, 5, 8, 9]), (inside, [1, 5, 6, 7])] {
            assert_eq!(shape(filters(2, 5, 5), window).unwrap(), expected);
        }
    }

    #[test]
    fn filters_that_do_not_fit_and_floats_are_refused() {
        for (filters, reason) in [
            (
                filters(3, 5, 5),
                "expected filters and 2 channels in 1 groups",
            ),
            (filters(2, 4, 5), "expected F32[5], found F32[4]"),
            (filters(2, 5, 1), "expected I32[5], found I32[1]"),
        ] {
            let refusal = shape(filters, Window::same([3, 3])).unwrap_err();
            assert!(refusal.to_string().contains(reason), "{refusal}");
        }
        let mut graph = Graph::new();
        let x = graph.input("x", TensorType::f32(&[1, 2, 8, 9])).unwrap();
        let window = Window::same([3, 3]);
        let convolved = graph.q_linear_conv(x, filters(2, 5, 5), (window, 1), [MEANING; 2]);
        for refused in [convolved, graph.dequantize_linear(x, MEANING)] {
            let refusal = refused.unwrap_err().to_string();
            assert!(refusal.contains("expected an I8 tensor"), "{refusal}");
        }
    }
}
