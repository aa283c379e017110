//! The records of the operator table.

use core::ops::Range;

use super::DENSE_GROUP;
use super::bytes::{get, half_word, put, word};

/// Bytes of an encoded [`OperatorRecord`].
pub const OPERATOR_LEN: usize = 48;

/// [`OperatorRecord::inputs`] where there is no second input.
pub const NO_TENSOR: u16 = u16::MAX;

/// Operators that may work together row by row: the longest chain of tensors that are held in part, and one.
pub const MAX_CHAIN: usize = 8;

/// Where among the weights of a dense layer with so many units and inputs that of a unit for an input lies; see
/// [`DENSE_GROUP`].
pub(crate) const fn dense_place([units, inputs]: [usize; 2], unit: usize, input: usize) -> usize {
    let (first, group) = (unit - unit % DENSE_GROUP, input - input % DENSE_GROUP);
    if first + DENSE_GROUP > units {
        unit * inputs + input
    } else if group + DENSE_GROUP > inputs {
        first * inputs + DENSE_GROUP * input + unit % DENSE_GROUP
    } else {
        first * inputs + DENSE_GROUP * (group + unit % DENSE_GROUP) + input % DENSE_GROUP
    }
}

/// How windows move over an input along one axis. All fields are 0 where an operator has no windows.
///
/// | byte | type | field       |
/// |------|------|-------------|
/// | 0    | u16  | `kernel`    |
/// | 2    | u16  | `stride`    |
/// | 4    | u16  | `pad_begin` |
/// | 6    | u16  | `pad_end`   |
/// | 8    | u16  | `pool`      |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// Size of a window, from 1.
    pub kernel: u16,
    /// Step from one window to the next, from 1.
    pub stride: u16,
    /// Places before the input, fewer than the kernel's, that add nothing and are never a maximum.
    pub pad_begin: u16,
    /// Places after the input of the same kind, fewer than the kernel's.
    pub pad_end: u16,
    /// Size and step of the tiles of a convolution's output of which the maximum is taken; 1 for none.
    pub pool: u16,
}

impl Axis {
    /// Bytes of an encoded axis.
    pub const LEN: usize = 10;

    /// The bytes of windows of one place each, at every place.
    pub(crate) const POINT: [u8; Self::LEN] = [1, 0, 1, 0, 0, 0, 0, 0, 1, 0];

    /// The length of the output: of the `(input + pad_begin + pad_end - kernel) / stride + 1` places of the window one for
    /// each `pool`, both rounded down. 0 where no window or no tile fits; `None` if kernel, stride or pool is 0.
    pub const fn output(self, input: u16) -> Option<u32> {
        if self.kernel == 0 {
            return None;
        }
        let Some(room) = self.padded(input).checked_sub(self.kernel as u32) else {
            return Some(0);
        };
        match room.checked_div(self.stride as u32) {
            Some(steps) => (steps + 1).checked_div(self.pool as u32),
            None => None,
        }
    }

    /// The length of the input and of its padding.
    pub(crate) const fn padded(self, input: u16) -> u32 {
        input as u32 + self.pad_begin as u32 + self.pad_end as u32
    }

    /// Where the first window for the output at `index` starts in the padded input; what it says of an output that does
    /// not exist has no meaning.
    pub(crate) const fn start(self, index: u16) -> u32 {
        (index as u32 * self.pool as u32).wrapping_mul(self.stride as u32)
    }

    /// The places of the input, which has `len`, that the output at `index` is made of.
    pub(crate) const fn covered(self, len: u16, index: u16) -> Range<u16> {
        let last = (self.pool as u32).saturating_sub(1) * self.stride as u32;
        let start = self.start(index);
        let end = start + last + self.kernel as u32;
        self.inside(len, start)..self.inside(len, end)
    }

    /// The place of the input nearest to one of the padded input.
    const fn inside(self, len: u16, place: u32) -> u16 {
        let place = place.saturating_sub(self.pad_begin as u32);
        if place < len as u32 {
            place as u16
        } else {
            len
        }
    }

    fn encode(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let fields = [
            self.kernel,
            self.stride,
            self.pad_begin,
            self.pad_end,
            self.pool,
        ];
        for (field, at) in fields.into_iter().zip((0..).step_by(2)) {
            put(&mut bytes, at, field.to_le_bytes());
        }
        bytes
    }

    #[inline(always)]
    pub(crate) const fn decode(bytes: &[u8; Self::LEN]) -> Self {
        Self {
            kernel: half_word(bytes, 0),
            stride: half_word(bytes, 2),
            pad_begin: half_word(bytes, 4),
            pad_end: half_word(bytes, 6),
            pool: half_word(bytes, 8),
        }
    }
}

/// One entry of the operator table. The operator at `index` makes the tensor `index + 1`.
///
/// | byte | type     | field                                          |
/// |------|----------|------------------------------------------------|
/// | 0    | u8       | `kind`                                         |
/// | 1    | u8       | `upwards`: 0 or 1                              |
/// | 2    | u16      | `inputs`: the first                            |
/// | 4    | u16      | `inputs`: the second, [`NO_TENSOR`] for none   |
/// | 6    | u16      | `groups`                                       |
/// | 8    | Axis     | `rows`: kernel, stride, pads, pool, each u16   |
/// | 18   | Axis     | `columns`: kernel, stride, pads, pool, each u16|
/// | 28   | u32      | `weights_at`                                   |
/// | 32   | u32      | `biases_at`                                    |
/// | 36   | u32      | `multipliers_at`                               |
/// | 40   | 8 bytes  | zero                                           |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorRecord {
    /// What the operator does; see [the kinds](super#kinds-of-operators).
    pub kind: u8,
    /// Whether the rows of the output are made from the last one up.
    pub upwards: bool,
    /// The tensors that it reads, by their index in the tensor table, each less than that of its output.
    pub inputs: [u16; 2],
    /// Groups of channels of a convolution that know nothing of each other; other kinds do not read it.
    pub groups: u16,
    /// How windows move down.
    pub rows: Axis,
    /// How windows move to the right.
    pub columns: Axis,
    /// Where the weights, or the table of an operator that looks its output up, start, in bytes from the start of the
    /// file; 0 for none.
    pub weights_at: u32,
    /// Where the biases start; 0 for none.
    pub biases_at: u32,
    /// Where the multipliers start; 0 for none.
    pub multipliers_at: u32,
}

impl OperatorRecord {
    pub(crate) const KIND_AT: usize = 0;
    pub(crate) const UPWARDS_AT: usize = 1;
    pub(crate) const INPUTS_AT: [usize; 2] = [2, 4];
    pub(crate) const GROUPS_AT: usize = 6;
    pub(crate) const ROWS_AT: usize = 8;
    pub(crate) const COLUMNS_AT: usize = Self::ROWS_AT + Axis::LEN;
    pub(crate) const WEIGHTS_AT: usize = 28;
    pub(crate) const BIASES_AT: usize = 32;
    pub(crate) const MULTIPLIERS_AT: usize = 36;

    /// The bytes that must be zero.
    pub(crate) const ZEROS: Range<usize> = 40..OPERATOR_LEN;

    /// The record's bytes.
    pub fn encode(&self) -> [u8; OPERATOR_LEN] {
        let mut bytes = [0; OPERATOR_LEN];
        put(&mut bytes, Self::KIND_AT, [self.kind]);
        put(&mut bytes, Self::UPWARDS_AT, [self.upwards.into()]);
        for (input, at) in self.inputs.into_iter().zip(Self::INPUTS_AT) {
            put(&mut bytes, at, input.to_le_bytes());
        }
        put(&mut bytes, Self::GROUPS_AT, self.groups.to_le_bytes());
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
    #[inline(always)]
    pub const fn decode(bytes: &[u8; OPERATOR_LEN]) -> Self {
        let [kind, upwards] = *get(bytes, Self::KIND_AT);
        Self {
            kind,
            upwards: upwards != 0,
            inputs: [
                half_word(bytes, Self::INPUTS_AT[0]),
                half_word(bytes, Self::INPUTS_AT[1]),
            ],
            groups: half_word(bytes, Self::GROUPS_AT),
            rows: Axis::decode(get(bytes, Self::ROWS_AT)),
            columns: Axis::decode(get(bytes, Self::COLUMNS_AT)),
            weights_at: word(bytes, Self::WEIGHTS_AT),
            biases_at: word(bytes, Self::BIASES_AT),
            multipliers_at: word(bytes, Self::MULTIPLIERS_AT),
        }
    }
}
