//! What operators compute of constants; `None` where these do not fit.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Zip};

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

/// The place of an axis of this size that an index means, which counts from the end where it is below 0.
pub fn place(index: i64, size: usize) -> Option<usize> {
    let from_end = || index.saturating_add(size as i64);
    let place = if index < 0 { from_end() } else { index };
    usize::try_from(place).ok().filter(|&place| place < size)
}

pub fn gathered<T: Clone>(
    array: &ArrayD<T>,
    indices: &ArrayD<i64>,
    axis: usize,
) -> Option<ArrayD<T>> {
    let size = array.shape()[axis];
    let places = indices.iter().map(|&index| place(index, size));
    let places = places.collect::<Option<Vec<_>>>()?;
    let picked = array.select(Axis(axis), &places);
    let (before, after) = array.shape().split_at(axis);
    let shape = [before, indices.shape(), &after[1..]].concat();
    picked.into_shape_with_order(IxDyn(&shape)).ok()
}

/// The places from starts to ends, by steps, of axes, of all others every place.
pub fn sliced<T: Clone>(array: &ArrayD<T>, slices: &[(i64, [i64; 3])]) -> Option<ArrayD<T>> {
    let mut left = array.clone();
    for &(axis, slice) in slices {
        let rank = array.ndim() as i64;
        let axis = usize::try_from(if axis < 0 {
            axis.saturating_add(rank)
        } else {
            axis
        })
        .ok()?;
        let places = places(*left.shape().get(axis)?, slice)?;
        left = left.select(Axis(axis), &places);
    }
    Some(left)
}

/// The places of an axis of this size from a start to an end by steps, as `Slice` has it; `None` for steps of 0.
pub fn places(size: usize, [start, end, step]: [i64; 3]) -> Option<Vec<usize>> {
    let by = usize::try_from(step.unsigned_abs())
        .ok()
        .filter(|&by| by > 0)?;
    let size = size as i64;
    let place = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
    let (start, end) = (place(start).max(0), place(end));
    let places = |places: &mut dyn Iterator<Item = i64>| {
        places.step_by(by).map(|place| place as usize).collect()
    };
    Some(if step > 0 {
        places(&mut (start..end.min(size)))
    } else {
        places(&mut (end.max(-1) + 1..=start.min(size - 1)).rev())
    })
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

/// Where two are equal, 1, and elsewhere 0.
pub fn equal(inputs: &[&Constant]) -> Option<Constant> {
    match inputs {
        [Constant::Floats(a), Constant::Floats(b)] => equality(a, b),
        [Constant::Integers(a), Constant::Integers(b)] => equality(a, b),
        _ => None,
    }
}

fn equality<T: Clone + PartialEq>(a: &ArrayD<T>, b: &ArrayD<T>) -> Option<Constant> {
    broadcast(a, b, |a, b| Some(i64::from(a == b))).map(Into::into)
}

/// The second where the first is not 0, elsewhere the third.
pub fn chosen(inputs: &[&Constant]) -> Option<Constant> {
    match inputs {
        [
            Constant::Integers(of),
            Constant::Floats(a),
            Constant::Floats(b),
        ] => choose(of, a, b).map(Into::into),
        [
            Constant::Integers(of),
            Constant::Integers(a),
            Constant::Integers(b),
        ] => choose(of, a, b).map(Into::into),
        _ => None,
    }
}

fn choose<T: Clone>(of: &ArrayD<i64>, a: &ArrayD<T>, b: &ArrayD<T>) -> Option<ArrayD<T>> {
    let pairs = broadcast(a, b, |a, b| Some((a.clone(), b.clone())))?;
    broadcast(of, &pairs, |&of, (a, b)| {
        Some(if of != 0 { a } else { b }.clone())
    })
}

/// The products along axes, each of which is left with size 1 or taken out.
pub fn product(constant: &Constant, axes: &[usize], keeps: bool) -> Option<Constant> {
    match constant {
        Constant::Floats(array) => multiplied(array, axes, keeps, |a, b| Some(a * b), 1.0),
        Constant::Integers(array) => multiplied(array, axes, keeps, i64::checked_mul, 1),
    }
}

fn multiplied<T: Copy>(
    array: &ArrayD<T>,
    axes: &[usize],
    keeps: bool,
    times: fn(T, T) -> Option<T>,
    one: T,
) -> Option<Constant>
where
    Constant: From<ArrayD<T>>,
{
    let mut left = array.clone();
    for axis in (0..array.ndim()).rev().filter(|axis| axes.contains(axis)) {
        let product =
            |lane: ndarray::ArrayView1<T>| lane.iter().try_fold(one, |all, &next| times(all, next));
        let products = left.map_axis(Axis(axis), product);
        let shape = products.raw_dim();
        let products = products.into_iter().collect::<Option<Vec<T>>>()?;
        left = ArrayD::from_shape_vec(shape, products).ok()?;
        if keeps {
            left = left.insert_axis(Axis(axis));
        }
    }
    Some(left.into())
}

fn broadcast<A: Clone, B: Clone, T>(
    a: &ArrayD<A>,
    b: &ArrayD<B>,
    value: impl Fn(&A, &B) -> Option<T>,
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
