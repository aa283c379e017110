//! The one place that knows the layout of a flash file (`digits.q8`).
//!
//! The loader of this crate decodes the records below; its writer, with the feature `write`, encodes them. `models/FORMAT.md`
//! describes the file in words, with a worked example that a test keeps true.
//!
//! All numbers are little-endian. The sections follow each other in this order, each one starting at a multiple of
//! [`ALIGNMENT`]; the bytes between the end of a section and the next one, and after the last, are zero:
//!
//! 1. the [`Header`], [`HEADER_LEN`] bytes;
//! 2. the layer table: one [`LayerRecord`] of [`LAYER_LEN`] bytes a layer, in the order they run;
//! 3. the probability table: [`PROBABILITY_ENTRIES`] u32, entry `d` being `65536 * exp(-d * logit_scale)`, rounded;
//!    entry 0 is [`ONE`] and no entry is greater than the one before;
//! 4. the labels, class 0 first: one byte with the length, then that many bytes of UTF-8;
//! 5. for each layer its weights (i8), then its biases (i32), then its multipliers
//!    ([`Multiplier`](crate::requantize::Multiplier), u32), each a section of its own.
//!
//! Activations are laid out `[row][column][channel]`, convolution weights `[filter][row][column][channel]`, dense
//! weights `[unit][input]` with the inputs in the order of the activations. Biases and multipliers have one entry an
//! output channel.

mod bytes;
mod checksum;
#[cfg(feature = "write")]
mod contents;
mod header;
mod layer;
mod shape;

pub use bytes::{ALIGNMENT, align};
pub use checksum::{checksum, seal, stored_checksum};
#[cfg(feature = "write")]
pub use contents::{Contents, LayerContents, TooLarge};
pub use header::{HEADER_LEN, Header, LAYOUT_PORTABLE, MAGIC, MAX_CLASSES, ONE, VERSION};
pub use layer::{Axis, KIND_CONVOLUTION, KIND_DENSE, LAYER_LEN, LayerRecord};
pub use shape::{MAX_ELEMENTS, Shape};

/// Entries of the probability table: one for each difference of two int8 logits.
pub const PROBABILITY_ENTRIES: usize = 256;

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

/// Whether a file starts with [`MAGIC`] and [`VERSION`].
pub(crate) const fn is_of_this_version(file: &[u8]) -> bool {
    match (file.first_chunk(), version(file)) {
        // Arrays cannot be compared in constants.
        (Some(magic), Some(VERSION)) => u64::from_le_bytes(*magic) == u64::from_le_bytes(MAGIC),
        _ => false,
    }
}

/// The record at `index` of a layer table that starts at `layers_at`. `None` if it ends beyond the file.
pub(crate) const fn layer_record(file: &[u8], layers_at: u32, index: u8) -> Option<LayerRecord> {
    let at = layers_at as u64 + index as u64 * LAYER_LEN as u64;
    if at > file.len() as u64 {
        return None;
    }
    let Some((_, rest)) = file.split_at_checked(at as usize) else {
        return None;
    };
    match rest.first_chunk() {
        Some(bytes) => Some(LayerRecord::decode(bytes)),
        None => None,
    }
}

/// The file from the byte `at` on. `None` if it ends before.
pub(crate) fn tail(file: &[u8], at: u32) -> Option<&[u8]> {
    file.get(usize::try_from(at).ok()?..)
}

/// The first of some labels, without its length, and the others. `None` if it ends beyond them.
pub(crate) fn split_label(labels: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&len, rest) = labels.split_first()?;
    rest.split_at_checked(usize::from(len))
}
