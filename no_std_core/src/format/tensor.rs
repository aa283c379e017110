//! Tensors: their sizes, what their integers stand for, and where they lie.

use core::ops::Range;

use super::bytes::{get, half_word, put, word};

/// The most values that one tensor may have: places in it and around it, in the padding, fit a signed 32-bit number.
pub const MAX_ELEMENTS: u32 = 1 << 30;

/// Bytes of an encoded [`TensorRecord`].
pub const TENSOR_LEN: usize = 16;

/// The size of a tensor of activations, laid out `[row][column][channel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Height; 1 for a signal or a vector.
    pub rows: u16,
    /// Width; the length of a signal, 1 for a vector.
    pub columns: u16,
    /// Values at each place.
    pub channels: u16,
}

impl Shape {
    /// The number of values.
    pub const fn elements(self) -> u64 {
        self.rows as u64 * self.row_len() as u64
    }

    /// The number of values in a row.
    pub const fn row_len(self) -> u32 {
        self.columns as u32 * self.channels as u32
    }
}

/// One entry of the tensor table.
///
/// | byte | type | field        |
/// |------|------|--------------|
/// | 0    | u16  | `rows`       |
/// | 2    | u16  | `columns`    |
/// | 4    | u16  | `channels`   |
/// | 6    | i8   | `zero_point` |
/// | 7    | u8   | `held`       |
/// | 8    | u32  | `at`         |
/// | 12   | u32  | `scale`      |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorRecord {
    /// Rows, columns and channels.
    pub shape: Shape,
    /// The int8 value that stands for 0.
    pub zero_point: i8,
    /// Rows that there is memory for at a time, fewer than all; 0 where there is memory for all of them.
    pub held: u8,
    /// Where the tensor starts, in bytes from the start of the arena.
    pub at: u32,
    /// The bits of the single-precision number by which two neighbouring int8 values differ in what they stand for.
    pub scale: u32,
}

impl TensorRecord {
    pub(crate) const SHAPE_AT: usize = 0;
    pub(crate) const ZERO_POINT_AT: usize = 6;
    pub(crate) const HELD_AT: usize = 7;
    pub(crate) const ARENA_AT: usize = 8;
    pub(crate) const SCALE_AT: usize = 12;

    /// Rows that there is memory for.
    pub(crate) const fn rows_held(&self) -> u16 {
        if self.held == 0 {
            self.shape.rows
        } else {
            self.held as u16
        }
    }

    /// The byte of the arena at which the tensor ends.
    pub(crate) const fn end(&self) -> u64 {
        self.at as u64 + self.rows_held() as u64 * self.shape.row_len() as u64
    }

    /// The bytes of the arena that the tensor takes, which ends where a u32 can say.
    pub(crate) const fn place(&self) -> Range<u32> {
        self.at..self.end() as u32
    }

    /// The real number that a value stands for.
    pub fn real(&self, value: i8) -> f32 {
        f32::from_bits(self.scale) * f32::from(i16::from(value) - i16::from(self.zero_point))
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; TENSOR_LEN] {
        let Shape {
            rows,
            columns,
            channels,
        } = self.shape;
        let mut bytes = [0; TENSOR_LEN];
        for (size, at) in [rows, columns, channels].into_iter().zip([0, 2, 4]) {
            put(&mut bytes, Self::SHAPE_AT + at, size.to_le_bytes());
        }
        put(
            &mut bytes,
            Self::ZERO_POINT_AT,
            self.zero_point.to_le_bytes(),
        );
        put(&mut bytes, Self::HELD_AT, [self.held]);
        put(&mut bytes, Self::ARENA_AT, self.at.to_le_bytes());
        put(&mut bytes, Self::SCALE_AT, self.scale.to_le_bytes());
        bytes
    }

    /// The fields in `bytes`.
    #[inline(always)]
    pub const fn decode(bytes: &[u8; TENSOR_LEN]) -> Self {
        Self {
            shape: Shape {
                rows: half_word(bytes, Self::SHAPE_AT),
                columns: half_word(bytes, Self::SHAPE_AT + 2),
                channels: half_word(bytes, Self::SHAPE_AT + 4),
            },
            zero_point: i8::from_le_bytes(*get(bytes, Self::ZERO_POINT_AT)),
            held: u8::from_le_bytes(*get(bytes, Self::HELD_AT)),
            at: word(bytes, Self::ARENA_AT),
            scale: word(bytes, Self::SCALE_AT),
        }
    }
}
