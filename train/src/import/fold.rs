//! What is known before the model runs: shapes, and whatever is computed of constants.
//!
//! Exporters write the sizes of a Reshape or a Pad as a chain of Shape, Gather, Slice, Concat and Cast.

mod arrays;
mod operators;
mod types;

use super::{Call, Constant, ImportError, Reader, Value, plain};

use arrays::sizes_of;
pub use arrays::{place, places};
use operators::Known;
pub use types::computed as computed_type;

/// Whether the values of an operator are known where its inputs are, or in any case.
pub fn is_known(operator: &str) -> bool {
    matches!(operator, "Constant" | "Shape") || operators::find(operator).is_some()
}

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
        Some(&Some(first)) => {
            let inputs = &inputs;
            computed(reader, call, &Known { first, inputs })
        }
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

/// What a node computes of constants; `None` where it is left to a layer, which will refuse it.
fn computed(
    reader: &Reader,
    call: &mut Call,
    known: &Known,
) -> Result<Option<Constant>, ImportError> {
    let elements = elements(call, known);
    reader
        .budget()
        .take(elements, size_of::<i64>(), &call.describe())?;
    let Some(compute) = operators::find(&call.node.op_type) else {
        return Ok(None);
    };
    if let Some(value) = compute(reader, call, known)? {
        return Ok(Some(value));
    }
    let inputs = known.inputs.iter().flatten();
    let found: Vec<&[usize]> = inputs.map(|one| one.shape()).collect();
    let expected = "constants that fit each other";
    Err(call.refuse(expected, format!("sizes {found:?}")))
}

/// How many elements a node reads and makes of constants, or more.
fn elements(call: &Call, known: &Known) -> usize {
    let first = known.first;
    let others = known.inputs.iter().skip(1).flatten();
    let others = others.map(|one| one.count());
    let others = others.fold(0, usize::saturating_add);
    let product = |sizes: Option<Vec<usize>>| sizes.map_or(0, |sizes| sizes.iter().product());
    let made = match call.node.op_type.as_str() {
        "ConstantOfShape" => product(sizes_of(first)),
        "Expand" => product(known.input(1).and_then(sizes_of)),
        "Gather" => {
            let smallest = first.shape().iter().min().copied().unwrap_or(1).max(1);
            others.saturating_mul(first.count() / smallest)
        }
        _ => first.count(),
    };
    others.saturating_add(made)
}
