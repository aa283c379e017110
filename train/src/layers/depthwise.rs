//! A factor and a shift for each channel: a depthwise convolution of 1 x 1, which `import` puts into the layer before
//! where it can.

use ndarray::{Array1, Array4};
use serde::Deserialize;

use super::trained::{self, Padding, Parameter, Pass, Trained};
use super::{Combination, Conv, Layer, add, elementwise};
use crate::graph::{GraphError, ValueId};
use crate::import::{Axis, Call, Constant, ImportError, Reader, Readers, Value, View};
use crate::ops::Window;

/// A convolution in training whose channels each have a filter of their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    #[serde(deserialize_with = "trained::sizes")]
    kernel: [usize; 2],
    #[serde(default = "trained::unit", deserialize_with = "trained::sizes")]
    stride: [usize; 2],
    #[serde(default)]
    padding: Padding,
    #[serde(default = "trained::yes")]
    bias: bool,
}

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let input = trained::picture(inputs)?;
        let [rows, columns] = self.padding.output(self.kernel, self.stride, input)?;
        Ok(vec![input[0], rows, columns])
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let [rows, columns] = self.kernel;
        Parameter::weight_and_bias(vec![inputs[0][0], 1, rows, columns], self.bias)
    }

    fn multiply_adds(&self, _: &[&[usize]], output: &[usize]) -> usize {
        output.iter().chain(&self.kernel).product()
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        parameters: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        let window = self
            .padding
            .over(pass.graph, inputs[0], self.kernel, self.stride);
        let (channels, bias) = (pass.graph.shape(inputs[0])[1], parameters.get(1).copied());
        pass.graph
            .grouped_conv(inputs[0], parameters[0], bias, window, channels)
    }
}

pub const READERS: Readers = &[
    ("BatchNormalization", batch_normalization),
    ("Div", quotient),
    ("Mul", product),
    ("Neg", |reader, call| {
        let view = reader.view(call, 0)?;
        negative(reader, call, &view)
    }),
    ("Sub", difference),
    ("ai.onnx.ml.Scaler", scaler),
];

/// `(x - mean) / sqrt(variance + epsilon) * scale + bias`.
fn batch_normalization(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let advice = "training_mode 0; export the model after model.eval()";
    if call.integer("training_mode", 0) != 0 {
        return Err(call.refuse(advice, "training_mode 1"));
    }
    call.limit("spatial", &["1"])?;
    let (epsilon, _) = (call.float("epsilon", 1e-5), call.float("momentum", 0.9));
    let channels = reader.shape(view.tensor)[0];
    let vector = |index| {
        let vector = reader.floats::<1>(call, index)?;
        if vector.len() == channels {
            Ok(vector)
        } else {
            Err(call.refuse(
                &format!("{channels} numbers as input {index}"),
                vector.len().to_string(),
            ))
        }
    };
    let [scale, bias, mean, variance] = [vector(1)?, vector(2)?, vector(3)?, vector(4)?];
    let factors: Array1<f32> = scale
        .iter()
        .zip(&variance)
        .map(|(scale, variance)| scale / (variance + epsilon).sqrt())
        .collect();
    let shifts = bias.iter().zip(&mean).zip(&factors);
    let shifts = shifts
        .map(|((bias, mean), factor)| bias - mean * factor)
        .collect();
    if view
        .axes
        .get(1)
        .is_none_or(|axes| channels > 1 && axes[..] != [Axis::Channel])
    {
        let sizes = view.sizes(reader.shape(view.tensor));
        return Err(call.refuse("channels at axis 1", format!("{sizes:?}")));
    }
    push(reader, call, &view, factors, shifts)
}

/// `(x - offset) * scale`, each of them one number for all or one for each channel.
fn scaler(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let channels = reader.shape(view.tensor)[0];
    let numbers = [("offset", 0.0), ("scale", 1.0)].map(|(name, default)| {
        let found = call.floats(name).filter(|found| !found.is_empty());
        let found = found.map_or_else(|| vec![default], <[f32]>::to_vec);
        match found[..] {
            [one] => vec![one; channels],
            _ => found,
        }
    });
    let is_right =
        |list: &Vec<f32>| list.len() == channels && list.iter().all(|one| one.is_finite());
    if !numbers.iter().all(is_right) {
        let expected = format!("offset and scale of {channels} finite numbers");
        return Err(call.refuse(&expected, format!("{:?}", numbers.map(|list| list.len()))));
    }
    let [offsets, factors] = numbers;
    let shifts = offsets
        .iter()
        .zip(&factors)
        .map(|(offset, factor)| -offset * factor);
    let shifts: Array1<f32> = shifts.collect();
    push(reader, call, &view, factors.into(), shifts)
}

fn product(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    match of_two(reader, call, Combination::Product)? {
        Some(value) => Ok(value),
        None => with_constant(reader, call, |constant| (constant, 0.0)),
    }
}

fn quotient(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    if let Some(value) = of_two(reader, call, Combination::Quotient)? {
        return Ok(value);
    }
    match operands(reader, call)? {
        (0, _) => with_constant(reader, call, |constant| (constant.recip(), 0.0)),
        (_, constant) => elementwise::divided(reader, call, &constant),
    }
}

fn difference(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let Ok((at, _)) = operands(reader, call) else {
        return match elementwise::combined(reader, call, Combination::Difference)? {
            Some(value) => Ok(value),
            None => of_two_tensors(reader, call),
        };
    };
    let factor = if at == 0 { 1.0 } else { -1.0 };
    with_constant(reader, call, |constant| (factor, -factor * constant))
}

/// A tensor plus the negative of another one.
fn of_two_tensors(reader: &mut Reader, call: &Call) -> Result<Value, ImportError> {
    let (first, second) = (reader.view(call, 0)?, reader.view(call, 1)?);
    match negative(reader, call, &second)? {
        Value::View(negative) => add::of_two(reader, call, (first, negative)),
        other => Ok(other),
    }
}

fn negative(reader: &mut Reader, call: &Call, view: &View) -> Result<Value, ImportError> {
    let channels = reader.shape(view.tensor)[0];
    let (factors, shifts) = (vec![-1.0; channels], vec![0.0; channels]);
    push(reader, call, view, factors.into(), shifts.into())
}

/// What two tensors make that are functions of one; `None` where an input is a constant.
fn of_two(
    reader: &mut Reader,
    call: &Call,
    combination: Combination,
) -> Result<Option<Value>, ImportError> {
    match operands(reader, call) {
        Ok(_) => Ok(None),
        Err(refusal) => match elementwise::combined(reader, call, combination)? {
            Some(value) => Ok(Some(value)),
            None => Err(refusal),
        },
    }
}

/// `x + constant`.
pub(super) fn shift(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    with_constant(reader, call, |constant| (1.0, constant))
}

/// A tensor and a constant, of which `meaning` makes a factor and a shift.
fn with_constant(
    reader: &mut Reader,
    call: &mut Call,
    meaning: impl Fn(f32) -> (f32, f32),
) -> Result<Value, ImportError> {
    let (at, constant) = operands(reader, call)?;
    let view = reader.view(call, at)?;
    let constants = channel_vector(reader, call, &view, &constant)?;
    let (factors, shifts) = constants.iter().map(|&constant| meaning(constant)).unzip();
    push(
        reader,
        call,
        &view,
        Array1::from_vec(factors),
        Array1::from_vec(shifts),
    )
}

/// Which of two inputs is the tensor, and the constant that is the other one.
fn operands(reader: &Reader, call: &Call) -> Result<(usize, Constant), ImportError> {
    for (tensor, constant) in [(0, 1), (1, 0)] {
        if let Ok(found) = reader.constant(call, constant) {
            return Ok((tensor, Constant::clone(&found)));
        }
    }
    let found = format!("`{}` and `{}`", call.input(0), call.input(1));
    let expected = "a tensor and a constant, or two functions of one tensor (products and quotients of \
                    two tensors, as in squeeze-and-excitation, have no form in 8 bits here); train the network without \
                    them";
    Err(call.refuse(expected, found))
}

/// A finite number for each channel, of a constant that is broadcast against a tensor.
pub(super) fn channel_vector(
    reader: &Reader,
    call: &Call,
    view: &View,
    constant: &Constant,
) -> Result<Vec<f32>, ImportError> {
    let shape = reader.shape(view.tensor);
    let sizes = view.sizes(shape);
    let (found, rank) = (constant.shape(), view.axes.len());
    let axis_of = |index: usize| (index + rank).checked_sub(found.len());
    let fits = |(index, &size): (usize, &usize)| match axis_of(index) {
        Some(axis) => size == 1 || (size == shape[0] && view.axes[axis][..] == [Axis::Channel]),
        None => false,
    };
    let floats = constant
        .floats()
        .filter(|floats| floats.iter().all(|value| value.is_finite()));
    match floats.filter(|_| found.iter().enumerate().all(fits)) {
        Some(floats) if floats.len() == 1 => Ok(vec![floats.iter().copied().sum(); shape[0]]),
        Some(floats) => Ok(floats.iter().copied().collect()),
        None => {
            let expected =
                format!("finite floats, one for all or one for each channel of {sizes:?}");
            Err(call.refuse(&expected, format!("a constant {found:?}")))
        }
    }
}

/// Whether a convolution is a factor and a shift for each channel.
pub fn is_scaling(conv: &Conv) -> bool {
    conv.window == Window::tiles([1; 2]) && conv.weight.len() == conv.groups && conv.pool.is_none()
}

pub(super) fn push(
    reader: &mut Reader,
    call: &Call,
    view: &View,
    factors: Array1<f32>,
    shifts: Array1<f32>,
) -> Result<Value, ImportError> {
    if let Some(number) = factors.iter().chain(&shifts).find(|one| !one.is_finite()) {
        let expected = "finite factors and shifts of the channels";
        return Err(call.refuse(expected, number.to_string()));
    }
    let channels = factors.len();
    let weight = factors.into_shape_with_order((channels, 1, 1, 1));
    let weight: Array4<f32> = weight.expect("one number a channel");
    super::conv::expect_weight(call, weight.iter())?;
    let layer = Layer::Conv(Conv {
        weight,
        bias: shifts,
        window: Window::tiles([1; 2]),
        groups: channels,
        pool: None,
    });
    reader.push(call, layer, vec![view.tensor], &view.axes)
}
