//! The records of the layer table.

use core::ops::Range;

use super::bytes::{get, put};
use super::shape::Shape;

/// Bytes of an encoded [`LayerRecord`].
pub const LAYER_LEN: usize = 48;

/// [`LayerRecord::kind`] of a convolution with a maximum over tiles of its output.
pub const KIND_CONVOLUTION: u8 = 1;

/// [`LayerRecord::kind`] of a dense layer.
pub const KIND_DENSE: u8 = 2;

/// How a convolution moves over its input along one axis. All fields are 0 in a dense layer.
///
/// | byte | type | field       |
/// |------|------|-------------|
/// | 0    | u8   | `kernel`    |
/// | 1    | u8   | `stride`    |
/// | 2    | u8   | `pad_begin` |
/// | 3    | u8   | `pad_end`   |
/// | 4    | u8   | `pool`      |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Size of the kernel, from 1.
    pub kernel: u8,
    /// Step of the kernel, from 1.
    pub stride: u8,
    /// Places before the input that hold its zero point, fewer than the kernel's.
    pub pad_begin: u8,
    /// Places after the input that hold its zero point, fewer than the kernel's.
    pub pad_end: u8,
    /// Size and step of the tiles of which the maximum is taken; 1 for no pooling.
    pub pool: u8,
}

impl Axis {
    /// Bytes of an encoded axis.
    pub const LEN: usize = 5;

    /// The length of the output: of the `(input + pad_begin + pad_end - kernel) / stride + 1` places of the kernel one for
    /// each `pool`, both rounded down. 0 where no window or no tile fits; `None` if kernel, stride or pool is 0.
    pub const fn output(self, input: u16) -> Option<u32> {
        if self.kernel == 0 {
            return None;
        }
        let padded = input as u32 + self.pad_begin as u32 + self.pad_end as u32;
        let Some(room) = padded.checked_sub(self.kernel as u32) else {
            return Some(0);
        };
        match room.checked_div(self.stride as u32) {
            Some(steps) => (steps + 1).checked_div(self.pool as u32),
            None => None,
        }
    }

    const fn encode(self) -> [u8; Self::LEN] {
        [
            self.kernel,
            self.stride,
            self.pad_begin,
            self.pad_end,
            self.pool,
        ]
    }

    const fn decode([kernel, stride, pad_begin, pad_end, pool]: [u8; Self::LEN]) -> Self {
        Self {
            kernel,
            stride,
            pad_begin,
            pad_end,
            pool,
        }
    }
}

/// One entry of the layer table.
///
/// | byte | type     | field                                         |
/// |------|----------|-----------------------------------------------|
/// | 0    | u8       | `kind`                                        |
/// | 1    | i8       | `input_zero_point`                            |
/// | 2    | i8       | `output_zero_point`                           |
/// | 3    | u8       | zero                                          |
/// | 4    | Shape    | `input`: rows, columns, channels, each u16    |
/// | 10   | Shape    | `output`: rows, columns, channels, each u16   |
/// | 16   | Axis     | `rows`: kernel, stride, pads, pool, each u8   |
/// | 21   | Axis     | `columns`: kernel, stride, pads, pool, each u8|
/// | 26   | 2 bytes  | zero                                          |
/// | 28   | u32      | `weights_at`                                  |
/// | 32   | u32      | `biases_at`                                   |
/// | 36   | u32      | `multipliers_at`                              |
/// | 40   | 8 bytes  | zero                                          |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerRecord {
    /// What the layer does: [`KIND_CONVOLUTION`] or [`KIND_DENSE`].
    pub kind: u8,
    /// The int8 value that stands for 0 in the input.
    pub input_zero_point: i8,
    /// The int8 value that stands for 0 in the output.
    pub output_zero_point: i8,
    /// The shape of the input: the output of the layer before.
    pub input: Shape,
    /// The shape of the output; of a dense layer 1 x 1 x units.
    pub output: Shape,
    /// How a convolution moves down.
    pub rows: Axis,
    /// How a convolution moves to the right.
    pub columns: Axis,
    /// Where the weights start, in bytes from the start of the file.
    pub weights_at: u32,
    /// Where the biases start.
    pub biases_at: u32,
    /// Where the multipliers start.
    pub multipliers_at: u32,
}

impl LayerRecord {
    pub(crate) const KIND_AT: usize = 0;
    pub(crate) const ZERO_POINTS_AT: usize = 1;
    pub(crate) const INPUT_AT: usize = 4;
    pub(crate) const OUTPUT_AT: usize = 10;
    pub(crate) const ROWS_AT: usize = 16;
    pub(crate) const COLUMNS_AT: usize = 21;
    pub(crate) const WEIGHTS_AT: usize = 28;
    pub(crate) const BIASES_AT: usize = 32;
    pub(crate) const MULTIPLIERS_AT: usize = 36;

    /// The bytes that must be zero.
    pub(crate) const ZEROS: [Range<usize>; 3] = [3..4, 26..28, 40..LAYER_LEN];

    /// Where in its input the layer first reads for the row `row` of its output: this row and later ones need nothing
    /// before. 0 in a dense layer.
    pub(crate) const fn first_read(&self, row: usize) -> usize {
        let below = row * self.rows.pool as usize * self.rows.stride as usize;
        let first = below.saturating_sub(self.rows.pad_begin as usize);
        let rows = self.input.rows as usize;
        let first = if first < rows { first } else { rows };
        first * self.input.columns as usize * self.input.channels as usize
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; LAYER_LEN] {
        let zero_points = [self.input_zero_point, self.output_zero_point].map(i8::cast_unsigned);
        let mut bytes = [0; LAYER_LEN];
        put(&mut bytes, Self::KIND_AT, [self.kind]);
        put(&mut bytes, Self::ZERO_POINTS_AT, zero_points);
        put(&mut bytes, Self::INPUT_AT, self.input.encode());
        put(&mut bytes, Self::OUTPUT_AT, self.output.encode());
        put(&mut bytes, Self::ROWS_AT, self.rows.encode());
        put(&mut bytes, Self::COLUMNS_AT, self.columns.encode());
        put(&mut bytes, Self::WEIGHTS_AT, self.weights_at.to_le_bytes());
        put(&mut bytes, Self::BIASES_AT, self.biases_at.to_le_bytes());
        put(
            &mut bytes,
            Self::MULTIPLIERS_AT,
            self.multipliers_at.to_le_bytes(),
        );
        bytes
    }

    /// The fields in `bytes`. The bytes that must be zero are not looked at.
    pub const fn decode(bytes: &[u8; LAYER_LEN]) -> Self {
        let [input_zero_point, output_zero_point] = get(bytes, Self::ZERO_POINTS_AT);
        Self {
            kind: u8::from_le_bytes(get(bytes, Self::KIND_AT)),
            input_zero_point: input_zero_point.cast_signed(),
            output_zero_point: output_zero_point.cast_signed(),
            input: Shape::decode(get(bytes, Self::INPUT_AT)),
            output: Shape::decode(get(bytes, Self::OUTPUT_AT)),
            rows: Axis::decode(get(bytes, Self::ROWS_AT)),
            columns: Axis::decode(get(bytes, Self::COLUMNS_AT)),
            weights_at: u32::from_le_bytes(get(bytes, Self::WEIGHTS_AT)),
            biases_at: u32::from_le_bytes(get(bytes, Self::BIASES_AT)),
            multipliers_at: u32::from_le_bytes(get(bytes, Self::MULTIPLIERS_AT)),
        }
    }
}
