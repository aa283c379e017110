//! Windows of convolutions and pools, over images and signals.

use std::fmt;

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
    let sides: Vec<usize> = axes[2..].iter().map(|axis| axis[0] as usize - 1).collect();
    let mut said = Said::by(call, sides.len(), kernel)?;
    let reached = said.reached();
    let are_sizes = said.are_sizes() && reached.iter().copied().all(is_size);
    if are_sizes {
        let size = |&side: &usize| shape[side + 1] + view.pads[side] + view.pads[side + 2];
        let input: Vec<usize> = sides.iter().map(size).collect();
        said.pads = padded(call, &reached, &said.strides, said.pads, &input)?;
    }
    let places = [0, 2].map(|end| sides.iter().map(move |side| side + end));
    for (pad, place) in said.pads.iter_mut().zip(places.into_iter().flatten()) {
        *pad = pad.saturating_add(view.pads[place] as i64);
    }
    let is_pad = |(pad, reached): (&i64, &i64)| (0..*reached).contains(pad);
    let mut pads = said.pads.iter().zip(reached.iter().cycle());
    if !are_sizes || !pads.all(is_pad) {
        let expected =
            format!("kernel_shape and strides of 1 to {LARGEST}, pads smaller than the kernel");
        return Err(call.refuse(&expected, said.to_string()));
    }
    let mut window = Window {
        strides: [1; 2],
        ..Window::tiles([1; 2])
    };
    let mut apart = [1; 2];
    for (index, &side) in sides.iter().enumerate() {
        window.kernel[side] = reached[index] as usize;
        apart[side] = said.dilations[index] as usize;
        window.strides[side] = said.strides[index] as usize;
        window.pads[side] = said.pads[index] as usize;
        window.pads[side + 2] = said.pads[index + sides.len()] as usize;
    }
    Ok((window, apart))
}

/// What the attributes of a node say of its window, for each axis, and of pads for its beginning and its end.
struct Said {
    kernel: Vec<i64>,
    strides: Vec<i64>,
    pads: Vec<i64>,
    dilations: Vec<i64>,
}

impl Said {
    fn by(call: &mut Call, count: usize, kernel: Option<&[usize]>) -> Result<Self, ImportError> {
        let kernel = kernel.map(|sizes| sizes.iter().map(|&size| size as i64).collect());
        Ok(Self {
            kernel: sizes(call, "kernel_shape", count, kernel)?,
            strides: sizes(call, "strides", count, Some(vec![1; count]))?,
            pads: sizes(call, "pads", 2 * count, Some(vec![0; 2 * count]))?,
            dilations: sizes(call, "dilations", count, Some(vec![1; count]))?,
        })
    }

    /// The places that the kernel reaches over.
    fn reached(&self) -> Vec<i64> {
        let reach = |(size, dilation): (&i64, &i64)| {
            let reach = size.saturating_sub(1).saturating_mul(*dilation);
            reach.saturating_add(1)
        };
        self.kernel.iter().zip(&self.dilations).map(reach).collect()
    }

    fn are_sizes(&self) -> bool {
        let mut lists = [&self.kernel, &self.strides, &self.dilations].into_iter();
        lists.all(|sizes| sizes.iter().copied().all(is_size))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kernel,
            strides,
            pads,
            dilations,
        } = self;
        write!(
            f,
            "kernel_shape {kernel:?}, strides {strides:?}, pads {pads:?}"
        )?;
        if dilations.iter().any(|&dilation| dilation != 1) {
            write!(f, ", dilations {dilations:?}")?;
        }
        Ok(())
    }
}

/// Whether a flash file can say it.
fn is_size(size: i64) -> bool {
    (1..=LARGEST).contains(&size)
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
