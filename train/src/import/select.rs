//! Channels that constants pick: a convolution of 1 x 1 whose weights are 0 and 1, which `fuse` puts into the layer before
//! or after it where it can.

use ndarray::{Array1, Array4};

use super::view::Axis;
use super::{Axes, Call, ImportError, Reader, Value, View, fold, shapes};
use crate::layers::{Conv, Layer};
use crate::ops::Window;

const EXPECTED: &str = "all places of an axis in their order, or some channels; train a network that takes rows and columns whole";

/// All places of an axis, which changes the form at most, or some channels.
pub fn gathered(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let shape = reader.shape(view.tensor);
    let sizes = view.sizes(shape);
    let axis = call.integer("axis", 0);
    let axis = shapes::axis_of(call, axis, sizes.len())?;
    let indices = reader.constant(call, 1)?;
    let places = indices.integers().unwrap_or_default().into_iter();
    let places = places.map(|index| fold::place(index, sizes[axis]));
    let Some(places) = places.collect::<Option<Vec<usize>>>() else {
        return Err(call.refuse(&format!("indices below {}", sizes[axis]), "others"));
    };
    let target = [&sizes[..axis], indices.shape(), &sizes[axis + 1..]].concat();
    let is_all = places.iter().copied().eq(0..sizes[axis]);
    if let Some(view) = view.reshaped(shape, &target).filter(|_| is_all) {
        return Ok(Value::View(view));
    }
    let mut left = view.axes.clone();
    match indices.shape() {
        [] => drop(left.remove(axis)),
        [_] => {}
        sizes => return Err(call.refuse(EXPECTED, format!("places in sizes {sizes:?}"))),
    }
    picked(reader, call, (&view, axis, &places), &left)
}

/// Some channels.
pub fn sliced(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let sizes = view.sizes(reader.shape(view.tensor));
    let mut some = Vec::new();
    for (axis, slice) in shapes::slices(reader, call)? {
        let axis = shapes::axis_of(call, axis, sizes.len())?;
        let places = fold::places(sizes[axis], slice);
        let places = places.ok_or_else(|| call.refuse("steps other than 0", "0"))?;
        if !places.iter().copied().eq(0..sizes[axis]) {
            some.push((axis, places));
        }
    }
    match &some[..] {
        [] => Ok(Value::View(view)),
        [(axis, places)] => picked(reader, call, (&view, *axis, places), &view.axes),
        _ => Err(call.refuse(EXPECTED, format!("some of {} axes", some.len()))),
    }
}

/// These places of an axis of a view, if that is the channels; the view of them has the axes that are left.
fn picked(
    reader: &mut Reader,
    call: &Call,
    (view, axis, places): (&View, usize, &[usize]),
    left: &Axes,
) -> Result<Value, ImportError> {
    if view.axes[axis] == [Axis::Channel] && !places.is_empty() {
        return copies(reader, call, (view, places), left);
    }
    let sizes = view.describe(reader.shape(view.tensor));
    let found = format!("{} places of axis {axis} of {sizes}", places.len());
    Err(call.refuse(EXPECTED, found))
}

/// A convolution that copies channels of a tensor; the view of what it makes has these axes.
pub fn copies(
    reader: &mut Reader,
    call: &Call,
    (view, channels): (&View, &[usize]),
    axes: &Axes,
) -> Result<Value, ImportError> {
    let [all, ..] = reader.shape(view.tensor);
    reader.take(call, channels.len().saturating_mul(all))?;
    let mut weight = Array4::zeros((channels.len(), all, 1, 1));
    for (channel, &from) in channels.iter().enumerate() {
        weight[[channel, from, 0, 0]] = 1.0;
    }
    let layer = Layer::Conv(Conv {
        weight,
        bias: Array1::zeros(channels.len()),
        window: Window::tiles([1; 2]),
        groups: 1,
        pool: None,
    });
    reader.push(call, layer, vec![view.tensor], axes)
}
