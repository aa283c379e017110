//! A function of each number. In integers it is a table of 256 values; a limit that the range of a layer's output can
//! end at is no layer but part of the one before.

use no_std_core::format::{OperatorContents, TensorRecord, TooLarge, VALUE_ENTRIES};

use super::{
    Channels, Factors, Form, Int8Form, Int8Layer, Interval, Layer, Meaning, Overflow, Scales,
};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{Call, ImportError, Reader, Readers, Value};
use crate::network::{Clip, Shape};
use crate::tensor::{ElementType, Tensor};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// The number, limited.
    Clip {
        /// The least output.
        low: f32,
        /// The greatest output.
        high: f32,
    },
    /// Negative numbers times a factor of `exp(x) - 1`.
    Elu(f32),
    /// `alpha * x + beta`, limited to 0 and 1.
    HardSigmoid {
        /// The factor.
        alpha: f32,
        /// The shift.
        beta: f32,
    },
    /// `x * (x / 6 + 1 / 2)`, the second factor limited to 0 and 1.
    HardSwish,
    /// The number itself, which quantising puts where two tensors must have one scale and cannot.
    Identity,
    /// Negative numbers times a factor.
    LeakyRelu(f32),
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x / (1 + exp(-x))`, also called Swish.
    Silu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Function {
    /// The function of a number.
    pub fn of(self, x: f64) -> f64 {
        match self {
            Self::Clip { low, high } => x.clamp(low.into(), high.into()),
            Self::Elu(alpha) if x < 0.0 => f64::from(alpha) * x.exp_m1(),
            Self::HardSigmoid { alpha, beta } => {
                (f64::from(alpha) * x + f64::from(beta)).clamp(0.0, 1.0)
            }
            Self::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::LeakyRelu(factor) if x < 0.0 => f64::from(factor) * x,
            Self::Elu(_) | Self::Identity | Self::LeakyRelu(_) => x,
            Self::Sigmoid => (1.0 + (-x).exp()).recip(),
            Self::Silu => x / (1.0 + (-x).exp()),
            Self::Tanh => x.tanh(),
        }
    }

    /// A number times this function of it, where that is a function here.
    pub(super) fn times_number(self) -> Option<Self> {
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        match self {
            Self::Sigmoid => Some(Self::Silu),
            Self::HardSigmoid { alpha, beta } if close(alpha, 1.0 / 6.0) && close(beta, 0.5) => {
                Some(Self::HardSwish)
            }
            _ => None,
        }
    }

    /// The limits, if it does nothing but limit, and 0 is within.
    pub fn clip(self) -> Option<Clip> {
        match self {
            Self::Clip { low, high } if low <= 0.0 && high >= 0.0 => Some(Clip { low, high }),
            _ => None,
        }
    }
}

/// A function of each number of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// The function.
    pub function: Function,
}

impl Form for Activation {
    fn kind(&self) -> &'static str {
        match self.function {
            Function::Clip { .. } => "clip",
            Function::Elu(_) => "elu",
            Function::HardSigmoid { .. } => "hard_sigmoid",
            Function::HardSwish => "hard_swish",
            Function::Identity => "rescale",
            Function::LeakyRelu(_) => "leaky_relu",
            Function::Sigmoid => "sigmoid",
            Function::Silu => "silu",
            Function::Tanh => "tanh",
        }
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        Ok(inputs[0])
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape) -> usize {
        0
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        let x = inputs[0];
        match self.function {
            Function::Clip { low, high } => graph.clip(x, low.max(f32::MIN), high.min(f32::MAX)),
            Function::Elu(alpha) => graph.elu(x, alpha),
            Function::HardSigmoid { alpha, beta } => graph.hard_sigmoid(x, alpha, beta),
            Function::HardSwish => graph.hard_swish(x),
            Function::Identity => {
                let one = graph.scalar(1.0);
                graph.mul(x, one)
            }
            Function::LeakyRelu(factor) => graph.leaky_relu(x, factor),
            Function::Sigmoid => graph.sigmoid(x),
            Function::Silu => {
                let gate = graph.sigmoid(x)?;
                graph.mul(x, gate)
            }
            Function::Tanh => graph.tanh(x),
        }
    }

    fn scales(&self) -> Scales {
        Scales::Own
    }

    fn int8(&self, meaning: Meaning, _: Factors) -> Result<Int8Layer, Overflow> {
        Ok(Int8Layer::Table(Table::new(self.function, meaning)))
    }
}

/// A function as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The outputs for -128 to 127.
    values: [i8; VALUE_ENTRIES],
}

impl Table {
    /// What the function gives for the number that each integer stands for, rounded to nearest, ties to even.
    fn new(function: Function, Meaning { from, to }: Meaning) -> Self {
        let value = |index: usize| {
            let steps = index as f64 - 128.0 - f64::from(from.zero_point);
            let output = function.of(f64::from(from.scale) * steps) / f64::from(to.scale);
            // Casts saturate.
            (output.round_ties_even() + f64::from(to.zero_point)) as i8
        };
        Self {
            values: std::array::from_fn(value),
        }
    }
}

impl Int8Form for Table {
    fn graph(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _: Meaning,
    ) -> Result<ValueId, GraphError> {
        let wide = graph.cast(inputs[0], ElementType::I64)?;
        let first = graph.constant(Tensor::integer(128));
        let index = graph.add(wide, first)?;
        let table = graph.constant(ndarray::arr1(&self.values).into());
        graph.gather(table, index, 0)
    }

    fn operator(
        &self,
        inputs: &[u16],
        _: Meaning,
        output: TensorRecord,
    ) -> Result<OperatorContents, TooLarge> {
        Ok(OperatorContents::table(inputs[0], &self.values, output))
    }

    fn reach(&self, inputs: &[&[Interval]], _: Meaning) -> Vec<Interval> {
        let reach = |&Interval { low, high }: &Interval| {
            let entries = &self.values[(low + 128) as usize..=(high + 128) as usize];
            let ends = entries.iter().map(|&value| i32::from(value));
            Interval {
                low: ends.clone().min().unwrap_or(low),
                high: ends.max().unwrap_or(high),
            }
        };
        inputs[0].iter().map(reach).collect()
    }

    fn channels(&self) -> Channels {
        Channels::Apart
    }

    fn weights(&self) -> usize {
        VALUE_ENTRIES
    }
}

pub const READERS: Readers = &[
    ("Clip", clip),
    ("Elu", |reader, call| {
        let alpha = call.float("alpha", 1.0);
        push(reader, call, Function::Elu(alpha))
    }),
    ("HardSigmoid", |reader, call| {
        let (alpha, beta) = (call.float("alpha", 0.2), call.float("beta", 0.5));
        push(reader, call, Function::HardSigmoid { alpha, beta })
    }),
    ("HardSwish", |reader, call| {
        push(reader, call, Function::HardSwish)
    }),
    ("LeakyRelu", |reader, call| {
        let factor = call.float("alpha", 0.01);
        push(reader, call, Function::LeakyRelu(factor))
    }),
    ("PRelu", p_relu),
    ("Relu", |reader, call| {
        let Clip { low, high } = Clip::RELU;
        push(reader, call, Function::Clip { low, high })
    }),
    ("Sigmoid", |reader, call| {
        push(reader, call, Function::Sigmoid)
    }),
    ("Tanh", |reader, call| push(reader, call, Function::Tanh)),
];

/// Limits are inputs, in files before opset 11 attributes.
fn clip(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let defaults = [
        call.float("min", f32::NEG_INFINITY),
        call.float("max", f32::INFINITY),
    ];
    let mut limits = defaults;
    for (index, limit) in limits.iter_mut().enumerate() {
        if !call.input(index + 1).is_empty() {
            let constant = reader.constant(call, index + 1)?;
            *limit = constant.scalar().unwrap_or(f32::NAN);
        }
    }
    let [low, high] = limits;
    if low <= high {
        return push(reader, call, Function::Clip { low, high });
    }
    Err(call.refuse("min, one number, at most max", format!("{low} and {high}")))
}

/// With one slope for all channels.
fn p_relu(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let constant = reader.constant(call, 1)?;
    let slopes = constant.floats().map(|slopes| slopes.iter().copied());
    let slopes: Vec<f32> = slopes.into_iter().flatten().collect();
    let is = |first: f32| move |other: &f32| other.to_bits() == first.to_bits();
    match slopes[..] {
        [first, ref rest @ ..] if first.is_finite() && rest.iter().all(is(first)) => {
            push(reader, call, Function::LeakyRelu(first))
        }
        _ => {
            let expected = "one slope for all channels (num_parameters=1, shared_axes)";
            Err(call.refuse(expected, format!("{} slopes", slopes.len())))
        }
    }
}

/// The product of a tensor and a function of it, such as Swish in files before it was an operator.
pub(super) fn gated(reader: &mut Reader, call: &Call) -> Result<Option<Value>, ImportError> {
    for (number, gate) in [(0, 1), (1, 0)] {
        let (view, gate) = (reader.view(call, number)?, reader.view(call, gate)?);
        let made_by = reader
            .node(gate.tensor)
            .filter(|node| node.inputs == [view.tensor]);
        let function = made_by.and_then(|node| match &node.layer {
            Layer::Activation(activation) => activation.function.times_number(),
            _ => None,
        });
        if let Some(function) = function.filter(|_| gate.axes == view.axes) {
            let layer = Layer::Activation(Activation { function });
            return reader
                .push(call, layer, vec![view.tensor], &view.axes)
                .map(Some);
        }
    }
    Ok(None)
}

fn push(reader: &mut Reader, call: &Call, function: Function) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let layer = Layer::Activation(Activation { function });
    reader.push(call, layer, vec![view.tensor], &view.axes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_as_computed_by_hand() {
        for (function, x, expected) in [
            (
                Function::Clip {
                    low: -1.0,
                    high: 2.0,
                },
                3.0,
                2.0,
            ),
            (Function::Elu(2.0), -1.0, 2.0 * (-0.632_120_558_8)),
            (
                Function::HardSigmoid {
                    alpha: 0.2,
                    beta: 0.5,
                },
                1.0,
                0.7,
            ),
            (Function::HardSwish, 1.0, 2.0 / 3.0),
            (Function::HardSwish, -3.5, 0.0),
            (Function::LeakyRelu(0.1), -2.0, -0.2),
            (Function::Sigmoid, 2.0, 0.880_797_078),
            (Function::Silu, 2.0, 1.761_594_156),
            (Function::Tanh, 0.5, 0.462_117_157),
        ] {
            let found = function.of(x);
            assert!(
                (found - expected).abs() < 1e-7,
                "{function:?}({x}): {found}"
            );
        }
    }
}
