//! The sum of two tensors of one shape.

use no_std_core::format::{OperatorContents, TensorRecord, TooLarge};
use serde::Deserialize;

use super::trained::{Pass, Trained};
use super::{
    Channels, Combination, Factors, Form, Int8Form, Int8Layer, Interval, Layer, Meaning, Overflow,
    Scales, Unfit, depthwise, elementwise, int8, sums::LARGEST_STEP,
};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{Call, ImportError, Reader, Readers, Value, View};
use crate::network::Shape;
use crate::ops::Window;

/// A sum of two tensors, as at the end of a residual block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Add;

impl Form for Add {
    fn kind(&self) -> &'static str {
        "add"
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        match inputs {
            [a, b] if a == b => Ok(*a),
            other => Err(format!("{other:?}, which differ")),
        }
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape) -> usize {
        0
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        graph.add(inputs[0], inputs[1])
    }

    fn scales(&self) -> Scales {
        Scales::Inputs
    }

    fn factors(&self, from: f32, to: f32) -> Result<Factors, Unfit> {
        Factors::exactly(from, 1.0, to, 2 * LARGEST_STEP)
    }

    fn int8(&self, _: Meaning, factors: Factors) -> Result<Int8Layer, Overflow> {
        Ok(Int8Layer::Add(Int8Add { factors }))
    }
}

/// A sum of two integers that have one meaning, times a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Add {
    factors: Factors,
}

impl Int8Form for Int8Add {
    /// A depthwise convolution over both inputs, one below the other, whose two taps are as many rows apart as an input has.
    fn graph(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        meaning: Meaning,
    ) -> Result<ValueId, GraphError> {
        let [channels, rows] = [1, 2].map(|axis| graph.shape(inputs[0])[axis]);
        let stacked = graph.concat_along(2, inputs)?;
        let filters = int8::ones(channels, [2, 1], self.factors.weights[0]);
        let window = Window {
            strides: [1; 2],
            dilations: [rows, 1],
            ..Window::tiles([2, 1])
        };
        graph.q_linear_conv(stacked, filters, (window, channels), meaning.both())
    }

    fn operator(
        &self,
        inputs: &[u16],
        meaning: Meaning,
        output: TensorRecord,
    ) -> Result<OperatorContents, TooLarge> {
        let multiplier = int8::multipliers(&self.factors.multipliers)[0];
        let zero_point = meaning.from.zero_point;
        Ok(OperatorContents::add(
            [inputs[0], inputs[1]],
            zero_point,
            multiplier,
            output,
        ))
    }

    fn reach(&self, inputs: &[&[Interval]], meaning: Meaning) -> Vec<Interval> {
        let multiplier = int8::multipliers(&self.factors.multipliers)[0];
        let reach = |(a, b): (&Interval, &Interval)| {
            let [a, b] = [a, b].map(|values| values.less(meaning.from.zero_point));
            a.plus(b).requantized(multiplier, meaning.to.zero_point)
        };
        inputs[0].iter().zip(inputs[1]).map(reach).collect()
    }

    fn channels(&self) -> Channels {
        Channels::Apart
    }
}

/// A sum of two tensors in training.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {}

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        match inputs {
            [a, b] if a == b => Ok(a.to_vec()),
            other => Err(format!(
                "expected two inputs of one shape (`from = [\"a\", \"b\"]`), found {other:?}"
            )),
        }
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        _: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        pass.graph.add(inputs[0], inputs[1])
    }
}

pub const READERS: Readers = &[("Add", read), ("Sum", sum)];

fn read(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    if [0, 1]
        .iter()
        .any(|&index| reader.constant(call, index).is_ok())
    {
        return depthwise::shift(reader, call);
    }
    if let Some(value) = elementwise::combined(reader, call, Combination::Sum)? {
        return Ok(value);
    }
    let (a, b) = (reader.view(call, 0)?, reader.view(call, 1)?);
    of_two(reader, call, (a, b))
}

/// Of as many tensors as there are, two after two.
fn sum(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    if call.node.input.len() == 2 {
        return read(reader, call);
    }
    let mut sum = reader.view(call, 0)?;
    for index in 1..call.node.input.len() {
        let next = reader.view(call, index)?;
        sum = match of_two(reader, call, (sum, next))? {
            Value::View(view) => view,
            other => return Ok(other),
        };
    }
    Ok(Value::View(sum))
}

/// Of two tensors.
pub(super) fn of_two(
    reader: &mut Reader,
    call: &Call,
    (a, b): (View, View),
) -> Result<Value, ImportError> {
    let sizes = [&a, &b].map(|view| view.sizes(reader.shape(view.tensor)));
    if a.axes != b.axes || sizes[0] != sizes[1] {
        let [a, b] = sizes;
        let expected = "two tensors of equal sizes in equal order";
        return Err(call.refuse(expected, format!("{a:?} and {b:?}")));
    }
    reader.push(call, Layer::Add(Add), vec![a.tensor, b.tensor], &a.axes)
}
