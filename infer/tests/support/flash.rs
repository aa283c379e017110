//! Small flash files.

use no_std_core::format::{Axis, Contents, KIND_DENSE, LayerContents, Shape};
use no_std_core::requantize::Multiplier;

/// A model of two classes, dark and bright: logits 0 and `(sum of pixels - 784 * 127.5) / 1024`.
///
/// Each step of a logit halves a probability. It wants at least three quarters.
pub fn brightness() -> Contents {
    let classes = LayerContents {
        kind: KIND_DENSE,
        output: shape(1, 1, 2),
        output_zero_point: 0,
        rows: Axis::default(),
        columns: Axis::default(),
        weights: [[0; 784], [1; 784]].concat(),
        biases: vec![0, -99_960],
        multipliers: multipliers(1.0 / 1024.0),
    };
    Contents {
        labels: vec!["dark".into(), "bright".into()],
        ..Contents::new(shape(28, 28, 1), -128, vec![classes])
    }
}

/// The same factor for both classes.
pub fn multipliers(factor: f32) -> Vec<Multiplier> {
    vec![Multiplier::from_f32_bits(factor.to_bits()).unwrap(); 2]
}

pub fn shape(rows: u16, columns: u16, channels: u16) -> Shape {
    Shape {
        rows,
        columns,
        channels,
    }
}
