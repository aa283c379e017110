//! The network computed as ONNX defines `QLinearConv` and `MaxPool`, in 64-bit sums and real single-precision floats,
//! pooling last.

use no_std_core::format::{Axis, KIND_CONVOLUTION, Shape};
use no_std_core::requantize::Multiplier;

use crate::support::{Contents, LayerContents};

/// The outputs of all layers.
pub fn outputs(model: &Contents, image: &[i8]) -> Vec<Vec<i8>> {
    let mut outputs: Vec<Vec<i8>> = Vec::new();
    let (mut shape, mut zero_point) = (model.input, model.input_zero_point);
    for layer in &model.layers {
        let input = outputs.last().map_or(image, Vec::as_slice);
        let differences: Vec<i64> = input
            .iter()
            .map(|&value| i64::from(value) - i64::from(zero_point))
            .collect();
        outputs.push(if layer.kind == KIND_CONVOLUTION {
            pool(layer, &convolution(layer, &differences, shape))
        } else {
            dense(layer, &differences)
        });
        (shape, zero_point) = (layer.output, layer.output_zero_point);
    }
    outputs
}

/// `acc` times `m` in single precision, rounded, plus the zero point, saturated.
pub fn requantize(acc: i64, m: f32, zero_point: i8) -> i8 {
    let product = (i32::try_from(acc).expect("sums fit 32 bits") as f32 * m).round_ties_even();
    (f64::from(product) + f64::from(zero_point)).clamp(-128.0, 127.0) as i8
}

/// The number that a multiplier stands for.
pub fn value(multiplier: Multiplier) -> f32 {
    (f64::from(multiplier.mantissa()) * 2_f64.powi(-i32::from(multiplier.shift()))) as f32
}

/// The output of a channel with this sum of products.
fn output(layer: &LayerContents, channel: usize, products: i64) -> i8 {
    let m = value(layer.multipliers[channel]);
    let sum = products + i64::from(layer.biases[channel]);
    requantize(sum, m, layer.output_zero_point)
}

fn products(values: &[i64], weights: &[i8]) -> i64 {
    let pairs = values.iter().zip(weights);
    pairs.map(|(x, &w)| x * i64::from(w)).sum()
}

fn dense(layer: &LayerContents, input: &[i64]) -> Vec<i8> {
    let units = layer.weights.chunks(input.len()).enumerate();
    units
        .map(|(unit, weights)| output(layer, unit, products(input, weights)))
        .collect()
}

/// Rows, columns and channels of the convolution before pooling.
fn convolution(layer: &LayerContents, input: &[i64], shape: Shape) -> Vec<Vec<Vec<i8>>> {
    let places = |axis: Axis, len: u16| {
        let padded = usize::from(len) + usize::from(axis.pad_begin) + usize::from(axis.pad_end);
        0..(padded - usize::from(axis.kernel)) / usize::from(axis.stride) + 1
    };
    let filters = |row, column| {
        (0..usize::from(layer.output.channels))
            .map(|filter| {
                output(
                    layer,
                    filter,
                    window(layer, input, shape, [row, column, filter]),
                )
            })
            .collect()
    };
    places(layer.rows, shape.rows)
        .map(|row| {
            places(layer.columns, shape.columns)
                .map(|column| filters(row, column))
                .collect()
        })
        .collect()
}

/// The sum of a window's products; padding adds nothing.
fn window(
    layer: &LayerContents,
    input: &[i64],
    shape: Shape,
    [row, column, filter]: [usize; 3],
) -> i64 {
    let place = |axis: Axis, index: usize, tap: usize, len: u16| {
        let place = (index * usize::from(axis.stride) + tap).checked_sub(axis.pad_begin.into())?;
        (place < usize::from(len)).then_some(place)
    };
    let [height, width] = [layer.rows.kernel, layer.columns.kernel].map(usize::from);
    let channels = usize::from(shape.channels);
    let mut sum = 0;
    for (down, right) in (0..height).flat_map(|down| (0..width).map(move |right| (down, right))) {
        if let Some(y) = place(layer.rows, row, down, shape.rows)
            && let Some(x) = place(layer.columns, column, right, shape.columns)
        {
            let pixels = &input[(y * usize::from(shape.columns) + x) * channels..][..channels];
            let weights = &layer.weights[((filter * height + down) * width + right) * channels..];
            sum += products(pixels, weights);
        }
    }
    sum
}

fn pool(layer: &LayerContents, values: &[Vec<Vec<i8>>]) -> Vec<i8> {
    let [height, width] = [layer.rows.pool, layer.columns.pool].map(usize::from);
    let mut output = Vec::new();
    for rows in values.chunks_exact(height) {
        for column in 0..usize::from(layer.output.columns) {
            let tile = || {
                rows.iter()
                    .flat_map(|row| &row[column * width..(column + 1) * width])
            };
            let channels = 0..usize::from(layer.output.channels);
            output.extend(channels.filter_map(|channel| tile().map(|place| place[channel]).max()));
        }
    }
    output
}
