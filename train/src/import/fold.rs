//! What is known before the model runs: shapes, and whatever is computed of constants.
//!
//! Exporters write the sizes of a Reshape or a Pad as a chain of Shape, Gather, Slice, Concat and Cast.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice, Zip};

use super::{Call, Constant, ImportError, Reader, Value, plain, shapes};

/// The operators of this file that no layer reads; of others their values are known where their inputs are.
pub const OPERATORS: &[&str] = &[
    "CastLike",
    "Constant",
    "ConstantOfShape",
    "DequantizeLinear",
    "Expand",
    "Gather",
    "Shape",
    "Slice",
];

/// Elements of a constant that is computed here, at most.
const LARGEST: usize = 1 << 26;

/// The value of a node, if it is known.
pub fn fold(reader: &Reader, call: &mut Call) -> Result<Option<Constant>, ImportError> {
    match (call.node.op_type.as_str(), reader.find(call, 0)) {
        ("Constant", _) => return plain::constant(call).map(Some),
        ("Shape", Some(value)) => return shape(reader, call, &value).map(Some),
        _ => {}
    }
    let mut inputs = Vec::new();
    for index in 0..call.node.input.len() {
        match reader.find(call, index) {
            Some(Value::Constant(constant)) => inputs.push(constant),
            None if call.input(index).is_empty() => {}
            _ => return Ok(None),
        }
    }
    let inputs: Vec<&Constant> = inputs.iter().map(AsRef::as_ref).collect();
    match inputs.first() {
        Some(first) => computed(reader, call, first, &inputs),
        None => Ok(None),
    }
}

fn shape(reader: &Reader, call: &mut Call, value: &Value) -> Result<Constant, ImportError> {
    let sizes = match value {
        Value::Constant(constant) => constant.shape().to_vec(),
        Value::View(view) => view.sizes(reader.shape(view.tensor)),
    };
    let rank = sizes.len() as i64;
    let place = |axis: i64| if axis < 0 { axis + rank } else { axis }.clamp(0, rank);
    let start = place(call.integer("start", 0));
    let end = place(call.integer("end", rank));
    let sizes: Vec<i64> = sizes.into_iter().map(|size| size as i64).collect();
    match sizes.get(start as usize..end as usize) {
        Some(sizes) => Ok(ndarray::arr1(sizes).into_dyn().into()),
        None => Err(call.refuse("start before end", format!("{start} and {end}"))),
    }
}

/// The value for a kind of constant, whichever it is.
macro_rules! each {
    ($constant:expr, $array:ident => $value:expr) => {
        match $constant {
            Constant::Floats($array) => $value.map(Constant::from),
            Constant::Integers($array) => $value.map(Constant::from),
        }
    };
}

/// What a node computes of constants; `None` where it is left to a layer, which will refuse it.
fn computed(
    reader: &Reader,
    call: &mut Call,
    first: &Constant,
    inputs: &[&Constant],
) -> Result<Option<Constant>, ImportError> {
    let value = match call.node.op_type.as_str() {
        "Identity" | "Dropout" | "CastLike" => Some(first.clone()),
        "Cast" => Some(cast(first, call.integer("to", 0))),
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => {
            let sizes = shapes::target(reader, call, first.shape())?;
            each!(first, array => array.to_shape(IxDyn(&sizes)).ok().map(ndarray::ArrayBase::into_owned))
        }
        "Transpose" => {
            let axes = shapes::permutation(call, first.shape().len());
            each!(first, array => transposed(array, &axes))
        }
        "Concat" => {
            let rank = first.shape().len();
            let axis = call.integer("axis", 0);
            joined(inputs, shapes::axis_of(call, axis, rank)?)
        }
        "Gather" => {
            let rank = first.shape().len();
            let axis = call.integer("axis", 0);
            let axis = shapes::axis_of(call, axis, rank)?;
            let Some(Constant::Integers(indices)) = inputs.get(1) else {
                return Err(call.refuse("integers as input 1", "none"));
            };
            each!(first, array => gathered(array, indices, axis))
        }
        "Slice" => {
            let integers = inputs[1..].iter().map(|one| one.integers());
            let parts = integers.collect::<Option<Vec<_>>>().unwrap_or_default();
            each!(first, array => sliced(array, &parts))
        }
        "ConstantOfShape" => {
            let value = call.tensor("value").and_then(Constant::decode);
            filled(first, value)
        }
        "Expand" => {
            let sizes = inputs.get(1).and_then(|sizes| sizes_of(sizes));
            let sizes = sizes.unwrap_or_default();
            each!(first, array => array.broadcast(IxDyn(&sizes)).map(|view| view.to_owned()))
        }
        "Add" | "Sub" | "Mul" | "Div" => combined(&call.node.op_type, inputs),
        "DequantizeLinear" => {
            let axis = call.integer("axis", 1);
            let rank = first.shape().len().max(1);
            dequantized(
                inputs,
                shapes::axis_of(call, axis.min(rank as i64 - 1), rank)?,
            )
        }
        _ => return Ok(None),
    };
    if let Some(value) = value {
        Ok(Some(value))
    } else {
        let found: Vec<&[usize]> = inputs.iter().map(|one| one.shape()).collect();
        let expected = "constants that fit each other";
        Err(call.refuse(expected, format!("sizes {found:?}")))
    }
}

fn cast(constant: &Constant, to: i64) -> Constant {
    match (constant, to) {
        (Constant::Integers(array), 1 | 10 | 11 | 16) => array.mapv(|value| value as f32).into(),
        (Constant::Floats(array), 2..=9 | 12 | 13) => array.mapv(|value| value as i64).into(),
        (other, _) => other.clone(),
    }
}

fn transposed<T: Clone>(array: &ArrayD<T>, axes: &[usize]) -> Option<ArrayD<T>> {
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

fn joined(inputs: &[&Constant], axis: usize) -> Option<Constant> {
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

fn gathered<T: Clone>(array: &ArrayD<T>, indices: &ArrayD<i64>, axis: usize) -> Option<ArrayD<T>> {
    let size = array.shape()[axis] as i64;
    let place = |&index: &i64| {
        let index = if index < 0 { index + size } else { index };
        (0..size).contains(&index).then_some(index as usize)
    };
    let places = indices.iter().map(place).collect::<Option<Vec<_>>>()?;
    let picked = array.select(Axis(axis), &places);
    let (before, after) = array.shape().split_at(axis);
    let shape = [before, indices.shape(), &after[1..]].concat();
    picked.into_shape_with_order(IxDyn(&shape)).ok()
}

/// Starts, ends, and, where they are given, axes and steps.
fn sliced<T: Clone>(array: &ArrayD<T>, parts: &[Vec<i64>]) -> Option<ArrayD<T>> {
    let [starts, ends, rest @ ..] = parts else {
        return None;
    };
    let mut view = array.view();
    for (index, (&start, &end)) in starts.iter().zip(ends).enumerate() {
        let given = |part: usize| rest.get(part).and_then(|part| part.get(index)).copied();
        let axis = given(0).unwrap_or(index as i64);
        let axis = if axis < 0 {
            axis + array.ndim() as i64
        } else {
            axis
        } as usize;
        let step = given(1).unwrap_or(1);
        let size = *array.shape().get(axis)? as i64;
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

fn sizes_of(constant: &Constant) -> Option<Vec<usize>> {
    let sizes = constant.integers()?.into_iter();
    let sizes = sizes.map(|size| usize::try_from(size).ok());
    let sizes = sizes.collect::<Option<Vec<usize>>>()?;
    let count = sizes
        .iter()
        .try_fold(1_usize, |count, &size| count.checked_mul(size))?;
    (count <= LARGEST).then_some(sizes)
}

fn filled(shape: &Constant, value: Option<Constant>) -> Option<Constant> {
    let shape = IxDyn(&sizes_of(shape)?);
    Some(match value {
        None => ArrayD::from_elem(shape, 0.0_f32).into(),
        Some(Constant::Floats(value)) => ArrayD::from_elem(shape, *value.first()?).into(),
        Some(Constant::Integers(value)) => ArrayD::from_elem(shape, *value.first()?).into(),
    })
}

fn combined(operator: &str, inputs: &[&Constant]) -> Option<Constant> {
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

/// Weights that a converter stored in 8 bits: `(q - zero_point) * scale`, both alike for all or along one axis.
fn dequantized(inputs: &[&Constant], axis: usize) -> Option<Constant> {
    let (Constant::Integers(values), scale) = (inputs[0], inputs.get(1)?.floats()?) else {
        return None;
    };
    let zeros = match inputs.get(2) {
        None => ArrayD::zeros(scale.raw_dim()),
        Some(zeros) => ArrayD::from_shape_vec(scale.raw_dim(), zeros.integers()?).ok()?,
    };
    let count = scale.len();
    if count != 1 && values.shape().get(axis) != Some(&count) {
        return None;
    }
    let (scale, zeros) = (
        scale.iter().collect::<Vec<_>>(),
        zeros.iter().collect::<Vec<_>>(),
    );
    let real = |index: IxDyn| {
        let at = if count == 1 { 0 } else { index[axis] };
        (values[&index] - zeros[at]) as f32 * scale[at]
    };
    Some(ArrayD::from_shape_fn(values.raw_dim(), real).into())
}
