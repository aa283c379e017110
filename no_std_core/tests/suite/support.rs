//! The tiny model, and short ways to write shapes, tensors and operators.

use no_std_core::format::{
    Axis, KIND_CONVOLUTION, KIND_DENSE, OperatorRecord, Shape, TensorRecord,
};
use no_std_core::requantize::Multiplier;

pub use no_std_core::format::{Contents, OperatorContents};

/// The bytes of a flash file, its tensors where they need the least memory.
pub fn file(contents: &Contents) -> Vec<u8> {
    let mut contents = contents.clone();
    contents.plan();
    contents.to_file().unwrap()
}

/// The bytes of a flash file whose tensors lie one behind the other, so that a run leaves all of them.
pub fn file_apart(contents: &Contents) -> Vec<u8> {
    let mut contents = contents.clone();
    let mut at = 0;
    let outputs = contents
        .operators
        .iter_mut()
        .map(|operator| &mut operator.output);
    for tensor in std::iter::once(&mut contents.input).chain(outputs) {
        (tensor.at, tensor.held) = (at, 0);
        at += tensor.shape.elements() as u32;
    }
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

/// A tensor whose values are halves.
pub fn tensor(shape: Shape, zero_point: i8) -> TensorRecord {
    TensorRecord::new(shape, 0.5, zero_point)
}

/// How windows move along one axis; the paddings are before and after.
pub const fn axis(kernel: u16, stride: u16, [pad_begin, pad_end]: [u16; 2], pool: u16) -> Axis {
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
pub fn dense(input: u16, weights: Vec<i8>, biases: Vec<i32>, m: f32) -> OperatorContents {
    let output = tensor(shape(1, 1, biases.len() as u16), 0);
    OperatorContents {
        weights,
        multipliers: vec![multiplier(m); biases.len()],
        biases,
        ..OperatorContents::new(OperatorRecord::new(KIND_DENSE, input), output)
    }
}

/// A convolution that moves like this in both directions, the rest as in [`dense`].
pub fn convolution(
    input: u16,
    axis: Axis,
    output: Shape,
    weights: Vec<i8>,
    biases: Vec<i32>,
    m: f32,
) -> OperatorContents {
    OperatorContents {
        record: OperatorRecord {
            groups: 1,
            rows: axis,
            columns: axis,
            ..OperatorRecord::new(KIND_CONVOLUTION, input)
        },
        output: tensor(output, 0),
        ..dense(input, weights, biases, m)
    }
}

/// The model of `models/FORMAT.md`: it tells a row of white pixels from a column in pictures of 4 x 4.
pub fn tiny() -> Contents {
    let row = [-1, -1, -1, 2, 2, 2, -1, -1, -1];
    let column = [-1, 2, -1, -1, 2, -1, -1, 2, -1];
    let same = axis(3, 1, [1, 1], 2);
    let filters = [row, column].concat();
    let lines = OperatorContents {
        output: tensor(shape(2, 2, 2), -128),
        ..convolution(0, same, shape(2, 2, 2), filters, vec![0, -255], 0.125)
    };
    let units = [[1, -1].repeat(4), [-1, 1].repeat(4)].concat();
    let classes = dense(1, units, vec![0, 0], 0.125);
    let input = TensorRecord::new(shape(4, 4, 1), 1.0 / 255.0, -128);
    Contents {
        labels: vec!["row".into(), "column".into()],
        ..Contents::new(input, vec![lines, classes])
    }
}
