//! Operators that are left out, because they leave numbers as they are or come after the last layer.

use super::reader::Readers;
use super::view::Axis;
use super::{Call, Constant, ImportError, Reader, Value, View};

/// The operators of this file.
pub const READERS: Readers = &[
    ("ArgMax", arg_max),
    ("Cast", cast),
    ("Dropout", dropout),
    ("Identity", |reader, call| {
        reader.any_view(call, 0).map(Value::View)
    }),
    ("LogSoftmax", softmax),
    ("Pad", pad),
    ("Softmax", softmax),
];

/// Operators at the end that are left out: what comes before says as much.
pub const ENDS: [&str; 3] = ["ArgMax", "LogSoftmax", "Softmax"];

/// The opset since which Softmax is of one axis.
const FIRST_OF_ONE_AXIS: i64 = 13;

/// To floats of any size; the number of a class to anything.
fn cast(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.any_view(call, 0)?;
    let _ = call.integer("saturate", 1);
    match call.integer("to", 0) {
        1 | 10 | 11 | 16 => Ok(Value::View(view)),
        _ if view.is_after_end => Ok(Value::View(view)),
        to => Err(call.refuse(
            "floats to cast to",
            super::interface::element_name(i32::try_from(to).unwrap_or_default()),
        )),
    }
}

fn dropout(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.any_view(call, 0)?;
    let (_, _) = (call.float("ratio", 0.5), call.integer("seed", 0));
    let is_training = match call.input(2) {
        "" => false,
        _ => reader
            .constant(call, 2)?
            .integers()
            .is_none_or(|mode| mode != [0]),
    };
    if is_training {
        let expected = "training_mode false; export the model after model.eval()";
        return Err(call.refuse(expected, "training_mode true"));
    }
    Ok(Value::View(view))
}

/// The number of the greatest class, at the very end.
fn arg_max(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let axis = call.integer("axis", 0);
    let _ = call.integer("keepdims", 1);
    call.limit("select_last_index", &["0"])?;
    over_classes(reader, call, axis)
}

/// Before opset 13 the axis and all after it are one.
fn softmax(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    if reader.opset() >= FIRST_OF_ONE_AXIS {
        let axis = call.integer("axis", -1);
        return over_classes(reader, call, axis);
    }
    let axis = call.integer("axis", 1);
    let view = reader.any_view(call, 0)?;
    let at = super::shapes::axis_of(call, axis, view.axes.len())?;
    let named = view.axes[at..].iter().position(|axes| !axes.is_empty());
    over_classes(reader, call, (at + named.unwrap_or(0)) as i64)
}

/// Over channels, at the very end.
fn over_classes(reader: &Reader, call: &Call, axis: i64) -> Result<Value, ImportError> {
    let mut view = reader.any_view(call, 0)?;
    let rank = view.axes.len();
    let at = super::shapes::axis_of(call, axis, rank)?;
    let is_channels = |(index, axes): (usize, &Vec<Axis>)| {
        if index == at {
            axes[..] == [Axis::Channel]
        } else {
            axes.is_empty()
        }
    };
    if !view.axes.iter().enumerate().all(is_channels) {
        let sizes = view.sizes(reader.shape(view.tensor));
        let expected = "an input of two axes, and the axis of the classes";
        return Err(call.refuse(expected, format!("axis {axis} of {sizes:?}")));
    }
    view.is_after_end = true;
    Ok(Value::View(view))
}

/// Zeros around rows and columns, for the next layer to add; of integers what stands for zero.
fn pad(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let mut view = reader.any_view(call, 0)?;
    let mode = call.text("mode");
    if !matches!(&mode[..], "" | "constant") {
        return Err(call.refuse("mode constant", format!("mode {mode}")));
    }
    let value = padded_with(reader, call, &view)?;
    let sizes = match call.integers("pads") {
        Some(sizes) => sizes.to_vec(),
        None => reader.constant(call, 1)?.integers().unwrap_or_default(),
    };
    let rank = view.axes.len();
    let axes = match call.input(3) {
        "" => (0..rank as i64).collect(),
        _ => reader.constant(call, 3)?.integers().unwrap_or_default(),
    };
    let largest = i64::from(u16::MAX);
    let is_large = |size: &&i64| size.unsigned_abs() > largest.unsigned_abs();
    if let Some(size) = sizes.iter().find(is_large) {
        let expected = format!("pads of at most {largest}");
        return Err(call.refuse(&expected, size.to_string()));
    }
    if sizes.len() != 2 * axes.len() || (value != 0.0 && sizes.iter().any(|&size| size != 0)) {
        let found = format!("{value} and pads {sizes:?} of {} axes", axes.len());
        return Err(call.refuse("zeros, before and after each axis", found));
    }
    for (index, &named) in axes.iter().enumerate() {
        let (before, after) = (sizes[index], sizes[index + axes.len()]);
        if (before, after) == (0, 0) {
            continue;
        }
        let place = super::shapes::axis_of(call, named, rank)?;
        let side = match view.axes[place][..] {
            [Axis::Row] if before >= 0 && after >= 0 => 0,
            [Axis::Column] if before >= 0 && after >= 0 => 1,
            _ => {
                let found = format!("{before} and {after} at axis {named}");
                return Err(call.refuse("padding of rows and columns, not cropping", found));
            }
        };
        view.pads[side] += before as usize;
        view.pads[side + 2] += after as usize;
    }
    Ok(Value::View(view))
}

/// The number that a `Pad` node writes; NaN for what is none.
fn padded_with(reader: &mut Reader, call: &mut Call, view: &View) -> Result<f32, ImportError> {
    Ok(match (call.input(2), view.integers) {
        ("", None) => call.float("value", 0.0),
        ("", Some(of)) => of.number(0),
        (_, None) => reader.constant(call, 2)?.scalar().unwrap_or(f32::NAN),
        (_, Some(of)) => match reader.constant(call, 2)?.integers().as_deref() {
            Some(&[integer]) => of.number(integer),
            _ => f32::NAN,
        },
    })
}

/// The constant in a `Constant` node.
pub fn constant(call: &mut Call) -> Result<Constant, ImportError> {
    use ndarray::{arr0, arr1};
    let refusal = "a tensor of numbers, or numbers";
    if let Some(tensor) = call.tensor("value") {
        let found = super::interface::describe(tensor);
        return Constant::decode(tensor).ok_or_else(|| call.refuse(refusal, found));
    }
    if let Some(integers) = call.integers("value_ints") {
        return Ok(arr1(integers).into_dyn().into());
    }
    if let Some(floats) = call.floats("value_floats") {
        return Ok(arr1(floats).into_dyn().into());
    }
    let names: Vec<&str> = call.node.attribute.iter().map(|one| &*one.name).collect();
    match names[..] {
        ["value_int"] => Ok(arr0(call.integer("value_int", 0)).into_dyn().into()),
        ["value_float"] => Ok(arr0(call.float("value_float", 0.0)).into_dyn().into()),
        _ => Err(call.refuse(refusal, format!("{names:?}"))),
    }
}
