//! What is known before the model runs: shapes, and whatever is computed of constants.
//!
//! Exporters write the sizes of a Reshape or a Pad as a chain of Shape, Gather, Slice, Concat and Cast.

mod arrays;
mod types;

use ndarray::IxDyn;

use super::{Call, Constant, ImportError, Reader, Value, plain, shapes};

use arrays::{
    combined, dequantized, filled, gathered, joined, quantized, sizes_of, sliced, transposed,
};
pub use types::computed as computed_type;

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
            Some(Value::Constant(constant)) => inputs.push(Some(constant)),
            None if call.input(index).is_empty() => inputs.push(None),
            _ => return Ok(None),
        }
    }
    let inputs: Vec<Option<&Constant>> = inputs.iter().map(Option::as_deref).collect();
    match inputs.first() {
        Some(&Some(first)) => computed(reader, call, first, &inputs),
        _ => Ok(None),
    }
}

fn shape(reader: &Reader, call: &mut Call, value: &Value) -> Result<Constant, ImportError> {
    let sizes = match value {
        Value::Constant(constant) => constant.shape().to_vec(),
        Value::View(view) => view.sizes(reader.shape(view.tensor)),
        Value::Divided(divided) => divided.sizes(reader),
    };
    reader
        .budget()
        .take(sizes.len(), size_of::<i64>(), &call.describe())?;
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
    inputs: &[Option<&Constant>],
) -> Result<Option<Constant>, ImportError> {
    let all = || inputs.iter().copied().collect::<Option<Vec<&Constant>>>();
    let input = |index: usize| inputs.get(index).copied().flatten();
    let elements = elements(call, first, inputs);
    reader
        .budget()
        .take(elements, size_of::<i64>(), &call.describe())?;
    let value = match call.node.op_type.as_str() {
        "Identity" | "Dropout" => Some(first.clone()),
        "Cast" | "CastLike" => {
            let (_, _) = (call.integer("to", 0), call.integer("saturate", 1));
            types::computed(reader, call).and_then(|to| types::cast(first, to))
        }
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => {
            let sizes = shapes::target(reader, call, first.shape(), 1)?;
            each!(first, array => array.to_shape(IxDyn(&sizes)).ok().map(ndarray::ArrayBase::into_owned))
        }
        "Transpose" => {
            let axes = shapes::permutation(call, first.shape().len());
            each!(first, array => transposed(array, &axes))
        }
        "Concat" => {
            let rank = first.shape().len();
            let axis = call.integer("axis", 0);
            let axis = shapes::axis_of(call, axis, rank)?;
            all().and_then(|inputs| joined(&inputs, axis))
        }
        "Gather" => {
            let rank = first.shape().len();
            let axis = call.integer("axis", 0);
            let axis = shapes::axis_of(call, axis, rank)?;
            let Some(Constant::Integers(indices)) = input(1) else {
                return Err(call.refuse("integers as input 1", "none"));
            };
            each!(first, array => gathered(array, indices, axis))
        }
        "Slice" => {
            let attributes = ["starts", "ends", "axes", "steps"].map(|name| call.integers(name));
            let mut parts = attributes.map(|found| found.map(<[i64]>::to_vec));
            for (index, part) in parts.iter_mut().enumerate() {
                *part = part
                    .take()
                    .or(input(index + 1).and_then(Constant::integers));
            }
            each!(first, array => sliced(array, &parts))
        }
        "ConstantOfShape" => {
            let value = call.tensor("value").and_then(Constant::decode);
            filled(first, value)
        }
        "Expand" => {
            let sizes = input(1).and_then(sizes_of).unwrap_or_default();
            each!(first, array => array.broadcast(IxDyn(&sizes)).map(|view| view.to_owned()))
        }
        "Neg" => Some(match first {
            Constant::Floats(array) => array.mapv(|value| -value).into(),
            Constant::Integers(array) => array.mapv(i64::wrapping_neg).into(),
        }),
        "Sqrt" => first.floats().map(|floats| floats.mapv(f32::sqrt).into()),
        "Add" | "Sub" | "Mul" | "Div" => {
            let combined = |inputs: Vec<&Constant>| combined(&call.node.op_type, &inputs);
            all().and_then(combined)
        }
        "DequantizeLinear" => {
            let axis = axis_of_scales(call, first)?;
            dequantized((first, input(1), input(2)), axis)
        }
        "QuantizeLinear" => {
            let axis = axis_of_scales(call, first)?;
            let (_, _) = (call.integer("saturate", 1), call.integer("precision", 0));
            let _ = call.integer("output_dtype", 0);
            let ends = types::computed(reader, call).and_then(types::ends);
            ends.and_then(|ends| quantized((first, input(1), input(2)), axis, ends))
        }
        _ => return Ok(None),
    };
    if let Some(value) = value {
        Ok(Some(value))
    } else {
        let found: Vec<&[usize]> = inputs.iter().flatten().map(|one| one.shape()).collect();
        let expected = "constants that fit each other";
        Err(call.refuse(expected, format!("sizes {found:?}")))
    }
}

/// The axis of whose places each has a scale; of one scale it says nothing, and may be beyond.
fn axis_of_scales(call: &mut Call, first: &Constant) -> Result<usize, ImportError> {
    let axis = call.integer("axis", 1);
    call.limit("block_size", &["0"])?;
    let rank = first.shape().len().max(1);
    shapes::axis_of(call, axis.min(rank as i64 - 1), rank)
}

/// How many elements a node reads and makes of constants, or more.
fn elements(call: &Call, first: &Constant, inputs: &[Option<&Constant>]) -> usize {
    let others = inputs.iter().skip(1).flatten().map(|one| one.count());
    let others = others.fold(0, usize::saturating_add);
    let product = |sizes: Option<Vec<usize>>| sizes.map_or(0, |sizes| sizes.iter().product());
    let made = match call.node.op_type.as_str() {
        "ConstantOfShape" => product(sizes_of(first)),
        "Expand" => product(inputs.get(1).copied().flatten().and_then(sizes_of)),
        "Gather" => {
            let smallest = first.shape().iter().min().copied().unwrap_or(1).max(1);
            others.saturating_mul(first.count() / smallest)
        }
        _ => first.count(),
    };
    others.saturating_add(made)
}
