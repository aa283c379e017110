//! The header.

use core::ops::Range;

use super::bytes::{get, half_word, put, word};
use crate::prepare::Preparation;

/// The first eight bytes of every flash file.
pub const MAGIC: [u8; 8] = *b"BATON-Q8";

/// The version of the layout that this crate reads and writes.
pub const VERSION: u16 = 2;

/// Bytes of an encoded [`Header`].
pub const HEADER_LEN: usize = 64;

/// Probability 1 in the units of the probability table and of [`Header::threshold`].
pub const ONE: u32 = 1 << 16;

/// The most classes a model may have: the sum of so many entries of the probability table fits 32 bits.
pub const MAX_CLASSES: usize = u16::MAX as usize;

/// The most operators a model may have: who loads a file looks at each pair of them.
pub const MAX_OPERATORS: u16 = 1024;

/// What the values that a model ends with are, as [`Header::output`] has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// Numbers, whatever they stand for.
    Values = 0,
    /// Logits, one a class: the greatest is the answer.
    Classes = 1,
    /// What an autoencoder makes of its input: the further from it, the stranger the input is.
    Reconstruction = 2,
}

impl OutputKind {
    /// The kind that a byte stands for. `None` if there is none.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Values),
            1 => Some(Self::Classes),
            2 => Some(Self::Reconstruction),
            _ => None,
        }
    }
}

/// The first section of the file.
///
/// | byte | type    | field                                                                      |
/// |------|---------|----------------------------------------------------------------------------|
/// | 0    | 8 bytes | [`MAGIC`]                                                                  |
/// | 8    | u16     | [`VERSION`]                                                                |
/// | 10   | u16     | `operators`                                                                |
/// | 12   | u32     | `total_len`                                                                |
/// | 16   | u32     | checksum: CRC-32 of the whole file without these four bytes                |
/// | 20   | u32     | `arena_len`                                                                |
/// | 24   | u8      | `output`: 0 values, 1 classes, 2 reconstruction                            |
/// | 25   | 3 bytes | zero                                                                       |
/// | 28   | u32     | `threshold`                                                                |
/// | 32   | u32     | `labels_at`                                                                |
/// | 36   | u32     | `probabilities_at`                                                         |
/// | 40   | u32     | `pixels_at`                                                                |
/// | 44   | 8 bytes | `preparation`                                                              |
/// | 52   | 12 bytes| zero                                                                       |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number of operators, 1 to [`MAX_OPERATORS`]; there is one tensor more.
    pub operators: u16,
    /// The length of the whole file in bytes.
    pub total_len: u32,
    /// Bytes of memory that the tensors take, the input among them.
    pub arena_len: u32,
    /// What the last tensor is: a byte of [`OutputKind`].
    pub output: u8,
    /// Of classes: a picture is accepted if its best class has at least this probability, 0 to [`ONE`]. Of a
    /// reconstruction: an input is accepted if the mean of its squared differences, in 1/256, is at most this. Of values 0.
    pub threshold: u32,
    /// Where the labels start; 0 for none.
    pub labels_at: u32,
    /// Where the probability table starts; 0 for none.
    pub probabilities_at: u32,
    /// Where the pixel table starts; 0 where a value is its pixel less 128, or the input is no picture.
    pub pixels_at: u32,
    /// How a picture becomes the input: the bytes of [`Preparation::to_bytes`].
    pub preparation: [u8; Preparation::LEN],
}

impl Header {
    pub(crate) const VERSION_AT: usize = 8;
    pub(crate) const OPERATORS_AT: usize = 10;
    pub(crate) const TOTAL_LEN_AT: usize = 12;
    pub(crate) const CHECKSUM_AT: usize = 16;
    pub(crate) const ARENA_LEN_AT: usize = 20;
    pub(crate) const OUTPUT_AT: usize = 24;
    pub(crate) const THRESHOLD_AT: usize = 28;
    pub(crate) const LABELS_AT: usize = 32;
    pub(crate) const PROBABILITIES_AT: usize = 36;
    pub(crate) const PIXELS_AT: usize = 40;
    pub(crate) const PREPARATION_AT: usize = 44;

    /// The bytes that must be zero.
    pub(crate) const ZEROS: [Range<usize>; 2] = [
        Self::OUTPUT_AT + 1..Self::THRESHOLD_AT,
        Self::PREPARATION_AT + Preparation::LEN..HEADER_LEN,
    ];

    /// The header's bytes, its checksum 0: [`seal`](super::seal) fills that in once the file is complete.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, Self::VERSION_AT, VERSION.to_le_bytes());
        put(&mut bytes, Self::OPERATORS_AT, self.operators.to_le_bytes());
        put(&mut bytes, Self::OUTPUT_AT, [self.output]);
        for (field, at) in [
            (self.total_len, Self::TOTAL_LEN_AT),
            (self.arena_len, Self::ARENA_LEN_AT),
            (self.threshold, Self::THRESHOLD_AT),
            (self.labels_at, Self::LABELS_AT),
            (self.probabilities_at, Self::PROBABILITIES_AT),
            (self.pixels_at, Self::PIXELS_AT),
        ] {
            put(&mut bytes, at, field.to_le_bytes());
        }
        put(&mut bytes, Self::PREPARATION_AT, self.preparation);
        bytes
    }

    /// The fields in `bytes`. Magic, version, checksum and the bytes that must be zero are not looked at.
    #[inline(always)]
    pub const fn decode(bytes: &[u8; HEADER_LEN]) -> Self {
        let [output] = *get(bytes, Self::OUTPUT_AT);
        Self {
            operators: half_word(bytes, Self::OPERATORS_AT),
            total_len: word(bytes, Self::TOTAL_LEN_AT),
            arena_len: word(bytes, Self::ARENA_LEN_AT),
            output,
            threshold: word(bytes, Self::THRESHOLD_AT),
            labels_at: word(bytes, Self::LABELS_AT),
            probabilities_at: word(bytes, Self::PROBABILITIES_AT),
            pixels_at: word(bytes, Self::PIXELS_AT),
            preparation: *get(bytes, Self::PREPARATION_AT),
        }
    }
}
