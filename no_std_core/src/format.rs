//! The one place that knows the layout of a flash file (`digits.q8`).
//!
//! The loader of this crate decodes the records below; the trainer encodes the same records. `models/FORMAT.md`
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

use core::ops::Range;

use crate::prepare::Preparation;

mod checksum;
mod layer;

pub use checksum::{checksum, seal, stored_checksum};
pub use layer::{Axis, LayerRecord};

/// The first eight bytes of every flash file.
pub const MAGIC: [u8; 8] = *b"BATON-Q8";

/// The version of the layout that this crate reads and writes.
pub const VERSION: u16 = 1;

/// [`Header::weight_layout`] of weights in plain order, as this module describes them.
pub const LAYOUT_PORTABLE: u8 = 0;

/// Every section starts at a multiple of this many bytes, and the file's length is one.
pub const ALIGNMENT: u32 = 16;

/// Bytes of an encoded [`Header`].
pub const HEADER_LEN: usize = 64;

/// Bytes of an encoded [`LayerRecord`].
pub const LAYER_LEN: usize = 48;

/// Entries of the probability table: one for each difference of two int8 logits.
pub const PROBABILITY_ENTRIES: usize = 256;

/// Probability 1 in the units of the probability table and of [`Header::threshold`].
pub const ONE: u32 = 1 << 16;

/// The most classes a model may have.
pub const MAX_CLASSES: usize = 32;

/// The most values that one tensor may have: places in it and around it, in the padding, fit a signed 32-bit number.
pub const MAX_ELEMENTS: u32 = 1 << 30;

/// [`LayerRecord::kind`] of a convolution with a maximum over tiles of its output.
pub const KIND_CONVOLUTION: u8 = 1;

/// [`LayerRecord::kind`] of a dense layer.
pub const KIND_DENSE: u8 = 2;

/// The size of a tensor of activations, laid out `[row][column][channel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Height.
    pub rows: u16,
    /// Width.
    pub columns: u16,
    /// Values at each place.
    pub channels: u16,
}

impl Shape {
    /// Bytes of an encoded shape: rows, columns, channels, two bytes each.
    pub const LEN: usize = 6;

    /// The number of values.
    pub const fn elements(self) -> u64 {
        self.rows as u64 * self.columns as u64 * self.channels as u64
    }

    fn encode(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        put(&mut bytes, 0, self.rows.to_le_bytes());
        put(&mut bytes, 2, self.columns.to_le_bytes());
        put(&mut bytes, 4, self.channels.to_le_bytes());
        bytes
    }

    const fn decode(b: [u8; Self::LEN]) -> Self {
        Self {
            rows: u16::from_le_bytes([b[0], b[1]]),
            columns: u16::from_le_bytes([b[2], b[3]]),
            channels: u16::from_le_bytes([b[4], b[5]]),
        }
    }
}

/// The first section of the file.
///
/// | byte | type    | field                                                                |
/// |------|---------|----------------------------------------------------------------------|
/// | 0    | 8 bytes | [`MAGIC`]                                                            |
/// | 8    | u16     | [`VERSION`]                                                          |
/// | 10   | u8      | `weight_layout`                                                      |
/// | 11   | u8      | `layers`                                                             |
/// | 12   | u32     | `total_len`                                                          |
/// | 16   | u32     | checksum: CRC-32 of the whole file without these four bytes          |
/// | 20   | Shape   | `input`: rows, columns, channels, each u16                           |
/// | 26   | i8      | `input_zero_point`                                                   |
/// | 27   | u8      | `classes`                                                            |
/// | 28   | u32     | `layers_at`                                                          |
/// | 32   | u32     | `probabilities_at`                                                   |
/// | 36   | u32     | `labels_at`                                                          |
/// | 40   | u32     | `threshold`                                                          |
/// | 44   | 8 bytes | `preparation`                                                        |
/// | 52   | 12 bytes| zero                                                                 |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The order of the weights: [`LAYOUT_PORTABLE`].
    pub weight_layout: u8,
    /// The number of layers, at least 1.
    pub layers: u8,
    /// The length of the whole file in bytes.
    pub total_len: u32,
    /// The shape of the image that the first layer takes.
    pub input: Shape,
    /// The int8 value that stands for 0 in the image; -128 where the image is `pixel - 128`.
    pub input_zero_point: i8,
    /// The number of classes, 1 to [`MAX_CLASSES`]: the values that the last layer gives.
    pub classes: u8,
    /// Where the layer table starts, in bytes from the start of the file.
    pub layers_at: u32,
    /// Where the probability table starts.
    pub probabilities_at: u32,
    /// Where the labels start.
    pub labels_at: u32,
    /// A picture is accepted if its best class has at least this probability, 0 to [`ONE`].
    pub threshold: u32,
    /// How a picture becomes the input: the bytes of [`Preparation::to_bytes`].
    pub preparation: [u8; Preparation::LEN],
}

impl Header {
    pub(crate) const VERSION_AT: usize = 8;
    pub(crate) const WEIGHT_LAYOUT_AT: usize = 10;
    pub(crate) const LAYERS_AT: usize = 11;
    pub(crate) const TOTAL_LEN_AT: usize = 12;
    pub(crate) const CHECKSUM_AT: usize = 16;
    pub(crate) const INPUT_AT: usize = 20;
    pub(crate) const ZERO_POINT_AT: usize = 26;
    pub(crate) const CLASSES_AT: usize = 27;
    pub(crate) const TABLE_AT: usize = 28;
    pub(crate) const PROBABILITIES_AT: usize = 32;
    pub(crate) const LABELS_AT: usize = 36;
    pub(crate) const THRESHOLD_AT: usize = 40;
    pub(crate) const PREPARATION_AT: usize = 44;

    /// The bytes that must be zero.
    pub(crate) const ZEROS: Range<usize> = Self::PREPARATION_AT + Preparation::LEN..HEADER_LEN;

    /// The header's bytes, its checksum 0: [`seal`] fills that in once the file is complete.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, Self::VERSION_AT, VERSION.to_le_bytes());
        put(&mut bytes, Self::WEIGHT_LAYOUT_AT, [self.weight_layout]);
        put(&mut bytes, Self::LAYERS_AT, [self.layers]);
        put(&mut bytes, Self::TOTAL_LEN_AT, self.total_len.to_le_bytes());
        put(&mut bytes, Self::INPUT_AT, self.input.encode());
        put(
            &mut bytes,
            Self::ZERO_POINT_AT,
            self.input_zero_point.to_le_bytes(),
        );
        put(&mut bytes, Self::CLASSES_AT, [self.classes]);
        put(&mut bytes, Self::TABLE_AT, self.layers_at.to_le_bytes());
        put(
            &mut bytes,
            Self::PROBABILITIES_AT,
            self.probabilities_at.to_le_bytes(),
        );
        put(&mut bytes, Self::LABELS_AT, self.labels_at.to_le_bytes());
        put(&mut bytes, Self::THRESHOLD_AT, self.threshold.to_le_bytes());
        put(&mut bytes, Self::PREPARATION_AT, self.preparation);
        bytes
    }

    /// The fields in `bytes`. Magic, version, checksum and the bytes that must be zero are not looked at.
    pub const fn decode(bytes: &[u8; HEADER_LEN]) -> Self {
        Self {
            weight_layout: u8::from_le_bytes(get(bytes, Self::WEIGHT_LAYOUT_AT)),
            layers: u8::from_le_bytes(get(bytes, Self::LAYERS_AT)),
            total_len: u32::from_le_bytes(get(bytes, Self::TOTAL_LEN_AT)),
            input: Shape::decode(get(bytes, Self::INPUT_AT)),
            input_zero_point: i8::from_le_bytes(get(bytes, Self::ZERO_POINT_AT)),
            classes: u8::from_le_bytes(get(bytes, Self::CLASSES_AT)),
            layers_at: u32::from_le_bytes(get(bytes, Self::TABLE_AT)),
            probabilities_at: u32::from_le_bytes(get(bytes, Self::PROBABILITIES_AT)),
            labels_at: u32::from_le_bytes(get(bytes, Self::LABELS_AT)),
            threshold: u32::from_le_bytes(get(bytes, Self::THRESHOLD_AT)),
            preparation: get(bytes, Self::PREPARATION_AT),
        }
    }
}

/// The smallest multiple of [`ALIGNMENT`] that is at least `offset`: where the section after one that ends at `offset`
/// starts. `None` beyond the largest u32.
pub const fn align(offset: u32) -> Option<u32> {
    offset.checked_next_multiple_of(ALIGNMENT)
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

/// Writes `value` at `at`, which lies inside `bytes` in every call.
fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    if let Some(place) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = value;
    }
}

/// The bytes at `at`, all of which lie inside `bytes` in every call.
const fn get<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let Some((_, rest)) = bytes.split_at_checked(at) else {
        return [0; N];
    };
    match rest.first_chunk() {
        Some(value) => *value,
        None => [0; N],
    }
}
