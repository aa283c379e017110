//! The types of constants, of which a [`Constant`] itself knows only whether they are floats.

use ndarray::ArrayD;

use crate::import::{Call, Constant, Reader};

/// `DataType`s of the format that hold integers, with their bits and whether they have a sign.
const INTEGERS: [(i32, u32, bool); 8] = [
    (2, 8, false),
    (3, 8, true),
    (4, 16, false),
    (5, 16, true),
    (6, 32, true),
    (7, 64, true),
    (12, 32, false),
    (13, 64, false),
];
const BOOL: i32 = 9;
const FLOATS: [i32; 4] = [1, 10, 11, 16];
const U8: i32 = 2;
const I64: i32 = 7;

/// `DataType` of what a node computes of constants; `None` where its input's is not known.
pub fn computed(reader: &Reader, call: &Call) -> Option<i32> {
    let attribute = |name: &str| {
        let mut attributes = call.node.attribute.iter();
        attributes.find(|attribute| attribute.name == name)
    };
    let of_input = |index| reader.element_type(call.input(index));
    match call.node.op_type.as_str() {
        "Cast" => i32::try_from(attribute("to")?.i?).ok(),
        "CastLike" | "DequantizeLinear" | "Where" => of_input(1),
        "Constant" if attribute("value").is_some() => {
            Some(attribute("value")?.t.as_ref()?.data_type)
        }
        "Constant" if attribute("value_int").or(attribute("value_ints")).is_some() => Some(I64),
        "Constant" => Some(FLOATS[0]),
        "ConstantOfShape" => match attribute("value").and_then(|value| value.t.as_ref()) {
            Some(value) => Some(value.data_type),
            None => Some(FLOATS[0]),
        },
        "QuantizeLinear" => {
            let named = attribute("output_dtype").and_then(|named| named.i);
            let named = named.and_then(|named| i32::try_from(named).ok());
            of_input(2)
                .or(named.filter(|&named| named != 0))
                .or(Some(U8))
        }
        "Equal" => Some(BOOL),
        "Shape" => Some(I64),
        _ => of_input(0),
    }
}

/// A constant as another type; integers keep the bits that this has room for. `None` for types that are none of numbers.
pub fn cast(constant: &Constant, to: i32) -> Option<Constant> {
    let is_of_floats = FLOATS.contains(&to);
    Some(match constant {
        Constant::Floats(_) if is_of_floats => constant.clone(),
        Constant::Integers(array) if is_of_floats => array.mapv(|value| value as f32).into(),
        Constant::Floats(array) if to == BOOL => array.mapv(|value| i64::from(value != 0.0)).into(),
        Constant::Integers(array) if to == BOOL => array.mapv(|value| i64::from(value != 0)).into(),
        Constant::Floats(array) => wrapped(&array.mapv(|value| value as i64), to)?.into(),
        Constant::Integers(array) => wrapped(array, to)?.into(),
    })
}

fn wrapped(array: &ArrayD<i64>, to: i32) -> Option<ArrayD<i64>> {
    let &(_, bits, is_signed) = INTEGERS.iter().find(|(one, ..)| *one == to)?;
    let above = i64::BITS - bits;
    Some(array.mapv(|value| {
        if is_signed {
            value << above >> above
        } else {
            ((value as u64) << above >> above) as i64
        }
    }))
}

/// The least and the greatest integer of a type of 8 or 16 bits.
pub fn ends(data_type: i32) -> Option<[i64; 2]> {
    let (_, bits, is_signed) = INTEGERS.into_iter().find(|(one, ..)| *one == data_type)?;
    match (bits, is_signed) {
        (8 | 16, true) => Some([-(1 << (bits - 1)), (1 << (bits - 1)) - 1]),
        (8 | 16, false) => Some([0, (1 << bits) - 1]),
        _ => None,
    }
}
