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
        outputs.push(output(layer, input, shape, zero_point));
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

fn output(layer: &LayerContents, input: &[i8], shape: Shape, zero_point: i8) -> Vec<i8> {
    if layer.kind == KIND_CONVOLUTION {
        return pool(
            layer,
            &convolution(layer, input, shape, zero_point),
            places(layer, shape),
        );
    }
    let unit = |(unit, weights): (usize, &[i8])| {
        let sum: i64 = input
            .iter()
            .zip(weights)
            .map(|(&x, &w)| difference(x, zero_point) * i64::from(w))
            .sum();
        requantize(
            sum + i64::from(layer.biases[unit]),
            value(layer.multipliers[unit]),
            layer.output_zero_point,
        )
    };
    layer
        .weights
        .chunks(input.len())
        .enumerate()
        .map(unit)
        .collect()
}

/// Rows and columns of the convolution before pooling.
fn places(layer: &LayerContents, input: Shape) -> [usize; 2] {
    [(layer.rows, input.rows), (layer.columns, input.columns)].map(|(axis, len)| {
        let padded = usize::from(len) + usize::from(axis.pad_begin) + usize::from(axis.pad_end);
        (padded - usize::from(axis.kernel)) / usize::from(axis.stride) + 1
    })
}

fn convolution(layer: &LayerContents, input: &[i8], shape: Shape, zero_point: i8) -> Vec<i8> {
    let [rows, columns] = places(layer, shape);
    let mut output = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            for filter in 0..usize::from(layer.output.channels) {
                let sum = window(layer, input, shape, zero_point, [row, column, filter]);
                let m = value(layer.multipliers[filter]);
                output.push(requantize(
                    sum + i64::from(layer.biases[filter]),
                    m,
                    layer.output_zero_point,
                ));
            }
        }
    }
    output
}

fn window(
    layer: &LayerContents,
    input: &[i8],
    shape: Shape,
    zero_point: i8,
    [row, column, filter]: [usize; 3],
) -> i64 {
    let channels = usize::from(shape.channels);
    let place = |axis: Axis, index: usize, tap: usize| {
        (index * usize::from(axis.stride) + tap).checked_sub(usize::from(axis.pad_begin))
    };
    let [kernel_rows, kernel_columns] = [layer.rows.kernel, layer.columns.kernel].map(usize::from);
    let mut sum = 0;
    for (down, right) in
        (0..kernel_rows).flat_map(|down| (0..kernel_columns).map(move |right| (down, right)))
    {
        let at = place(layer.rows, row, down).zip(place(layer.columns, column, right));
        let inside = |&(y, x): &(usize, usize)| {
            y < usize::from(shape.rows) && x < usize::from(shape.columns)
        };
        for channel in 0..channels {
            let pixel = at.filter(inside).map_or(zero_point, |(y, x)| {
                input[(y * usize::from(shape.columns) + x) * channels + channel]
            });
            let weight = layer.weights
                [((filter * kernel_rows + down) * kernel_columns + right) * channels + channel];
            sum += difference(pixel, zero_point) * i64::from(weight);
        }
    }
    sum
}

fn pool(layer: &LayerContents, values: &[i8], [_, columns]: [usize; 2]) -> Vec<i8> {
    let [tile_rows, tile_columns] = [layer.rows.pool, layer.columns.pool].map(usize::from);
    let channels = usize::from(layer.output.channels);
    let mut output = Vec::new();
    for row in 0..usize::from(layer.output.rows) {
        for column in 0..usize::from(layer.output.columns) {
            for channel in 0..channels {
                let tile = (0..tile_rows)
                    .flat_map(|down| (0..tile_columns).map(move |right| (down, right)));
                let at = |(down, right)| {
                    (row * tile_rows + down) * columns + column * tile_columns + right
                };
                output.push(
                    tile.map(|place| values[at(place) * channels + channel])
                        .max()
                        .unwrap(),
                );
            }
        }
    }
    output
}

fn difference(value: i8, zero_point: i8) -> i64 {
    i64::from(value) - i64::from(zero_point)
}
