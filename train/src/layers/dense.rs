//! A dense layer: kernels that cover their input.

use ndarray::{Array1, Array2, Array4, ArrayD, Axis as ArrayAxis, Ix2, Ix4, IxDyn};
use serde::Deserialize;

use super::conv::{bias, expect_weight};
use super::trained::{self, Parameter, Pass, Trained};
use super::{Factors, Form, Int8Layer, Layer, Meaning, Overflow, Scales, Sums, Unfit, sums};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{Axes, Axis, Call, ImportError, Reader, Readers, Value, View};
use crate::network::{Shape, elements};
use crate::ops::Window;

/// A dense layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// `[units, channels, rows, columns]`, finite and not all zero.
    pub weight: Array4<f32>,
    /// `[units]`, finite.
    pub bias: Array1<f32>,
}

impl Dense {
    /// The window with which a convolution computes the layer.
    pub fn window(&self) -> Window {
        let (.., rows, columns) = self.weight.dim();
        Window {
            strides: [1; 2],
            ..Window::tiles([rows, columns])
        }
    }
}

impl Form for Dense {
    fn kind(&self) -> &'static str {
        "dense"
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let (units, channels, rows, columns) = self.weight.dim();
        if inputs[0] != [channels, rows, columns] {
            let [c, h, w] = inputs[0];
            return Err(format!(
                "{c} x {h} x {w} for units of {channels} x {rows} x {columns}"
            ));
        }
        Ok([units, 1, 1])
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape) -> usize {
        self.weight.len()
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        let weight = graph.constant(self.weight.clone().into());
        let bias = graph.constant(self.bias.clone().into());
        graph.conv(inputs[0], weight, Some(bias), self.window())
    }

    fn scales(&self) -> Scales {
        Scales::Own
    }

    fn factors(&self, from: f32, to: f32) -> Result<Factors, Unfit> {
        Factors::near(from, &sums::weight_scales(&self.weight), to)
    }

    fn int8(&self, meaning: Meaning, factors: Factors) -> Result<Int8Layer, Overflow> {
        let sums = Sums::new((&self.weight, &self.bias), meaning.from.scale, factors)?;
        Ok(Int8Layer::Sums(Sums {
            window: self.window(),
            is_dense: true,
            ..sums
        }))
    }
}

/// A fully connected layer in training.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    #[serde(deserialize_with = "trained::size")]
    units: usize,
    #[serde(default = "trained::yes")]
    bias: bool,
}

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        match trained::one(inputs)? {
            [_] => Ok(vec![self.units]),
            picture => Err(format!(
                "expected features, found a picture of {picture:?}; a layer `flatten` or `global_pool` before it makes \
                 features of one"
            )),
        }
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        Parameter::weight_and_bias(vec![self.units, inputs[0][0]], self.bias)
    }

    fn multiply_adds(&self, inputs: &[&[usize]], _: &[usize]) -> usize {
        self.units * inputs[0][0]
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        parameters: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        match *parameters {
            [weight, bias] => pass.graph.dense(inputs[0], weight, bias),
            _ => pass
                .graph
                .matrix_product(inputs[0], parameters[0], false, true),
        }
    }
}

pub const READERS: Readers = &[("Gemm", gemm), ("MatMul", mat_mul)];

fn gemm(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let (alpha, beta) = (call.float("alpha", 1.0), call.float("beta", 1.0));
    call.limit("transA", &["0"])?;
    let weight = matrix(reader, call)?;
    let weight = match call.integer("transB", 0) {
        0 => weight.reversed_axes(),
        1 => weight,
        found => return Err(call.refuse("transB 0 or 1", format!("transB {found}"))),
    };
    let bias = match call.input(2) {
        "" => Array1::zeros(weight.nrows()),
        _ => biases(reader, call, weight.nrows())?,
    };
    push(reader, call, &(weight * alpha), bias * beta)
}

/// With a matrix, or with a vector, which makes one number and leaves out its axis.
fn mat_mul(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let is_vector = reader
        .constant(call, 1)
        .is_ok_and(|weight| weight.shape().len() == 1);
    let weight = if is_vector {
        let weight = reader.floats::<1>(call, 1)?;
        expect_weight(call, weight.iter())?;
        Array2::from_shape_fn((1, weight.len()), |(_, input)| weight[input])
    } else {
        matrix(reader, call)?.reversed_axes()
    };
    let bias = Array1::zeros(weight.nrows());
    let mut value = push(reader, call, &weight, bias)?;
    if let (true, Value::View(view)) = (is_vector, &mut value) {
        view.axes.pop();
    }
    Ok(value)
}

/// The matrix that is input 1.
fn matrix(reader: &Reader, call: &Call) -> Result<Array2<f32>, ImportError> {
    if reader.constant(call, 1).is_err() && reader.view(call, 1).is_ok() {
        let expected = "a tensor and weights (products of two tensors, as in attention, have no form in 8 bits here); \
                        train the network with convolutions in their place";
        return Err(call.refuse(expected, "two tensors"));
    }
    let weight = reader.floats::<2>(call, 1)?;
    expect_weight(call, weight.iter())?;
    let weight = weight.into_dimensionality::<Ix2>();
    Ok(weight.expect("it has two axes"))
}

/// The biases of a Gemm: a vector, one number for all, or a row.
fn biases(reader: &Reader, call: &Call, units: usize) -> Result<Array1<f32>, ImportError> {
    let numbers = match reader.constant(call, 2)?.shape().len() {
        0 => reader.floats::<0>(call, 2)?,
        1 => reader.floats::<1>(call, 2)?,
        _ => reader.floats::<2>(call, 2)?,
    };
    match *numbers.shape() {
        [] | [1] | [1, 1] => Ok(Array1::from_iter(
            numbers.iter().copied().cycle().take(units),
        )),
        [1, columns] if columns == units => Ok(numbers.iter().copied().collect()),
        _ => bias(reader, call, units),
    }
}

/// Adds a layer whose weight is `[units, inputs]`, in the order that the view of its input has.
fn push(
    reader: &mut Reader,
    call: &Call,
    weight: &Array2<f32>,
    bias: Array1<f32>,
) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let shape = reader.shape(view.tensor);
    let sizes = view.sizes(shape);
    let Some((_, outer)) = view.axes.split_last() else {
        return Err(call.refuse("an input of one or two axes", "one number"));
    };
    if outer.iter().any(|axes| !axes.is_empty()) {
        let found = format!("one of {}: {sizes:?}", sizes.len());
        let expected = "an input of two axes, by Flatten (of a sequence use convolutions: attention and what \
                        goes step by step have no form in 8 bits here)";
        return Err(call.refuse(expected, found));
    }
    if weight.ncols() != elements(shape) {
        let expected = format!("units of {} inputs", elements(shape));
        return Err(call.refuse(&expected, weight.ncols().to_string()));
    }
    let mut axes: Axes = vec![Vec::new(); sizes.len()];
    axes[sizes.len() - 1] = vec![Axis::Channel];
    let layer = Layer::Dense(Dense {
        weight: ordered(weight, &view, shape),
        bias,
    });
    reader.push(call, layer, vec![view.tensor], &axes)
}

/// The weight `[units, inputs]` as `[units, channels, rows, columns]`.
fn ordered(weight: &Array2<f32>, view: &View, shape: Shape) -> Array4<f32> {
    let order = view.order();
    let units = weight.nrows();
    let sizes = order.iter().map(|&axis| shape[axis as usize]);
    let sizes: Vec<usize> = std::iter::once(units).chain(sizes).collect();
    let weight: ArrayD<f32> = weight
        .as_standard_layout()
        .into_owned()
        .into_shape_with_order(IxDyn(&sizes))
        .expect("there are as many inputs as elements");
    let places = [Axis::Channel, Axis::Row, Axis::Column];
    let present = places
        .into_iter()
        .filter_map(|axis| order.iter().position(|one| *one == axis));
    let permutation: Vec<usize> = std::iter::once(0).chain(present.map(|at| at + 1)).collect();
    let mut weight = weight.permuted_axes(IxDyn(&permutation));
    for (at, axis) in places.into_iter().enumerate() {
        if !order.contains(&axis) {
            weight = weight.insert_axis(ArrayAxis(at + 1));
        }
    }
    let weight = weight.as_standard_layout().into_owned();
    let weight = weight.into_dimensionality::<Ix4>();
    weight.expect("units, channels, rows and columns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_a_flattened_transposition_are_put_in_the_order_of_the_tensor() {
        let shape = [2, 3, 4];
        let axes = [Axis::Row, Axis::Column, Axis::Channel].map(|axis| vec![axis]);
        let axes: Axes = std::iter::once(Vec::new()).chain(axes).collect();
        let view = View::new(1, &axes, shape)
            .reshaped(shape, &[1, 24])
            .unwrap();
        // An element of the file says where it belongs.
        let weight = Array2::from_shape_fn((5, 24), |(unit, input)| {
            let (row, column, channel) = (input / 8, input / 2 % 4, input % 2);
            (1000 * unit + 100 * channel + 10 * row + column) as f32
        });
        let expected = Array4::from_shape_fn((5, 2, 3, 4), |(unit, channel, row, column)| {
            (1000 * unit + 100 * channel + 10 * row + column) as f32
        });
        assert_eq!(ordered(&weight, &view, shape), expected);
    }
}
