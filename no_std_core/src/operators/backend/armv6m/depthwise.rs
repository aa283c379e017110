//! Depthwise convolution with kernels three columns wide: the windows of one channel after the other, from left to right.
//!
//! A column of the input is read once, for all windows that it is in. The weights of a channel are on the stack as words,
//! ready to be multiplied and lost. The zero point is taken off in what the sums start from; a column in the padding is one
//! of zero points.

mod loops;

use loops::{add_every_other, add_neighbours};

use crate::operators::backend::plain::{self, Channels};

/// Columns of a kernel.
const SIDE: usize = 3;

/// See [`Backend::add_channels`](crate::operators::backend::Backend::add_channels).
#[inline(never)] // What it needs on the stack, its caller need not keep.
pub fn add_channels(channels: &Channels<'_>, sums: &mut [i32]) {
    let Some(task) = Task::of(channels, sums) else {
        return plain::add_channels(channels, sums);
    };
    // SAFETY: `Task::of` has seen that all that the loops read and write is there.
    unsafe {
        match (channels.stride, channels.rows) {
            (1, 2) => add_neighbours::<2>(task),
            (1, _) => add_neighbours::<3>(task),
            (_, 2) => add_every_other::<2>(task),
            (_, _) => add_every_other::<3>(task),
        }
    }
}

/// What the loops are called with: three words in registers, the others on the stack, where they may change.
#[repr(C)]
struct Task {
    /// From a row of the input to the next one, and from the last row of a column to the first of the next one.
    row: usize,
    column: isize,
    sums: *mut i32,
    /// What the zero point is taken off with.
    negated: i32,
    /// The weights of a channel, and from one channel to the next.
    weights: *const u8,
    weights_len: usize,
    /// The column of the channel where the last window that ends in the input ends, and from there the first one that is
    /// read.
    end: *const i8,
    begin: isize,
    /// Whether the first window begins in the padding, and whether the last one ends there.
    before: usize,
    after: usize,
    sums_end: *const i32,
}

impl Task {
    /// `None` for what the loops are not made for.
    fn of(channels: &Channels<'_>, sums: &mut [i32]) -> Option<Self> {
        let &Channels {
            rows,
            columns,
            place,
            stride,
            windows,
            first,
            ..
        } = channels;
        if channels.kernel != SIDE || !(2..=3).contains(&rows) || !(1..=2).contains(&stride) {
            return None;
        }
        // The column behind the last window, and how many before it are in the padding: of the three of a window two are
        // read without a look, the second one and, of windows that do not begin in the padding, the first one.
        let end = first + (windows.checked_sub(1)? * stride + SIDE).cast_signed();
        let after = (end - columns.cast_signed()).max(0);
        if first < -1 || first + 1 >= columns.cast_signed() || after > 1 {
            return None;
        }
        let count = sums.len() / windows;
        let row = columns * place;
        let values = ((rows - 1) * row + (columns - 1) * place).checked_add(count)?;
        let weights = count.checked_sub(1)?.checked_mul(channels.weights_len)? + rows * SIDE;
        if count * windows != sums.len()
            || channels.values.len() < values
            || channels.weights.len() < weights
        {
            return None;
        }
        let end = end - after * stride.cast_signed();
        let place = place.cast_signed();
        Some(Self {
            row,
            column: place - ((rows - 1) * row).cast_signed(),
            sums: sums.as_mut_ptr(),
            negated: -i32::from(channels.zero_point),
            weights: channels.weights.as_ptr(),
            weights_len: channels.weights_len,
            end: channels.values.as_ptr().wrapping_offset(end * place),
            begin: (first.max(0) - end) * place,
            before: usize::from(first < 0),
            after: after.cast_unsigned(),
            sums_end: sums.as_ptr_range().end,
        })
    }
}
