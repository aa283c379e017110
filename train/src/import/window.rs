//! Windows of convolutions and pools, over images and signals.

use std::fmt::Debug;

use super::view::Axis::{Channel, Column, Row};
use super::{Axes, Call, ImportError, Reader, Value, View, shapes};
use crate::layers::Layer;
use crate::network::Shape;
use crate::ops::Window;

/// The largest size of a window that a flash file can say.
const LARGEST: i64 = u16::MAX as i64;

/// The axes of a view of an image `[1, channels, rows, columns]` or of a signal `[1, channels, columns]`, those of size
/// 1 included.
pub fn image_axes(reader: &Reader, call: &Call, view: &View) -> Result<Axes, ImportError> {
    let shape = reader.shape(view.tensor);
    let lists = |axes: &[super::Axis]| {
        let lists = axes.iter().map(|&axis| vec![axis]);
        std::iter::once(Vec::new()).chain(lists).collect::<Axes>()
    };
    let forms = [
        lists(&[Channel, Row, Column]),
        lists(&[Channel, Column]),
        lists(&[Channel, Row]),
    ];
    view.matching(shape, &forms).ok_or_else(|| {
        let expected = "an input [1, channels, rows, columns] or [1, channels, length]";
        call.refuse(expected, view.describe(shape))
    })
}

/// The window of a node over a view of a tensor of this shape, with the padding of both; `axes` are those of
/// [`image_axes`]. Without a `kernel` (rows and columns of its weight) the node must say it. A kernel with dilations is
/// as large as the places that it reaches over; they are returned, too.
pub fn window(
    call: &mut Call,
    (view, axes): (&View, &Axes),
    shape: Shape,
    kernel: Option<&[usize]>,
) -> Result<(Window, [usize; 2]), ImportError> {
    let count = axes.len() - 2;
    let kernel: Option<Vec<i64>> =
        kernel.map(|sizes| sizes.iter().map(|&size| size as i64).collect());
    let kernel = sizes(call, "kernel_shape", count, kernel)?;
    let strides = sizes(call, "strides", count, Some(vec![1; count]))?;
    let pads = sizes(call, "pads", 2 * count, Some(vec![0; 2 * count]))?;
    let dilations = sizes(call, "dilations", count, Some(vec![1; count]))?;
    let sides: Vec<usize> = axes[2..].iter().map(|axis| axis[0] as usize - 1).collect();
    let mut window = Window {
        strides: [1; 2],
        ..Window::tiles([1; 2])
    };
    let is_size = |size: &&i64| (1..=LARGEST).contains(*size);
    let mut all = kernel.iter().chain(&strides).chain(&dilations);
    let reach = |(size, dilation): (&i64, &i64)| {
        let reach = size.saturating_sub(1).saturating_mul(*dilation);
        reach.saturating_add(1)
    };
    let reached: Vec<i64> = kernel.iter().zip(&dilations).map(reach).collect();
    let are_sizes = all.all(|size| is_size(&size)) && reached.iter().all(|size| is_size(&size));
    let around = |side: usize| view.pads[side] + view.pads[side + 2];
    let input: Vec<usize> = sides
        .iter()
        .map(|&side| shape[side + 1] + around(side))
        .collect();
    let pads = if are_sizes {
        padded(call, &reached, &strides, pads, &input)?
    } else {
        pads
    };
    let around: Vec<i64> = [0, 2]
        .iter()
        .flat_map(|end| sides.iter().map(move |side| view.pads[side + end] as i64))
        .collect();
    let pads: Vec<i64> = pads
        .iter()
        .zip(around)
        .map(|(pad, more)| pad.saturating_add(more))
        .collect();
    let is_pad = |(at, pad): (usize, &i64)| (0..reached[at % count]).contains(pad);
    if !are_sizes || !pads.iter().enumerate().all(is_pad) {
        let expected =
            format!("kernel_shape and strides of 1 to {LARGEST}, pads smaller than the kernel");
        let found = text_of_window(kernel, strides, pads);
        let apart = if dilations.iter().any(|&dilation| dilation != 1) {
            format!(", dilations {dilations:?}")
        } else {
            String::new()
        };
        return Err(call.refuse(&expected, found + &apart));
    }
    let mut apart = [1; 2];
    for (index, &side) in sides.iter().enumerate() {
        window.kernel[side] = reached[index] as usize;
        apart[side] = dilations[index] as usize;
        window.strides[side] = strides[index] as usize;
        window.pads[side] = pads[index] as usize;
        window.pads[side + 2] = pads[index + count] as usize;
    }
    Ok((window, apart))
}

/// The window of a pool, with the rows and columns after the input that `ceil_mode` adds as padding, and whether it adds
/// some.
pub fn pool_window(
    call: &mut Call,
    view: (&View, &Axes),
    shape: Shape,
) -> Result<(Window, bool), ImportError> {
    let ceil = call.integer("ceil_mode", 0) != 0;
    let (mut window, dilations) = window(call, view, shape, None)?;
    if dilations != [1; 2] {
        return Err(call.refuse("dilations of 1", format!("dilations {dilations:?}")));
    }
    let mut is_cut = false;
    for side in [0, 1] {
        let (kernel, stride) = (window.kernel[side], window.strides[side]);
        let size = shape[side + 1] + window.pads[side] + window.pads[side + 2];
        let rest = size.saturating_sub(kernel) % stride;
        // One more window, unless it would start behind the input.
        let last = size.saturating_sub(kernel) - rest + stride;
        if ceil && rest > 0 && last < shape[side + 1] + window.pads[side] {
            window.pads[side + 2] += stride - rest;
            is_cut = true;
        }
    }
    Ok((window, is_cut))
}

/// Reads what makes one number of all rows, of all columns or of both, and may leave out the axes that it makes 1.
pub fn over_places(
    reader: &mut Reader,
    call: &mut Call,
    layer: fn(Window) -> Layer,
) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let shape = reader.shape(view.tensor);
    let keeps = call.integer("keepdims", 1) != 0;
    // Without axes it is refused, whatever that would mean.
    let _ = call.integer("noop_with_empty_axes", 0);
    let named = shapes::axes(reader, call)?.unwrap_or_default();
    let reduced = named
        .iter()
        .map(|&axis| shapes::axis_of(call, axis, view.axes.len()));
    let reduced = reduced.collect::<Result<Vec<usize>, _>>()?;
    let places: Vec<super::Axis> = reduced
        .iter()
        .flat_map(|&axis| view.axes[axis].clone())
        .collect();
    if places.contains(&Channel) || reduced.contains(&0) || reduced.is_empty() {
        let sizes = view.describe(shape);
        let expected = "axes of rows or columns, and nothing else";
        return Err(call.refuse(expected, format!("axes {named:?} of {sizes}")));
    }
    let left = |(axis, list): (usize, &Vec<super::Axis>)| {
        if reduced.contains(&axis) {
            keeps.then(Vec::new)
        } else {
            Some(list.clone())
        }
    };
    let axes = view.axes.iter().enumerate().filter_map(left).collect();
    let size = |place: super::Axis| {
        if places.contains(&place) {
            shape[place as usize]
        } else {
            1
        }
    };
    let kernel = [size(Row), size(Column)];
    if kernel == [1; 2] {
        return Ok(Value::View(View::new(view.tensor, &axes, shape)));
    }
    reader.push(call, layer(Window::tiles(kernel)), vec![view.tensor], &axes)
}

/// The pads that `auto_pad` stands for, or those given.
fn padded(
    call: &mut Call,
    kernel: &[i64],
    strides: &[i64],
    pads: Vec<i64>,
    input: &[usize],
) -> Result<Vec<i64>, ImportError> {
    let auto_pad = call.text("auto_pad");
    let lower = match &auto_pad[..] {
        "" | "NOTSET" => return Ok(pads),
        "VALID" => return Ok(vec![0; pads.len()]),
        "SAME_UPPER" => false,
        "SAME_LOWER" => true,
        other => {
            let expected = "auto_pad NOTSET or SAME_UPPER or SAME_LOWER or VALID";
            return Err(call.refuse(expected, format!("auto_pad {other}")));
        }
    };
    let count = kernel.len();
    let mut pads = vec![0; 2 * count];
    for index in 0..count {
        let (size, stride) = (input[index] as i64, strides[index]);
        let outputs = (size + stride - 1) / stride;
        let all = ((outputs - 1) * stride + kernel[index] - size).max(0);
        let before = if lower { all - all / 2 } else { all / 2 };
        (pads[index], pads[index + count]) = (before, all - before);
    }
    Ok(pads)
}

/// So many integers of an attribute.
fn sizes(
    call: &mut Call,
    name: &str,
    count: usize,
    default: Option<Vec<i64>>,
) -> Result<Vec<i64>, ImportError> {
    let found = call.integers(name).map(<[i64]>::to_vec).or(default);
    let found = found.unwrap_or_default();
    if found.len() == count {
        return Ok(found);
    }
    Err(call.refuse(&format!("{count} integers {name}"), format!("{found:?}")))
}

fn text_of_window(kernel: impl Debug, strides: impl Debug, pads: impl Debug) -> String {
    format!("kernel_shape {kernel:?}, strides {strides:?}, pads {pads:?}")
}
