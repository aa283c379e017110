//! What all backends share, and the loops for what their own leave over.

use super::{Backend, Filters, LANES, Products, Sums};
use crate::format::{DENSE_GROUP, SUM_ENTRIES, dense_place};
use crate::requantize::{Multiplier, Requantizer};

/// Neighbouring channels of a row of windows, each with weights of its own.
pub struct Channels<'a> {
    /// The input from the first of the channels in the first row that the windows cover on.
    pub values: &'a [i8],
    /// Values of a place, and columns of the input.
    pub place: usize,
    pub columns: usize,
    /// The value that stands for 0.
    pub zero_point: i8,
    /// Rows of the input that the windows cover.
    pub rows: usize,
    /// Columns of a window, and of the step from one to the next.
    pub kernel: usize,
    pub stride: usize,
    /// The number of windows, and the column that the first one begins with; less than 0 in the padding.
    pub windows: usize,
    pub first: isize,
    /// The weights of the first channel, `[row][column]`, from the first row covered on; those of the next channels begin
    /// every `weights_len` bytes.
    pub weights: &'a [u8],
    pub weights_len: usize,
}

/// See [`Backend::add_channels`](super::Backend::add_channels).
#[inline(never)] // What it needs on the stack, its caller need not keep.
pub fn add_channels(channels: &Channels<'_>, sums: &mut [i32]) {
    for sums in sums.chunks_mut(channels.windows.max(1)) {
        if let Some((first, others)) = sums.split_first_mut() {
            others.fill(*first);
        }
    }
    let mut first = channels.first;
    for window in 0..channels.windows {
        // The taps of a row of the window that lie in the input.
        let left = channels.columns.cast_signed() - first;
        let end = left.max(0).cast_unsigned().min(channels.kernel);
        let begin = (-first).max(0).cast_unsigned();
        let mut values = (first + begin.cast_signed()).cast_unsigned() * channels.place;
        let mut weights = begin;
        let sums = sums.get_mut(window..).unwrap_or_default();
        for _ in 0..channels.rows {
            let mut values_left = channels.values.get(values..).unwrap_or_default();
            let mut weights_left = channels.weights.get(weights..).unwrap_or_default();
            let mut taps = end.saturating_sub(begin);
            while taps > 0 {
                let added = if taps < 3 { 1 } else { 3 };
                if added == 3 {
                    add_three_taps(channels, values_left, weights_left, sums);
                } else {
                    add_tap(channels, values_left, weights_left, sums);
                }
                taps -= added;
                let skipped = added * channels.place;
                values_left = values_left.get(skipped..).unwrap_or_default();
                weights_left = weights_left.get(added..).unwrap_or_default();
            }
            values += channels.columns * channels.place;
            weights += channels.kernel;
        }
        first += channels.stride.cast_signed();
    }
}

/// Adds the product of a value with the first of its weights to the sum of each channel, every `windows` sums.
fn add_tap(channels: &Channels<'_>, values: &[i8], weights: &[u8], sums: &mut [i32]) {
    let zero_point = i32::from(channels.zero_point);
    let (mut weight, mut sum) = (0, 0);
    for &value in values {
        let (Some(&w), Some(total)) = (weights.get(weight), sums.get_mut(sum)) else {
            return;
        };
        *total += (i32::from(value) - zero_point) * i32::from(w.cast_signed());
        weight += channels.weights_len;
        sum += channels.windows;
    }
}

/// [`add_tap`] for three neighbours.
fn add_three_taps(channels: &Channels<'_>, values: &[i8], weights: &[u8], sums: &mut [i32]) {
    let zero_point = i32::from(channels.zero_point);
    let second = values.get(channels.place..).unwrap_or_default();
    let third = second.get(channels.place..).unwrap_or_default();
    let (mut weights, mut sum) = (weights, 0);
    for ((&a, &b), &c) in values.iter().zip(second).zip(third) {
        let ([u, v, w, ..], Some(total)) = (weights, sums.get_mut(sum)) else {
            return;
        };
        *total += (i32::from(a) - zero_point) * i32::from(u.cast_signed())
            + (i32::from(b) - zero_point) * i32::from(v.cast_signed())
            + (i32::from(c) - zero_point) * i32::from(w.cast_signed());
        weights = weights.get(channels.weights_len..).unwrap_or_default();
        sum += channels.windows;
    }
}

/// Windows from left to right, all in the input.
pub struct Neighbours<'a> {
    /// The input from the first one on.
    pub values: &'a [i8],
    /// Values from one to the next.
    pub step: usize,
    /// Rows of each, and values from one row to the next.
    pub rows: usize,
    pub row_step: usize,
    /// Values of a row that are wanted.
    pub width: usize,
}

/// See [`Patch::convolve`](super::Patch::convolve), by way of sums that there is room for: `begin` makes them what they start
/// from, and `add` adds the products.
pub fn convolve<B: Backend>(
    products: Products<'_, '_>,
    begin: impl FnOnce(&mut [[i32; LANES]], &[[u8; 4]]),
    add: impl FnOnce(&mut [[i32; LANES]]),
) {
    let Products { filters, sums, .. } = products;
    if products.is_first {
        begin(sums, filters.biases);
    }
    add(sums);
    if !products.is_last {
        return;
    }
    let outputs = products.outputs;
    if outputs.windows == 0 {
        keep_greatest(sums);
    }
    let sums = Sums {
        values: sums.as_flattened(),
        group: LANES,
        lanes: outputs.windows.max(1),
    };
    let (multipliers, zero_point) = (filters.multipliers, filters.zero_point);
    B::requantize(
        &sums,
        multipliers,
        zero_point,
        outputs.values,
        outputs.stride,
    );
}

/// Makes the sums of each filter what they start from.
pub fn begin(sums: &mut [[i32; LANES]], biases: &[[u8; 4]]) {
    for (sums, &bias) in sums.iter_mut().zip(biases) {
        *sums = [i32::from_le_bytes(bias); LANES];
    }
}

/// Makes the first sum of each filter the greatest one.
fn keep_greatest(sums: &mut [[i32; LANES]]) {
    for sums in sums {
        let [a, b, c, d] = *sums;
        sums[0] = a.max(b).max(c.max(d));
    }
}

/// See [`Backend::dense`].
pub fn dense(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]) {
    let (fours, _) = outputs.as_chunks_mut::<DENSE_GROUP>();
    let done = fours.len() * DENSE_GROUP;
    for (block, outputs) in fours.iter_mut().enumerate() {
        let units = units.skip(block * DENSE_GROUP);
        let mut sums = [0; DENSE_GROUP];
        for (sum, &bias) in sums.iter_mut().zip(units.biases) {
            *sum = i32::from_le_bytes(bias);
        }
        add_products_of_four(input, zero_point, units.weights, &mut sums);
        for ((output, sum), &multiplier) in outputs.iter_mut().zip(sums).zip(units.multipliers) {
            *output = Multiplier::of_checked(multiplier).requantize(sum, units.zero_point);
        }
    }
    dense_one_by_one(input, zero_point, units, done, outputs);
}

/// The units from `first` on.
#[inline(never)] // What it needs on the stack, its caller need not keep.
pub fn dense_one_by_one(
    input: &[i8],
    zero_point: i8,
    units: &Filters<'_>,
    first: usize,
    outputs: &mut [i8],
) {
    let sizes = [outputs.len(), input.len()];
    for unit in first..outputs.len() {
        let bias = units.biases.get(unit).copied().unwrap_or_default();
        let mut sum = i32::from_le_bytes(bias);
        for (index, &value) in input.iter().enumerate() {
            let weight = units.weights.get(dense_place(sizes, unit, index));
            let weight = weight.map_or(0, |weight| weight.cast_signed());
            sum += (i32::from(value) - i32::from(zero_point)) * i32::from(weight);
        }
        if let (Some(output), Some(&multiplier)) =
            (outputs.get_mut(unit), units.multipliers.get(unit))
        {
            *output = Multiplier::of_checked(multiplier).requantize_one(sum, units.zero_point);
        }
    }
}

/// Adds to the sums of four units side by side the products of the input, less its zero point, with their weights.
fn add_products_of_four(
    input: &[i8],
    zero_point: i8,
    weights: &[u8],
    sums: &mut [i32; DENSE_GROUP],
) {
    let (groups, rest) = input.as_chunks::<DENSE_GROUP>();
    let len = groups.len() * DENSE_GROUP * DENSE_GROUP;
    let (weights, weights_of_rest) = weights.split_at_checked(len).unwrap_or_default();
    let (weights, _) = weights.as_chunks::<DENSE_GROUP>();
    // In a copy, the sums stay in registers.
    let mut totals = *sums;
    let value = |value: i8| i32::from(value) - i32::from(zero_point);
    let weight = |weight: u8| i32::from(weight.cast_signed());
    for (values, weights) in groups.iter().zip(weights.as_chunks::<DENSE_GROUP>().0) {
        let (first, second) = (value(values[0]), value(values[1]));
        let (third, fourth) = (value(values[2]), value(values[3]));
        for (total, weights) in totals.iter_mut().zip(weights) {
            *total += first * weight(weights[0])
                + second * weight(weights[1])
                + third * weight(weights[2])
                + fourth * weight(weights[3]);
        }
    }
    *sums = totals;
    add_values_of_four(rest, zero_point, weights_of_rest, sums);
}

/// [`add_products_of_four`] for the values that are left over.
pub fn add_values_of_four(
    values: &[i8],
    zero_point: i8,
    weights: &[u8],
    sums: &mut [i32; DENSE_GROUP],
) {
    for (&value, weights) in values.iter().zip(weights.chunks_exact(DENSE_GROUP)) {
        for (sum, weight) in sums.iter_mut().zip(weights) {
            let value = i32::from(value) - i32::from(zero_point);
            *sum += value * i32::from(weight.cast_signed());
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
        let mut place = at;
        for &sum in sums_of.iter().take(sums.lanes) {
            if let Some(value) = outputs.get_mut(place) {
                *value = requantizer.requantize(sum);
            }
            place += stride;
        }
    }
}

/// Places in a row, of some channels.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    /// From the first channel of the first place on.
    pub values: &'a [i8],
    /// Values from a place to the next one.
    pub stride: usize,
    pub count: usize,
}

/// See [`Backend::accumulate`](super::Backend::accumulate).
pub fn accumulate(sums: &mut [i32], places: &Places<'_>) {
    let each = places.values.chunks(places.stride.max(1));
    for values in each.take(places.count) {
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum += i32::from(value);
        }
    }
}

/// Looks up what the sums of two values become.
pub fn add(output: &mut [i8], other: &[i8], table: &[u8; SUM_ENTRIES]) {
    for (value, &other) in output.iter_mut().zip(other) {
        let sum = i16::from(*value) + i16::from(other) - 2 * i16::from(i8::MIN);
        *value = table[sum as usize].cast_signed();
    }
}
