//! Small flash files.

use no_std_core::format::{
    Contents, KIND_DENSE, OperatorContents, OperatorRecord, Shape, TensorRecord,
};
use no_std_core::requantize::Multiplier;

/// A model of two classes, dark and bright: logits 0 and `(sum of pixels - 784 * 127.5) / 1024`.
///
/// Each step of a logit halves a probability. It wants at least three quarters.
pub fn brightness() -> Contents {
    let input = TensorRecord::new(shape(28, 28, 1), 1.0 / 255.0, -128);
    let output = TensorRecord::new(shape(1, 1, 2), 0.5, 0);
    let classes = OperatorContents {
        weights: [[0; 784], [1; 784]].concat(),
        biases: vec![0, -99_960],
        multipliers: multipliers(1.0 / 1024.0),
        ..OperatorContents::new(OperatorRecord::new(KIND_DENSE, 0), output)
    };
    let mut contents = Contents {
        labels: vec!["dark".into(), "bright".into()],
        ..Contents::new(input, vec![classes])
    };
    contents.plan();
    contents
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
