//! What all backends share, and the loops for what their own leave over.

use super::{Sums, UNITS};
use crate::format::SUM_ENTRIES;
use crate::requantize::{Multiplier, Requantizer};

/// A channel of the rows of an input that a row of windows covers.
pub struct Channel<'a> {
    /// The input from the first of these rows on.
    pub values: &'a [i8],
    /// The index of the channel among `channels`, which lie side by side.
    pub index: usize,
    pub channels: usize,
    /// The value that stands for 0.
    pub zero_point: i8,
    /// Rows that the windows cover, and columns of the input.
    pub rows: usize,
    pub columns: usize,
    /// Columns of a window, and of the step from one to the next.
    pub kernel: usize,
    pub stride: usize,
    /// The column that the first window begins with; less than 0 in the padding.
    pub first: isize,
}

/// Adds the products of a channel with its weights, `[row][column]`, to the sums of windows that follow each other.
pub fn add_channel(channel: &Channel<'_>, weights: &[u8], sums: &mut [i32]) {
    let row_len = channel.columns * channel.channels;
    let mut first = channel.first;
    for sum in sums {
        let mut total = *sum;
        // Columns of the window before the input, and those before its end.
        let before = (-first).max(0).cast_unsigned();
        let inside = (channel.columns.cast_signed() - first)
            .max(0)
            .cast_unsigned();
        let begin = (first + before.cast_signed()).cast_unsigned() * channel.channels;
        let rows = channel.values.chunks(row_len.max(1)).take(channel.rows);
        for (values, weights) in rows.zip(weights.chunks(channel.kernel.max(1))) {
            let weights = weights.get(before..).unwrap_or_default();
            let values = values.get(begin + channel.index..).unwrap_or_default();
            let values = values.iter().step_by(channel.channels.max(1));
            for (&value, weight) in values.zip(weights).take(inside.saturating_sub(before)) {
                let difference = i32::from(value) - i32::from(channel.zero_point);
                total += difference * i32::from(weight.cast_signed());
            }
        }
        *sum = total;
        first += channel.stride.cast_signed();
    }
}

/// Adds to the sum of each unit the products of its weights with the input from `first` on, less its zero point. The units'
/// weights begin every `input.len()` bytes.
pub fn add_one_by_one(
    input: &[i8],
    first: usize,
    zero_point: i8,
    weights: &[u8],
    sums: &mut [i32; UNITS],
) {
    let values = input.get(first..).unwrap_or_default();
    for (sum, weights) in sums.iter_mut().zip(weights.chunks(input.len().max(1))) {
        let weights = weights.get(first..).unwrap_or_default();
        for (&value, weight) in values.iter().zip(weights) {
            let difference = i32::from(value) - i32::from(zero_point);
            *sum += difference * i32::from(weight.cast_signed());
        }
    }
}

/// See [`Backend::requantize`](super::Backend::requantize).
pub fn requantize(
    sums: &Sums<'_>,
    multipliers: &[[u8; 4]],
    zero_point: i8,
    outputs: &mut [i8],
    stride: usize,
) {
    let filters = sums.values.chunks(sums.group.max(1)).zip(multipliers);
    for (at, (sums_of, &multiplier)) in filters.enumerate() {
        let requantizer = Requantizer::new(Multiplier::of_checked(multiplier), zero_point);
        let values = outputs.get_mut(at..).unwrap_or_default().iter_mut();
        let sums_of = sums_of.iter().take(sums.lanes);
        for (value, &sum) in values.step_by(stride.max(1)).zip(sums_of) {
            *value = requantizer.requantize(sum);
        }
    }
}

/// Adds a value to each sum.
pub fn accumulate(sums: &mut [i32], values: &[i8]) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += i32::from(value);
    }
}

/// Looks up what the sums of two values become.
pub fn add(output: &mut [i8], other: &[i8], table: &[u8; SUM_ENTRIES]) {
    for (value, &other) in output.iter_mut().zip(other) {
        let sum = i16::from(*value) + i16::from(other) - 2 * i16::from(i8::MIN);
        *value = table[sum as usize].cast_signed();
    }
}
