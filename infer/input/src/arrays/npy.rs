//! One array in the format of <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::io::{self, Read};

use super::{Array, ArraysError, Elements};
use crate::file::{ReadError, one_line};

pub const MAGIC: &[u8] = b"\x93NUMPY";

/// Most bytes of a header: those of arrays of numbers are far shorter.
const MAX_HEADER: u32 = 1 << 16;

/// Most axes of an array, as in `NumPy`.
const MAX_AXES: usize = 64;

/// Reads an array, or says what it holds if that is no numbers. What it takes is taken from `room`, in bytes.
pub fn read(file: &mut impl Read, room: &mut u64) -> Result<Result<Array, String>, ArraysError> {
    let header = header(file, room)?;
    let damaged = || ArraysError::damaged("a header without type, order and shape");
    let order = field(&header, "fortran_order").ok_or_else(damaged)?;
    let shape = shape(&header).ok_or_else(damaged)?;
    if shape.len() > MAX_AXES {
        let problem = format!("{} axes, more than {MAX_AXES}", shape.len());
        return Err(ArraysError::damaged(problem));
    }
    let Some(element) = element(&header) else {
        return Ok(Err(other(&header)));
    };
    let sizes = shape.iter().map(|&size| size as u64);
    // An array of nothing has sizes that can be multiplied, too.
    let extent = sizes.clone().map(|size| size.max(1));
    take(room, extent.fold(element.bytes, u64::saturating_mul))?;
    let len = sizes.fold(element.bytes, u64::saturating_mul);
    let mut bytes = Vec::new();
    file.take(len).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 != len {
        return Err(ArraysError::damaged(format!(
            "{len} bytes announced, {} there",
            bytes.len()
        )));
    }
    if order.starts_with("True") {
        bytes = rows_last(&bytes, &shape, element.bytes as usize);
    }
    if element.is_big_endian {
        let numbers = bytes.chunks_exact_mut(element.bytes as usize);
        numbers.for_each(<[u8]>::reverse);
    }
    Ok(Ok(Array {
        shape,
        elements: (element.decode)(&bytes),
    }))
}

/// Takes so many bytes from `room`.
fn take(room: &mut u64, len: u64) -> Result<(), ArraysError> {
    *room = room.checked_sub(len).ok_or(ArraysError::TooLarge)?;
    Ok(())
}

/// The text that says type, order and shape.
fn header(file: &mut impl Read, room: &mut u64) -> Result<String, ArraysError> {
    let mut start = [0; MAGIC.len() + 2];
    file.read_exact(&mut start).map_err(unreadable)?;
    let (magic, version) = start.split_at(MAGIC.len());
    let len = match (magic == MAGIC, version[0]) {
        (true, 1) => {
            let mut len = [0; 2];
            file.read_exact(&mut len).map_err(unreadable)?;
            u32::from(u16::from_le_bytes(len))
        }
        (true, 2 | 3) => {
            let mut len = [0; 4];
            file.read_exact(&mut len).map_err(unreadable)?;
            u32::from_le_bytes(len)
        }
        _ => return Err(ArraysError::damaged("an array without header")),
    };
    if len > MAX_HEADER {
        return Err(ArraysError::damaged("a header of more than 64 KiB"));
    }
    take(room, len.into())?;
    let mut header = vec![0; len as usize];
    file.read_exact(&mut header).map_err(unreadable)?;
    String::from_utf8(header).map_err(ArraysError::damaged)
}

/// What follows the key of a Python dictionary, to its end.
fn field<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let (_, rest) = header.split_once(&format!("'{key}':"))?;
    Some(rest.trim_start())
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let (sizes, _) = field(header, "shape")?.strip_prefix('(')?.split_once(')')?;
    let sizes = sizes
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().ok()).collect()
}

/// A type of numbers.
struct Element {
    bytes: u64,
    is_big_endian: bool,
    decode: fn(&[u8]) -> Elements,
}

fn element(header: &str) -> Option<Element> {
    macro_rules! numbers {
        ($variant:ident, $number:ty) => {
            (size_of::<$number>() as u64, |bytes| {
                let numbers = bytes.as_chunks().0.iter();
                Elements::$variant(
                    numbers
                        .map(|&bytes| <$number>::from_le_bytes(bytes))
                        .collect(),
                )
            })
        };
    }
    let (name, _) = field(header, "descr")?
        .strip_prefix('\'')?
        .split_once('\'')?;
    let (order, name) = name.split_at_checked(1)?;
    let (bytes, decode): (_, fn(&[u8]) -> Elements) = match name {
        "b1" => (1, |bytes| {
            Elements::Bool(bytes.iter().map(|&byte| byte != 0).collect())
        }),
        "f4" => numbers!(Float32, f32),
        "f8" => numbers!(Float64, f64),
        "i1" => numbers!(Int8, i8),
        "u1" => numbers!(Uint8, u8),
        "i2" => numbers!(Int16, i16),
        "u2" => numbers!(Uint16, u16),
        "i4" => numbers!(Int32, i32),
        "u4" => numbers!(Uint32, u32),
        "i8" => numbers!(Int64, i64),
        "u8" => numbers!(Uint64, u64),
        _ => return None,
    };
    Some(Element {
        bytes,
        is_big_endian: order == ">",
        decode,
    })
}

/// What an array holds that has no type known here.
fn other(header: &str) -> String {
    let of = field(header, "descr").and_then(|of| of.strip_prefix('\'')?.split_once('\''));
    let name = of.map_or("", |(name, _)| name);
    match name.trim_start_matches(['<', '>', '|', '=']) {
        "f2" => "half floats; convert them with .astype(\"float32\")".into(),
        "" => "records".into(),
        "O" => "Python objects; convert them with .astype".into(),
        name if name.starts_with('U') || name.starts_with('S') => "texts".into(),
        name => format!("what NumPy calls {:?}", one_line(name)),
    }
}

/// The elements of an array whose first axis is the innermost, in the order where the last one is.
fn rows_last(bytes: &[u8], shape: &[usize], each: usize) -> Vec<u8> {
    let mut ordered = Vec::with_capacity(bytes.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..bytes.len() / each {
        let outwards = index.iter().zip(shape).rev();
        let at = outwards.fold(0, |at, (&index, &size)| at * size + index);
        ordered.extend(&bytes[at * each..(at + 1) * each]);
        for (index, &size) in index.iter_mut().zip(shape).rev() {
            *index = (*index + 1) % size;
            if *index > 0 {
                break;
            }
        }
    }
    ordered
}

fn unreadable(error: io::Error) -> ArraysError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ArraysError::damaged("cut short"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => ArraysError::damaged(error),
        _ => ReadError::from(error).into(),
    }
}
