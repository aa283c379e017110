//! The tiny model, and short ways to write shapes and layers.

use no_std_core::format::{Axis, KIND_CONVOLUTION, KIND_DENSE, Shape};
use no_std_core::requantize::Multiplier;

pub use no_std_core::format::{Contents, LayerContents};

/// The bytes of a flash file.
pub fn file(contents: &Contents) -> Vec<u8> {
    contents.to_file().unwrap()
}

/// A shape from its three sizes.
pub const fn shape(rows: u16, columns: u16, channels: u16) -> Shape {
    Shape {
        rows,
        columns,
        channels,
    }
}

/// How a convolution moves along one axis; the paddings are before and after.
pub const fn axis(kernel: u8, stride: u8, [pad_begin, pad_end]: [u8; 2], pool: u8) -> Axis {
    Axis {
        kernel,
        stride,
        pad_begin,
        pad_end,
        pool,
    }
}

/// The multiplier nearest to a number.
pub fn multiplier(m: f32) -> Multiplier {
    Multiplier::from_f32_bits(m.to_bits()).unwrap()
}

/// A dense layer with zero point 0, a unit for each bias and the same multiplier for all.
pub fn dense(weights: Vec<i8>, biases: Vec<i32>, m: f32) -> LayerContents {
    LayerContents {
        kind: KIND_DENSE,
        output: shape(1, 1, biases.len() as u16),
        output_zero_point: 0,
        rows: Axis::default(),
        columns: Axis::default(),
        weights,
        multipliers: vec![multiplier(m); biases.len()],
        biases,
    }
}

/// A convolution that moves like this in both directions, the rest as in [`dense`].
pub fn convolution(
    axis: Axis,
    output: Shape,
    weights: Vec<i8>,
    biases: Vec<i32>,
    m: f32,
) -> LayerContents {
    LayerContents {
        kind: KIND_CONVOLUTION,
        output,
        rows: axis,
        columns: axis,
        ..dense(weights, biases, m)
    }
}

/// The model of `models/FORMAT.md`: it tells a row of white pixels from a column in pictures of 4 x 4.
pub fn tiny() -> Contents {
    let row = [-1, -1, -1, 2, 2, 2, -1, -1, -1];
    let column = [-1, 2, -1, -1, 2, -1, -1, 2, -1];
    let same = axis(3, 1, [1, 1], 2);
    let filters = [row, column].concat();
    let lines = LayerContents {
        output_zero_point: -128,
        ..convolution(same, shape(2, 2, 2), filters, vec![0, -255], 0.125)
    };
    let units = [[1, -1].repeat(4), [-1, 1].repeat(4)].concat();
    let classes = dense(units, vec![0, 0], 0.125);
    let labels = vec!["row".into(), "column".into()];
    Contents {
        labels,
        ..Contents::new(shape(4, 4, 1), -128, vec![lines, classes])
    }
}
