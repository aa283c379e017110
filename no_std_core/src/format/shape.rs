//! The sizes of tensors.

use super::bytes::put;

/// The most values that one tensor may have: places in it and around it, in the padding, fit a signed 32-bit number.
pub const MAX_ELEMENTS: u32 = 1 << 30;

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

    pub(super) fn encode(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        put(&mut bytes, 0, self.rows.to_le_bytes());
        put(&mut bytes, 2, self.columns.to_le_bytes());
        put(&mut bytes, 4, self.channels.to_le_bytes());
        bytes
    }

    pub(super) const fn decode(b: [u8; Self::LEN]) -> Self {
        Self {
            rows: u16::from_le_bytes([b[0], b[1]]),
            columns: u16::from_le_bytes([b[2], b[3]]),
            channels: u16::from_le_bytes([b[4], b[5]]),
        }
    }
}
