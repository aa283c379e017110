//! The layers as they are defined: sums of 64 bits, one value at a time, and real single precision, which these processors
//! compute in software.

use no_std_core::format::{Axis, KIND_DENSE, LayerRecord};

use super::case::window_len;

/// One value of a layer's output.
pub fn output(layer: &LayerRecord, file: &[u8], input: &[i8], index: usize) -> i8 {
    if layer.kind == KIND_DENSE {
        dense(layer, file, input, index)
    } else {
        convolution(layer, file, input, index)
    }
}

/// One value of the convolution's output, the maximum of its tile.
fn convolution(layer: &LayerRecord, file: &[u8], input: &[i8], index: usize) -> i8 {
    let [columns, channels] = [layer.output.columns, layer.output.channels].map(usize::from);
    let (place, filter) = (index / channels, index % channels);
    let (row, column) = (place / columns, place % columns);
    let pool = |axis: Axis, place: usize| {
        place * usize::from(axis.pool)..(place + 1) * usize::from(axis.pool)
    };
    pool(layer.rows, row)
        .flat_map(|down| pool(layer.columns, column).map(move |right| (down, right)))
        .map(|window| {
            let sum = window_sum(layer, file, input, window, filter);
            requantize(file, layer, filter, sum)
        })
        .max()
        .expect("tiles have windows")
}

fn window_sum(
    layer: &LayerRecord,
    file: &[u8],
    image: &[i8],
    (down, right): (usize, usize),
    filter: usize,
) -> i64 {
    let [rows, columns, channels] =
        [layer.input.rows, layer.input.columns, layer.input.channels].map(usize::from);
    let weights = &file[layer.weights_at as usize + filter * window_len(layer)..];
    let mut sum = 0;
    for (tap, &weight) in weights[..window_len(layer)].iter().enumerate() {
        let (place, channel) = (tap / channels, tap % channels);
        let kernel_columns = usize::from(layer.columns.kernel);
        let row = (down * usize::from(layer.rows.stride) + place / kernel_columns)
            .checked_sub(usize::from(layer.rows.pad_begin));
        let column = (right * usize::from(layer.columns.stride) + place % kernel_columns)
            .checked_sub(usize::from(layer.columns.pad_begin));
        if let (Some(row), Some(column)) = (row, column)
            && row < rows
            && column < columns
        {
            let value = image[(row * columns + column) * channels + channel];
            sum += product(layer, value, weight);
        }
    }
    sum
}

/// One value of the dense layer's output.
fn dense(layer: &LayerRecord, file: &[u8], input: &[i8], unit: usize) -> i8 {
    let weights = &file[layer.weights_at as usize + unit * input.len()..];
    let products = input
        .iter()
        .zip(weights)
        .map(|(&value, &weight)| product(layer, value, weight));
    requantize(file, layer, unit, products.sum())
}

fn product(layer: &LayerRecord, value: i8, weight: u8) -> i64 {
    (i64::from(value) - i64::from(layer.input_zero_point)) * i64::from(weight.cast_signed())
}

/// The output of a sum without its bias.
fn requantize(file: &[u8], layer: &LayerRecord, channel: usize, sum: i64) -> i8 {
    let entry = |at: u32| {
        file[at as usize + 4 * channel..]
            .first_chunk()
            .copied()
            .expect("tables are whole")
    };
    let sum = sum + i64::from(i32::from_le_bytes(entry(layer.biases_at)));
    let multiplier = u32::from_le_bytes(entry(layer.multipliers_at));
    let (shift, mantissa) = (multiplier >> 24, multiplier & 0xff_ffff);
    let scale = f32::from_bits((127 - shift) << 23);
    let product = sum as i32 as f32 * (mantissa as f32 * scale);
    (f64::from(round(product)) + f64::from(layer.output_zero_point)) as i8
}

/// The nearest integer, of two the even one: beyond 2^23 there are no others, and below it a sum with 1.5 * 2^23 has no bits
/// for fractions.
fn round(x: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    if (-4_194_304.0..4_194_304.0).contains(&x) {
        core::hint::black_box(x + MAGIC) - MAGIC
    } else {
        x
    }
}
