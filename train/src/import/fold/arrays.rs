//! What operators compute of constants; `None` where these do not fit.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice, Zip};

use crate::import::Constant;

pub fn transposed<T: Clone>(array: &ArrayD<T>, axes: &[usize]) -> Option<ArrayD<T>> {
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    let is_permutation = sorted.into_iter().eq(0..array.ndim());
    let moved = || {
        array
            .view()
            .permuted_axes(IxDyn(axes))
            .as_standard_layout()
            .into_owned()
    };
    is_permutation.then(moved)
}

pub fn joined(inputs: &[&Constant], axis: usize) -> Option<Constant> {
    let floats: Option<Vec<ArrayViewD<f32>>> = inputs
        .iter()
        .map(|one| Some(one.floats()?.view()))
        .collect();
    if let Some(floats) = floats {
        return ndarray::concatenate(Axis(axis), &floats)
            .ok()
            .map(Into::into);
    }
    let integers = inputs.iter().map(|one| match one {
        Constant::Integers(array) => Some(array.view()),
        Constant::Floats(_) => None,
    });
    let integers: Vec<ArrayViewD<i64>> = integers.collect::<Option<_>>()?;
    let joined = ndarray::concatenate(Axis(axis), &integers);
    joined.ok().map(Into::into)
}

pub fn gathered<T: Clone>(
    array: &ArrayD<T>,
    indices: &ArrayD<i64>,
    axis: usize,
) -> Option<ArrayD<T>> {
    let size = array.shape()[axis] as i64;
    let place = |&index: &i64| {
        let index = if index < 0 {
            index.saturating_add(size)
        } else {
            index
        };
        (0..size).contains(&index).then_some(index as usize)
    };
    let places = indices.iter().map(place).collect::<Option<Vec<_>>>()?;
    let picked = array.select(Axis(axis), &places);
    let (before, after) = array.shape().split_at(axis);
    let shape = [before, indices.shape(), &after[1..]].concat();
    picked.into_shape_with_order(IxDyn(&shape)).ok()
}

/// Starts, ends, and, where they are given, axes and steps.
pub fn sliced<T: Clone>(array: &ArrayD<T>, parts: &[Option<Vec<i64>>; 4]) -> Option<ArrayD<T>> {
    let [Some(starts), Some(ends), rest @ ..] = parts else {
        return None;
    };
    let mut view = array.view();
    for (index, (&start, &end)) in starts.iter().zip(ends).enumerate() {
        let given = |part: usize| rest[part].as_ref()?.get(index).copied();
        let axis = given(0).unwrap_or(index as i64);
        let axis = if axis < 0 {
            axis.saturating_add(array.ndim() as i64)
        } else {
            axis
        } as usize;
        let step = given(1).unwrap_or(1);
        let size = *view.shape().get(axis)? as i64;
        let place = |at: i64| if at < 0 { at.saturating_add(size) } else { at }.clamp(0, size);
        if step < 0 {
            // Backwards from the start, down to the end and without it.
            let first = place(start).min(size - 1);
            let last = if end < -size { 0 } else { place(end) + 1 };
            if step != -1 || last > first + 1 {
                return None;
            }
            view.slice_axis_inplace(Axis(axis), Slice::from(last as isize..(first + 1) as isize));
            view.invert_axis(Axis(axis));
        } else {
            let (start, end) = (place(start), place(end));
            let slice = Slice::new(
                start as isize,
                Some(end.max(start) as isize),
                step.max(1) as isize,
            );
            view.slice_axis_inplace(Axis(axis), slice);
        }
    }
    Some(view.as_standard_layout().into_owned())
}

pub fn sizes_of(constant: &Constant) -> Option<Vec<usize>> {
    let sizes = constant.integers()?.into_iter();
    let sizes = sizes.map(|size| usize::try_from(size).ok());
    let sizes = sizes.collect::<Option<Vec<usize>>>()?;
    let count = sizes
        .iter()
        .try_fold(1_usize, |count, &size| count.checked_mul(size.max(1)))?;
    (count <= isize::MAX as usize / size_of::<i64>()).then_some(sizes)
}

pub fn filled(shape: &Constant, value: Option<Constant>) -> Option<Constant> {
    let shape = IxDyn(&sizes_of(shape)?);
    Some(match value {
        None => ArrayD::from_elem(shape, 0.0_f32).into(),
        Some(Constant::Floats(value)) => ArrayD::from_elem(shape, *value.first()?).into(),
        Some(Constant::Integers(value)) => ArrayD::from_elem(shape, *value.first()?).into(),
    })
}

pub fn combined(operator: &str, inputs: &[&Constant]) -> Option<Constant> {
    match inputs {
        [Constant::Floats(a), Constant::Floats(b)] => {
            let value = |a: &f32, b: &f32| {
                Some(match operator {
                    "Add" => a + b,
                    "Sub" => a - b,
                    "Mul" => a * b,
                    _ => a / b,
                })
            };
            broadcast(a, b, value).map(Into::into)
        }
        [Constant::Integers(a), Constant::Integers(b)] => {
            let value = |&a: &i64, &b: &i64| match operator {
                "Add" => a.checked_add(b),
                "Sub" => a.checked_sub(b),
                "Mul" => a.checked_mul(b),
                _ => a.checked_div(b),
            };
            broadcast(a, b, value).map(Into::into)
        }
        _ => None,
    }
}

fn broadcast<T: Clone>(
    a: &ArrayD<T>,
    b: &ArrayD<T>,
    value: impl Fn(&T, &T) -> Option<T>,
) -> Option<ArrayD<T>> {
    let shape = match a.broadcast(b.raw_dim()) {
        Some(_) => b.raw_dim(),
        None => a.raw_dim(),
    };
    let (a, b) = (a.broadcast(shape.clone())?, b.broadcast(shape)?);
    let values = Zip::from(&a).and(&b).map_collect(value);
    let shape = values.raw_dim();
    let values = values.into_iter().collect::<Option<Vec<T>>>()?;
    ArrayD::from_shape_vec(shape, values).ok()
}

/// Numbers, their scales and their zero points.
type Scaled<'a> = (&'a Constant, Option<&'a Constant>, Option<&'a Constant>);

/// Weights that a converter stored in 8 bits: `(q - zero_point) * scale`, both alike for all or along one axis.
pub fn dequantized(scaled: Scaled, axis: usize) -> Option<Constant> {
    let Constant::Integers(values) = scaled.0 else {
        return None;
    };
    let meanings = meanings(scaled, axis)?;
    let real = |index: IxDyn| {
        let (scale, zero) = meanings.at(&index);
        values[&index].saturating_sub(zero) as f32 * scale
    };
    Some(ArrayD::from_shape_fn(values.raw_dim(), real).into())
}

/// The integers of weights, from the first to the second of these.
pub fn quantized(scaled: Scaled, axis: usize, [least, greatest]: [i64; 2]) -> Option<Constant> {
    let values = scaled.0.floats()?;
    let meanings = meanings(scaled, axis)?;
    let integer = |index: IxDyn| {
        let (scale, zero) = meanings.at(&index);
        let steps = (values[&index] / scale).round_ties_even() as i64;
        steps.saturating_add(zero).clamp(least, greatest)
    };
    Some(ArrayD::from_shape_fn(values.raw_dim(), integer).into())
}

/// Scales and zero points of all elements, or of those at each place of an axis.
struct Meanings {
    axis: Option<usize>,
    scales: Vec<f32>,
    zeros: Vec<i64>,
}

impl Meanings {
    /// Scale and zero point of an element.
    fn at(&self, index: &IxDyn) -> (f32, i64) {
        let at = self.axis.map_or(0, |axis| index[axis]);
        (self.scales[at], self.zeros[at])
    }
}

fn meanings((values, scales, zeros): Scaled, axis: usize) -> Option<Meanings> {
    let scales: Vec<f32> = scales?.floats()?.iter().copied().collect();
    let zeros = match zeros {
        None => vec![0; scales.len()],
        Some(zeros) => zeros.integers()?,
    };
    let count = scales.len();
    let fits = count == 1 || values.shape().get(axis) == Some(&count);
    let is_right = fits && zeros.len() == count;
    let axis = (count != 1).then_some(axis);
    is_right.then_some(Meanings {
        axis,
        scales,
        zeros,
    })
}
