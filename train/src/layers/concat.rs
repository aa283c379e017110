//! The channels of several tensors one after the other.

use no_std_core::format::{
    KIND_CONCATENATE, OperatorContents, OperatorRecord, TensorRecord, TooLarge,
};
use serde::Deserialize;

use super::trained::{Pass, Trained};
use super::{
    Channels, Factors, Form, Int8Form, Int8Layer, Interval, Layer, Meaning, Overflow, Scales,
};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{Axes, Axis, Call, ImportError, Reader, Readers, Value, View};
use crate::network::Shape;

/// Tensors side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concat;

impl Form for Concat {
    fn kind(&self) -> &'static str {
        "concat"
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [_, rows, columns] = inputs[0];
        let fits = |shape: &Shape| shape[1..] == [rows, columns];
        if inputs.iter().all(fits) {
            Ok([inputs.iter().map(|shape| shape[0]).sum(), rows, columns])
        } else {
            Err(format!("{inputs:?}, which differ in rows or columns"))
        }
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape) -> usize {
        0
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        graph.concat(inputs)
    }

    fn scales(&self) -> Scales {
        Scales::All
    }

    fn int8(&self, _: Meaning, _: Factors) -> Result<Int8Layer, Overflow> {
        Ok(Int8Layer::Concat(*self))
    }
}

/// Integers of one meaning are put side by side as they are; two tensors at a time.
impl Int8Form for Concat {
    fn graph(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _: Meaning,
    ) -> Result<ValueId, GraphError> {
        graph.concat(inputs)
    }

    fn operator(
        &self,
        inputs: &[u16],
        _: Meaning,
        output: TensorRecord,
    ) -> Result<OperatorContents, TooLarge> {
        let record = OperatorRecord {
            inputs: [inputs[0], inputs[1]],
            ..OperatorRecord::new(KIND_CONCATENATE, inputs[0])
        };
        Ok(OperatorContents::new(record, output))
    }

    fn reach(&self, inputs: &[&[Interval]], _: Meaning) -> Vec<Interval> {
        inputs.concat()
    }

    fn channels(&self) -> Channels {
        Channels::Joined
    }
}

/// Channels side by side in training.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {}

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let fits = |shape: &&[usize]| shape[1..] == inputs[0][1..];
        if inputs.len() < 2 || !inputs.iter().all(fits) {
            return Err(format!(
                "expected inputs of equal rows and columns (`from = [\"a\", \"b\"]`), found {inputs:?}"
            ));
        }
        let channels = inputs.iter().map(|shape| shape[0]).sum();
        Ok([&[channels], &inputs[0][1..]].concat())
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        _: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        pass.graph.concat(inputs)
    }
}

pub const READERS: Readers = &[("Concat", read)];

fn read(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let count = call.node.input.len();
    let views = (0..count).map(|index| reader.view(call, index));
    let views = views.collect::<Result<Vec<View>, _>>()?;
    let named = call.integer("axis", 0);
    let [first, rest @ ..] = &views[..] else {
        return Err(call.refuse("at least one input", "none"));
    };
    if rest.is_empty() {
        return Ok(Value::View(first.clone()));
    }
    let rank = first.axes.len() as i64;
    let at = if named < 0 { named + rank } else { named } as usize;
    let expected = others(&views[0], at);
    let fits = |view: &View| has_channels_at(view, at) && others(view, at) == expected;
    if !views.iter().all(fits) {
        let sizes = views
            .iter()
            .map(|view| view.sizes(reader.shape(view.tensor)));
        let found = format!("axis {named} of {:?}", sizes.collect::<Vec<_>>());
        return Err(call.refuse("tensors that are joined along their channels", found));
    }
    let mut joined = expected;
    joined[at] = vec![Axis::Channel];
    let inputs = views.iter().map(|view| view.tensor).collect();
    reader.push(call, Layer::Concat(Concat), inputs, &joined)
}

/// Whether this axis is that of the channels; where there is one alone, no axis names it.
fn has_channels_at(view: &View, at: usize) -> bool {
    let elsewhere = others(view, at);
    let is_elsewhere = elsewhere
        .iter()
        .flatten()
        .any(|axis| *axis == Axis::Channel);
    let here = view.axes.get(at).map(Vec::as_slice);
    !is_elsewhere && matches!(here, Some([] | [Axis::Channel]))
}

/// The axes with nothing at this one.
fn others(view: &View, at: usize) -> Axes {
    let mut lists = view.axes.clone();
    if let Some(list) = lists.get_mut(at) {
        list.clear();
    }
    lists
}
