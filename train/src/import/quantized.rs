//! `QuantizeLinear` and `DequantizeLinear`: a model that is quantised already says what integers stand for its tensors.
//!
//! A pair of them changes a number only by rounding and by its limits. The limits become a layer, which the range of the
//! layer before takes in; what the integers mean is kept with the tensor. Pairs around constants are computed by `fold`.

use super::reader::Readers;
use super::view::Meaning;
use super::{Call, ImportError, Reader, Value};
use crate::layers::{Activation, Function, Layer};
use crate::network::Integers;
use crate::ops::Quantization;

/// The operators of this file.
pub const READERS: Readers = &[
    ("DequantizeLinear", dequantize),
    ("QuantizeLinear", quantize),
];

/// `DataType` of the format: U8 and I8.
const TYPES: [(i32, Integers); 2] = [(2, Integers::Unsigned), (3, Integers::Signed)];

fn quantize(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let mut view = reader.any_view(call, 0)?;
    let meaning = meaning(reader, call, Integers::Unsigned)?;
    let given = meaning.given;
    // The zeros of a Pad before this become what stands for 0.
    if view.integers.is_some() {
        return Err(call.refuse("floats", "integers of a QuantizeLinear before it"));
    }
    let is_known = match reader.node(view.tensor) {
        None => reader.give_input(given),
        Some(node) => node.given == Some(given),
    };
    if !view.is_after_end && !is_known {
        let step = |integer: i8| f32::from(integer) - f32::from(given.zero_point);
        let function = Function::Clip {
            low: given.scale * step(i8::MIN),
            high: given.scale * step(i8::MAX),
        };
        let layer = Layer::Activation(Activation { function });
        reader.push(call, layer, vec![view.tensor], &view.axes)?;
        view.tensor = reader.give_last(given);
    }
    view.integers = Some(meaning);
    Ok(Value::View(view))
}

fn dequantize(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let mut view = reader.any_view(call, 0)?;
    let of_input = reader.input_integers().filter(|_| view.tensor == 0);
    let default = view.integers.map(|made_with| made_with.integers);
    let default = default.or(of_input).unwrap_or(Integers::Unsigned);
    let meaning = meaning(reader, call, default)?;
    let given = meaning.given;
    let fits = match (view.integers, of_input) {
        (Some(made_with), _) => made_with == meaning,
        // A Pad before this has put zeros around the integers.
        (None, Some(integers)) if view.pads == [0; 4] || meaning.number(0) == 0.0 => {
            reader.give_input_integers(given, integers)
        }
        (None, _) => false,
    };
    if !fits {
        let expected = "integers that QuantizeLinear made with the same scale and zero point";
        let found = format!("scale {} and other integers or none", given.scale);
        return Err(call.refuse(expected, found));
    }
    view.integers = None;
    Ok(Value::View(view))
}

/// What the integers of a whole tensor mean; they are of type `default` where no zero point says it.
fn meaning(reader: &Reader, call: &mut Call, default: Integers) -> Result<Meaning, ImportError> {
    // Of one scale the axis says nothing; `saturate` is of 8-bit floats.
    let (_, _) = (call.integer("axis", 1), call.integer("saturate", 1));
    call.limit("block_size", &["0"])?;
    call.limit("precision", &["0", "1"])?;
    let named = call.integer("output_dtype", 0);
    let scale = reader.constant(call, 1)?.scalar();
    let Some(scale) = scale.filter(|scale| scale.is_normal() && *scale > 0.0) else {
        let expected = "one positive scale for the whole tensor; quantise activations per tensor";
        return Err(call.refuse(expected, "several, or none"));
    };
    let (data_type, zero) = match call.input(2) {
        "" => (None, Some(vec![0])),
        name => {
            let zero = reader.constant(call, 2)?.integers();
            (reader.element_type(name), zero)
        }
    };
    let data_type = data_type.or_else(|| i32::try_from(named).ok().filter(|&named| named != 0));
    let integers = match data_type {
        None => Some(default),
        Some(found) => TYPES.iter().find(|(one, _)| *one == found).map(|of| of.1),
    };
    let zero = match (integers, zero.as_deref()) {
        (Some(Integers::Signed), Some(&[zero])) => i8::try_from(zero).ok(),
        (Some(Integers::Unsigned), Some(&[zero])) => i8::try_from(zero.saturating_sub(128)).ok(),
        _ => None,
    };
    let given = zero.map(|zero_point| Quantization { scale, zero_point });
    let meaning = integers.zip(given);
    let meaning = meaning.map(|(integers, given)| Meaning { integers, given });
    meaning.ok_or_else(|| {
        let found = super::interface::element_name(data_type.unwrap_or_default());
        call.refuse("one zero point I8 or U8", found)
    })
}
