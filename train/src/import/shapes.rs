//! Operators that change the form of a value and none of its numbers.

use super::reader::Readers;
use super::{Call, ImportError, Reader, Value, select, shuffle};

/// The operators of this file.
pub const READERS: Readers = &[
    ("Flatten", |reader, call| reshaped(reader, call)),
    ("Gather", select::gathered),
    ("Reshape", |reader, call| reshaped(reader, call)),
    ("Slice", select::sliced),
    ("Squeeze", |reader, call| reshaped(reader, call)),
    ("Transpose", transposed),
    ("Unsqueeze", |reader, call| reshaped(reader, call)),
];

fn reshaped(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let expected = "sizes that put axes together or undo that";
    if let Some(Value::Divided(divided)) = reader.find(call, 0) {
        let sizes = divided.sizes(reader);
        let target = target(reader, call, &sizes, reader.batch())?;
        let joined = divided.joined(reader, call, &target)?;
        return joined.ok_or_else(|| call.refuse(expected, format!("{target:?} of {sizes:?}")));
    }
    let view = reader.any_view(call, 0)?;
    let shape = reader.shape(view.tensor);
    let sizes = view.sizes(shape);
    let target = target(reader, call, &sizes, reader.batch())?;
    if let Some(view) = view.reshaped(shape, &target) {
        Ok(Value::View(view))
    } else if let Some(divided) = shuffle::divided(reader, &view, &target) {
        Ok(Value::Divided(divided))
    } else {
        Err(call.refuse(expected, format!("{target:?} of {sizes:?}")))
    }
}

fn transposed(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    if let Some(Value::Divided(divided)) = reader.find(call, 0) {
        let permutation = permutation(call, 5);
        let turned = divided.transposed(&permutation).map(Value::Divided);
        let expected = "perm [0, 2, 1, 3, 4], which shuffles channels";
        return turned.ok_or_else(|| call.refuse(expected, format!("perm {permutation:?}")));
    }
    let view = reader.any_view(call, 0)?;
    let permutation = permutation(call, view.axes.len());
    if let Some(view) = view.transposed(&permutation) {
        Ok(Value::View(view))
    } else {
        let expected = format!("each of {} axes once", view.axes.len());
        Err(call.refuse(&expected, format!("perm {permutation:?}")))
    }
}

/// Which axis comes where in a Transpose of so many axes.
pub fn permutation(call: &mut Call, rank: usize) -> Vec<usize> {
    match call.integers("perm") {
        None => (0..rank).rev().collect(),
        Some(axes) => axes.iter().map(|&axis| axis as usize).collect(),
    }
}

/// The sizes that one of these operators, but Transpose, gives to a value of `sizes`, of which the file has so many.
pub fn target(
    reader: &Reader,
    call: &mut Call,
    sizes: &[usize],
    batch: usize,
) -> Result<Vec<usize>, ImportError> {
    match call.node.op_type.as_str() {
        "Flatten" => {
            let axis = call.integer("axis", 1);
            // Counted from the end, it is one of the axes; from the start it may be behind the last one.
            let rank = sizes.len() + usize::from(axis >= 0);
            let at = axis_of(call, axis, rank)?;
            let (outer, inner) = sizes.split_at(at);
            Ok(vec![outer.iter().product(), inner.iter().product()])
        }
        "Squeeze" => squeezed(reader, call, sizes),
        "Unsqueeze" => {
            let axes = axes(reader, call)?.unwrap_or_default();
            let rank = sizes.len() + axes.len();
            let mut places = vec![None; rank];
            for axis in axes {
                places[axis_of(call, axis, rank)?] = Some(1);
            }
            let mut left = sizes.iter().copied();
            let size = |place: Option<usize>| place.or_else(|| left.next()).unwrap_or(1);
            Ok(places.into_iter().map(size).collect())
        }
        _ => resized(reader, call, sizes, batch as i64),
    }
}

fn squeezed(reader: &Reader, call: &mut Call, sizes: &[usize]) -> Result<Vec<usize>, ImportError> {
    let axes = match axes(reader, call)? {
        Some(axes) => axes
            .into_iter()
            .map(|axis| axis_of(call, axis, sizes.len()))
            .collect::<Result<Vec<_>, _>>()?,
        None => (0..sizes.len()).filter(|&axis| sizes[axis] == 1).collect(),
    };
    if let Some(axis) = axes.iter().find(|&&axis| sizes[axis] != 1) {
        let found = format!("axis {axis} of {sizes:?}");
        return Err(call.refuse("axes of size 1", found));
    }
    let kept = sizes.iter().enumerate();
    let kept = kept.filter(|(axis, _)| !axes.contains(axis));
    Ok(kept.map(|(_, &size)| size).collect())
}

/// What a Reshape makes of `sizes`: 0 keeps a size, -1 is what is left, and the file's batch becomes 1.
fn resized(
    reader: &Reader,
    call: &mut Call,
    sizes: &[usize],
    batch: i64,
) -> Result<Vec<usize>, ImportError> {
    let keeps = call.integer("allowzero", 0) == 0;
    let mut target = integers(reader, call, 1, "shape")?.unwrap_or_default();
    let count: i64 = sizes.iter().product::<usize>() as i64;
    for (axis, size) in target.iter_mut().enumerate() {
        if *size == 0 && keeps {
            *size = sizes.get(axis).map_or(0, |&size| size as i64);
        }
    }
    let known = |target: &[i64]| {
        let known = target.iter().filter(|&&size| size >= 0);
        known.fold(1_i64, |product, &size| product.saturating_mul(size))
    };
    let is_whole = known(&target) == count.saturating_mul(batch) || target.contains(&-1);
    if target.first() == Some(&batch) && is_whole {
        target[0] = 1;
    }
    let product = known(&target);
    for size in &mut target {
        if *size == -1 {
            *size = count.checked_div(product).unwrap_or(0);
        }
    }
    if known(&target) != count || target.iter().any(|&size| size < 0) {
        let expected = format!("sizes of {count} elements");
        return Err(call.refuse(&expected, format!("{target:?}")));
    }
    Ok(target.into_iter().map(|size| size as usize).collect())
}

/// The axes of a `Slice`, each with the first place, the one before which it ends, and the step.
pub fn slices(reader: &Reader, call: &mut Call) -> Result<Vec<(i64, [i64; 3])>, ImportError> {
    let starts = integers(reader, call, 1, "starts")?.unwrap_or_default();
    let ends = integers(reader, call, 2, "ends")?.unwrap_or_default();
    let count = starts.len();
    let axes = integers(reader, call, 3, "axes")?.unwrap_or_else(|| (0..count as i64).collect());
    let steps = integers(reader, call, 4, "steps")?.unwrap_or_else(|| vec![1; count]);
    let counts = [ends.len(), axes.len(), steps.len()];
    if counts != [count; 3] {
        let expected = format!("{count} ends, axes and steps, as many as starts");
        return Err(call.refuse(&expected, format!("{counts:?}")));
    }
    let slice = |at: usize| (axes[at], [starts[at], ends[at], steps[at]]);
    Ok((0..count).map(slice).collect())
}

/// The axes that a node names, as an attribute or, newer ones, as input 1.
pub fn axes(reader: &Reader, call: &mut Call) -> Result<Option<Vec<i64>>, ImportError> {
    integers(reader, call, 1, "axes")
}

/// Integers of an attribute or of a constant input.
fn integers(
    reader: &Reader,
    call: &mut Call,
    input: usize,
    attribute: &str,
) -> Result<Option<Vec<i64>>, ImportError> {
    if let Some(integers) = call.integers(attribute) {
        return Ok(Some(integers.to_vec()));
    }
    if call.input(input).is_empty() {
        return Ok(None);
    }
    let constant = reader.constant(call, input)?;
    match constant.integers() {
        Some(integers) => Ok(Some(integers)),
        None => Err(call.refuse(&format!("integers as input {input}"), "floats")),
    }
}

/// An axis of a value of so many axes; those below 0 count from the end.
pub fn axis_of(call: &Call, axis: i64, rank: usize) -> Result<usize, ImportError> {
    let from_start = if axis < 0 {
        axis.saturating_add(rank as i64)
    } else {
        axis
    };
    match usize::try_from(from_start) {
        Ok(axis) if axis < rank => Ok(axis),
        _ => Err(call.refuse(&format!("axes below {rank}"), format!("axis {axis}"))),
    }
}
