//! The channels of several tensors one after the other.

use super::{Form, Layer};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{Axis, Call, ImportError, Reader, Readers, Value, View};
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
        match inputs.iter().all(fits) {
            true => Ok([inputs.iter().map(|shape| shape[0]).sum(), rows, columns]),
            false => Err(format!("{inputs:?}, which differ in rows or columns")),
        }
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape) -> usize {
        0
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        graph.concat(inputs)
    }
}

pub const READERS: Readers = &[("Concat", read)];

fn read(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let count = call.node.input.len();
    let views = (0..count).map(|index| reader.view(call, index));
    let views = views.collect::<Result<Vec<View>, _>>()?;
    let rank = views[0].axes.len() as i64;
    let axis = call.integer("axis", 0);
    let at = if axis < 0 { axis + rank } else { axis } as usize;
    // A tensor of one channel has nothing at this axis.
    let is_channels = |view: &View| {
        let others = view.axes.iter().enumerate().filter(|(axis, _)| *axis != at);
        let is_elsewhere = others
            .map(|(_, list)| list)
            .flatten()
            .any(|one| *one == Axis::Channel);
        let here = view.axes.get(at).map(Vec::as_slice);
        !is_elsewhere && matches!(here, Some([] | [Axis::Channel]))
    };
    let others = |view: &View| {
        let mut axes = view.axes.clone();
        axes.get_mut(at).map(Vec::clear);
        axes
    };
    let axes = others(&views[0]);
    if !views
        .iter()
        .all(|view| is_channels(view) && others(view) == axes)
    {
        let sizes: Vec<_> = views
            .iter()
            .map(|view| view.sizes(reader.shape(view.tensor)))
            .collect();
        let expected = "tensors that are joined along their channels";
        return Err(call.refuse(expected, format!("axis {axis} of {sizes:?}")));
    }
    let mut joined = axes;
    joined[at] = vec![Axis::Channel];
    let inputs = views.iter().map(|view| view.tensor).collect();
    reader.push(call, Layer::Concat(Concat), inputs, &joined)
}
