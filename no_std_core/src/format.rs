//! The one place that knows the layout of a flash file (`digits.q8`).
//!
//! The loader of this crate decodes the records below; its writer, with the feature `write`, encodes them. `models/FORMAT.md`
//! describes the file in words, with a worked example that a test keeps true.
//!
//! All numbers are little-endian. The sections follow each other in this order, each one starting at a multiple of
//! [`ALIGNMENT`]; the bytes between the end of a section and the next one, and after the last, are zero. A section that
//! a model does not have takes no bytes, and the field that says where it starts is 0:
//!
//! 1. the [`Header`], [`HEADER_LEN`] bytes;
//! 2. the tensor table: one [`TensorRecord`] of [`TENSOR_LEN`] bytes for the input, and one for the output of each operator;
//! 3. the operator table: one [`OperatorRecord`] of [`OPERATOR_LEN`] bytes an operator, in the order they run;
//! 4. the labels, class 0 first: one byte with the length, then that many bytes of UTF-8;
//! 5. of classes the probability table: [`PROBABILITY_ENTRIES`] u32, entry `d` being `65536 * exp(-d * scale)`, rounded;
//!    entry 0 is [`ONE`] and no entry is greater than the one before;
//! 6. the pixel table: for each channel of the input the int8 values of pixels 0 to 255;
//! 7. for each operator its weights or its table (i8), then its biases (i32), then its multipliers
//!    ([`Multiplier`](crate::requantize::Multiplier), u32), each a section of its own.
//!
//! # Kinds of operators
//!
//! | kind                 | inputs | windows | weights or table            | biases   | multipliers |
//! |----------------------|--------|---------|-----------------------------|----------|-------------|
//! | [`KIND_CONVOLUTION`] | 1      | yes     | `[filter][row][column][channel of its group]` | a filter | a filter |
//! | [`KIND_DEPTHWISE`]   | 1      | yes     | `[channel][row][column]`    | a channel | a channel |
//! | [`KIND_DENSE`]       | 1      | no      | `[unit][input]`, [four by four](DENSE_GROUP) | a unit | a unit |
//! | [`KIND_MAX_POOL`]    | 1      | yes     | none                        | none     | none        |
//! | [`KIND_AVERAGE_POOL`]| 1      | yes     | none                        | none     | one         |
//! | [`KIND_ADD`]         | 2      | no      | a value for each sum of two, from -256 to 254 | none | none |
//! | [`KIND_CONCATENATE`] | 2      | no      | none                        | none     | none        |
//! | [`KIND_TABLE`]       | 1      | no      | a value for each, from -128 to 127 | none | none     |
//!
//! Activations are laid out `[row][column][channel]`, and so are the inputs of a dense layer.

mod bytes;
mod checksum;
#[cfg(feature = "write")]
mod contents;
mod header;
mod operator;
mod tensor;

pub(crate) use bytes::get;
pub use bytes::{ALIGNMENT, align};
pub use checksum::{checksum, seal, stored_checksum};
#[cfg(feature = "write")]
pub use contents::{Contents, OperatorContents, TooLarge};
pub use header::{HEADER_LEN, Header, MAGIC, MAX_CLASSES, MAX_OPERATORS, ONE, OutputKind, VERSION};
pub(crate) use operator::dense_place;
pub use operator::{Axis, MAX_CHAIN, NO_TENSOR, OPERATOR_LEN, OperatorRecord};
pub use tensor::{MAX_ELEMENTS, Shape, TENSOR_LEN, TensorRecord};

/// [`OperatorRecord::kind`] of a convolution, in groups or not, with a maximum over tiles of its output or not.
pub const KIND_CONVOLUTION: u8 = 1;
/// The kind of a convolution that has a kernel for each channel.
pub const KIND_DEPTHWISE: u8 = 2;
/// The kind of a dense layer.
pub const KIND_DENSE: u8 = 3;
/// Units of a dense layer whose weights lie side by side, and weights of each that do: `[four units][four inputs][unit][input]`,
/// so that all are read in the order of the file. Inputs that are left over follow each four units, `[input][unit]`, units
/// that are left over all others, `[unit][input]`.
pub const DENSE_GROUP: usize = 4;
/// The kind of a maximum over windows.
pub const KIND_MAX_POOL: u8 = 4;
/// The kind of a mean over windows.
pub const KIND_AVERAGE_POOL: u8 = 5;
/// The kind of a sum of two tensors of one shape.
pub const KIND_ADD: u8 = 6;
/// The kind that puts the channels of two tensors side by side.
pub const KIND_CONCATENATE: u8 = 7;
/// The kind that looks each value up.
pub const KIND_TABLE: u8 = 8;

/// Entries of the probability table: one for each difference of two int8 logits.
pub const PROBABILITY_ENTRIES: usize = 256;

/// Entries of the pixel table for each channel.
pub const PIXEL_ENTRIES: usize = 256;

/// Entries of the table of a [`KIND_ADD`]: one for each sum of two int8 values.
pub const SUM_ENTRIES: usize = 511;

/// Entries of the table of a [`KIND_TABLE`].
pub const VALUE_ENTRIES: usize = 256;

/// Where the tensor table starts.
pub(crate) const TENSORS_AT: usize = HEADER_LEN;

/// Where the record of a tensor starts.
pub(crate) const fn tensor_at(index: usize) -> usize {
    TENSORS_AT + index * TENSOR_LEN
}

/// Where the record of an operator starts, of so many: the tensor table ends on a multiple of [`ALIGNMENT`].
pub(crate) const fn operator_at(operators: usize, index: usize) -> usize {
    tensor_at(operators) + TENSOR_LEN + index * OPERATOR_LEN
}

/// The records of tensors and of operators.
type Tables<'a> = (&'a [[u8; TENSOR_LEN]], &'a [[u8; OPERATOR_LEN]]);

/// The tables of so many operators. `None` if they end beyond the file.
pub(crate) fn tables(file: &[u8], operators: usize) -> Option<Tables<'_>> {
    let (tensors, rest) = file
        .get(TENSORS_AT..)?
        .split_at_checked((operators + 1) * TENSOR_LEN)?;
    let records = rest.get(..operators * OPERATOR_LEN)?;
    Some((tensors.as_chunks().0, records.as_chunks().0))
}

/// The bytes of arena that the model in a flash file needs: the size of a `static` beside an embedded model.
///
/// ```
/// const FILE: &[u8] = include_bytes!("../tests/tiny.q8");
/// const ARENA_LEN: usize = no_std_core::arena_len(FILE);
/// assert_eq!(ARENA_LEN, no_std_core::Model::new(FILE)?.arena_len());
/// # Ok::<(), no_std_core::FormatError>(())
/// ```
///
/// Of the file only the header is looked at; [`Model::new`](crate::Model::new) checks it.
///
/// # Panics
///
/// If the bytes are no flash file of this version. Call it in constants, where that is an error of the compiler; at run
/// time there is [`Model::arena_len`](crate::Model::arena_len).
pub const fn arena_len(file: &[u8]) -> usize {
    assert!(
        is_of_this_version(file),
        "expected a flash file of this version, found other bytes; quantize again"
    );
    match header(file) {
        Some(header) if header.total_len as usize == file.len() => header.arena_len as usize,
        _ => panic!("expected a whole flash file, found a part of one"),
    }
}

/// The header of a file. `None` if it is too short to have one.
pub(crate) const fn header(file: &[u8]) -> Option<Header> {
    match file.first_chunk() {
        Some(bytes) => Some(Header::decode(bytes)),
        None => None,
    }
}

/// The version of the format that a file says it has. `None` if it is too short.
pub(crate) const fn version(file: &[u8]) -> Option<u16> {
    match file.first_chunk() {
        Some([_, _, _, _, _, _, _, _, low, high]) => Some(u16::from_le_bytes([*low, *high])),
        None => None,
    }
}

/// Whether a file starts with [`MAGIC`].
pub(crate) const fn has_magic(file: &[u8]) -> bool {
    match file.first_chunk() {
        // Arrays cannot be compared in constants.
        Some(magic) => u64::from_le_bytes(*magic) == u64::from_le_bytes(MAGIC),
        None => false,
    }
}

/// Whether a file starts with [`MAGIC`] and [`VERSION`].
pub(crate) const fn is_of_this_version(file: &[u8]) -> bool {
    has_magic(file) && matches!(version(file), Some(VERSION))
}

/// The file from the byte `at` on; nothing if it ends before.
pub(crate) fn tail(file: &[u8], at: u32) -> &[u8] {
    file.get(at as usize..).unwrap_or_default()
}

/// So many words from the byte `at` on; none if the file ends before they do.
#[inline(never)]
pub(crate) fn words(file: &[u8], at: u32, len: u16) -> &[[u8; 4]] {
    let words = tail(file, at).as_chunks().0;
    words.get(..len.into()).unwrap_or_default()
}

/// The first of some labels, without its length, and the others. `None` if it ends beyond them.
pub(crate) fn split_label(labels: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&len, rest) = labels.split_first()?;
    rest.split_at_checked(usize::from(len))
}
