//! The mean of each window; padding counts as zeros, where a model counts it.

use super::{Form, Layer};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{
    Axis, Call, ImportError, Reader, Readers, Value, View, axes, image_axes, pool_window,
};
use crate::network::{Shape, elements};
use crate::ops::Window;

/// A mean over windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragePool {
    /// The windows. All places of one count, padding as well.
    pub window: Window,
}

impl AveragePool {
    /// The number of places of a window.
    pub fn places(&self) -> usize {
        self.window.kernel.iter().product()
    }
}

impl Form for AveragePool {
    fn kind(&self) -> &'static str {
        "average_pool"
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [channels, rows, columns] = inputs[0];
        let [rows, columns] = self.window.output([rows, columns])?;
        Ok([channels, rows, columns])
    }

    fn multiply_adds(&self, _: &[Shape], output: Shape) -> usize {
        elements(output) * self.places()
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        graph.average_pool(inputs[0], self.window)
    }
}

pub const READERS: Readers = &[
    ("AveragePool", windows),
    ("GlobalAveragePool", global),
    ("ReduceMean", reduced),
];

fn windows(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.padded_view(call, 0)?;
    let axes = image_axes(reader, call, &view)?;
    let counts = call.integer("count_include_pad", 0) != 0;
    call.limit("ceil_mode", &["0"])?;
    let window = pool_window(call, (&view, &axes), reader.shape(view.tensor))?;
    // The zeros of a Pad are counted in any case.
    if window.pads != view.pads && !counts {
        let expected = "no pads, or count_include_pad 1";
        return Err(call.refuse(expected, format!("pads {:?}", window.pads)));
    }
    let layer = Layer::AveragePool(AveragePool { window });
    reader.push(call, layer, vec![view.tensor], &axes)
}

fn global(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let axes = image_axes(reader, call, &view)?;
    let [_, rows, columns] = reader.shape(view.tensor);
    if [rows, columns] == [1; 2] {
        return Ok(Value::View(view));
    }
    let window = Window::tiles([rows, columns]);
    let layer = Layer::AveragePool(AveragePool { window });
    reader.push(call, layer, vec![view.tensor], &axes)
}

/// A mean over all rows and columns, which may leave out the axes that it makes 1.
fn reduced(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let shape = reader.shape(view.tensor);
    let rank = view.axes.len();
    let keeps = call.integer("keepdims", 1) != 0;
    // Without axes it is refused, whatever that would mean.
    let _ = call.integer("noop_with_empty_axes", 0);
    let named = axes(reader, call)?.unwrap_or_default();
    let reduced: Vec<usize> = named
        .iter()
        .map(|&axis| if axis < 0 { axis + rank as i64 } else { axis } as usize)
        .collect();
    let is_reduced = |axis: usize| reduced.contains(&axis);
    let lists = |is_wanted: bool| {
        let lists = view.axes.iter().enumerate();
        lists.filter(move |(axis, _)| is_reduced(*axis) == is_wanted)
    };
    let is_place = |axis: &Axis| *axis != Axis::Channel;
    let only_places = lists(true).flat_map(|(_, list)| list).all(is_place);
    let all_places = !lists(false).flat_map(|(_, list)| list).any(is_place);
    if !only_places || !all_places || is_reduced(0) || named.is_empty() {
        let sizes = view.sizes(shape);
        let expected = "a mean over all rows and columns, and nothing else";
        return Err(call.refuse(expected, format!("axes {named:?} of {sizes:?}")));
    }
    let left = |(axis, list): (usize, &Vec<Axis>)| {
        if is_reduced(axis) {
            keeps.then(Vec::new)
        } else {
            Some(list.clone())
        }
    };
    let axes = view.axes.iter().enumerate().filter_map(left).collect();
    if shape[1..] == [1; 2] {
        return Ok(Value::View(View::new(view.tensor, &axes, shape)));
    }
    let window = Window::tiles([shape[1], shape[2]]);
    let layer = Layer::AveragePool(AveragePool { window });
    reader.push(call, layer, vec![view.tensor], &axes)
}
