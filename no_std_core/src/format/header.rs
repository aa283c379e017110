//! The header.

use core::ops::Range;

use super::bytes::{get, put};
use super::shape::Shape;
use crate::prepare::Preparation;

/// The first eight bytes of every flash file.
pub const MAGIC: [u8; 8] = *b"BATON-Q8";

/// The version of the layout that this crate reads and writes.
pub const VERSION: u16 = 1;

/// [`Header::weight_layout`] of weights in plain order, as this module describes them.
pub const LAYOUT_PORTABLE: u8 = 0;

/// Bytes of an encoded [`Header`].
pub const HEADER_LEN: usize = 64;

/// Probability 1 in the units of the probability table and of [`Header::threshold`].
pub const ONE: u32 = 1 << 16;

/// The most classes a model may have.
pub const MAX_CLASSES: usize = 32;

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

    /// The header's bytes, its checksum 0: [`seal`](super::seal) fills that in once the file is complete.
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
