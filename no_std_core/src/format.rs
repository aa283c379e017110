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

/// [`LayerRecord::kind`] of a convolution with a maximum over tiles of its output.
pub const KIND_CONVOLUTION: u8 = 1;

/// [`LayerRecord::kind`] of a dense layer.
pub const KIND_DENSE: u8 = 2;

/// Where [`Header::checksum`] lies.
const CHECKSUM_AT: usize = 16;

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

    const fn encode(self) -> [u8; Self::LEN] {
        let [r0, r1] = self.rows.to_le_bytes();
        let [c0, c1] = self.columns.to_le_bytes();
        let [d0, d1] = self.channels.to_le_bytes();
        [r0, r1, c0, c1, d0, d1]
    }

    const fn decode([r0, r1, c0, c1, d0, d1]: [u8; Self::LEN]) -> Self {
        Self {
            rows: u16::from_le_bytes([r0, r1]),
            columns: u16::from_le_bytes([c0, c1]),
            channels: u16::from_le_bytes([d0, d1]),
        }
    }
}

/// How a picture becomes the model's input: the parameters of [`prepare`](crate::prepare).
///
/// | byte | type    | field      |
/// |------|---------|------------|
/// | 0    | u8      | `mode`     |
/// | 1    | u8      | `box_side` |
/// | 2    | 6 bytes | zero       |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreparationRecord {
    /// [`PREPARATION_PLAIN`](Self::PLAIN) or [`PREPARATION_CENTRED`](Self::CENTRED).
    pub mode: u8,
    /// Side in pixels of the square that a centred drawing is scaled into; 0 in plain mode.
    pub box_side: u8,
}
