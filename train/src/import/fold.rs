//! What is known before the model runs: shapes, and whatever is computed of constants.
//!
//! Exporters write the sizes of a Reshape or a Pad as a chain of Shape, Gather, Slice, Concat and Cast.

mod arrays;

use ndarray::IxDyn;

use super::{Call, Constant, ImportError, Reader, Value, plain, shapes};

use arrays::{combined, dequantized, filled, gathered, joined, sizes_of, sliced, transposed};

/// The operators of this file that no layer reads; of others their values are known where their inputs are.
pub const OPERATORS: &[&str] = &[
    "CastLike",
    "Constant",
    "ConstantOfShape",
    "Expand",
    "Shape",
    "Slice",
];

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
        Value::Divided(divided) => divided.sizes(reader),
    };
    let rank = sizes.len() as i64;
    let place = |axis: i64| {
        if axis < 0 {
            axis.saturating_add(rank)
        } else {
            axis
        }
        .clamp(0, rank)
    };
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
    let elements = elements(call, inputs);
    reader
        .budget()
        .take(elements, size_of::<i64>(), &call.describe())?;
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
        "Neg" => each!(first, array => Some(array.mapv(|value| -value))),
        "Sqrt" => first.floats().map(|floats| floats.mapv(f32::sqrt).into()),
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

/// How many elements a node makes of constants, or more.
fn elements(call: &Call, inputs: &[&Constant]) -> usize {
    let lengths = inputs.iter().map(|one| one.count());
    match call.node.op_type.as_str() {
        "ConstantOfShape" => sizes_of(inputs[0]).map_or(0, |sizes| sizes.iter().product()),
        "Concat" => lengths.fold(0, usize::saturating_add),
        "Expand" => {
            let sizes = inputs.get(1).and_then(|sizes| sizes_of(sizes));
            sizes.map_or(0, |sizes| sizes.iter().product())
        }
        "Gather" => {
            let smallest = inputs[0].shape().iter().min().copied().unwrap_or(1).max(1);
            let each = inputs[0].count() / smallest;
            inputs
                .get(1)
                .map_or(0, |indices| indices.count().saturating_mul(each))
        }
        _ => lengths.max().unwrap_or(0),
    }
}

fn cast(constant: &Constant, to: i64) -> Constant {
    match (constant, to) {
        (Constant::Integers(array), 1 | 10 | 11 | 16) => array.mapv(|value| value as f32).into(),
        (Constant::Floats(array), 2..=9 | 12 | 13) => array.mapv(|value| value as i64).into(),
        (other, _) => other.clone(),
    }
}
