//! Small flash files.

use no_std_core::format::{Axis, Contents, KIND_DENSE, LayerContents, ONE, Shape};
use no_std_core::prepare::Preparation;
use no_std_core::requantize::Multiplier;

/// A model before it is written.
#[derive(Clone, Debug)]
pub struct Spec {
    pub input: Shape,
    pub input_zero_point: i8,
    pub layers: Vec<LayerSpec>,
    pub labels: &'static [&'static str],
    pub threshold: u32,
    pub preparation: Preparation,
}

/// One layer; its input is the output of the one before.
#[derive(Clone, Debug)]
pub struct LayerSpec {
    pub kind: u8,
    pub output: Shape,
    pub output_zero_point: i8,
    /// Both down and to the right.
    pub axis: Axis,
    pub weights: Vec<i8>,
    pub biases: Vec<i32>,
    /// Of all channels.
    pub multiplier: f32,
}

/// A model of two classes, dark and bright: logits 0 and `(sum of pixels - 784 * 127.5) / 1024`.
///
/// Each step of a logit halves a probability. It wants at least three quarters.
pub fn brightness() -> Spec {
    let classes = LayerSpec {
        kind: KIND_DENSE,
        output: shape(1, 1, 2),
        output_zero_point: 0,
        axis: Axis::default(),
        weights: [[0; 784], [1; 784]].concat(),
        biases: vec![0, -99_960],
        multiplier: 1.0 / 1024.0,
    };
    Spec {
        input: shape(28, 28, 1),
        input_zero_point: -128,
        layers: vec![classes],
        labels: &["dark", "bright"],
        threshold: ONE / 4 * 3,
        preparation: Preparation::PLAIN,
    }
}

/// A shape from its three sizes.
pub fn shape(rows: u16, columns: u16, channels: u16) -> Shape {
    Shape {
        rows,
        columns,
        channels,
    }
}

impl Spec {
    /// The file.
    pub fn file(&self) -> Vec<u8> {
        let layers = self.layers.iter().map(LayerSpec::contents).collect();
        let contents = Contents {
            labels: self.labels.iter().map(ToString::to_string).collect(),
            threshold: self.threshold,
            preparation: self.preparation,
            ..Contents::new(self.input, self.input_zero_point, layers)
        };
        contents.to_file().unwrap()
    }
}

impl LayerSpec {
    fn contents(&self) -> LayerContents {
        let multiplier = Multiplier::from_f32_bits(self.multiplier.to_bits()).unwrap();
        LayerContents {
            kind: self.kind,
            output: self.output,
            output_zero_point: self.output_zero_point,
            rows: self.axis,
            columns: self.axis,
            weights: self.weights.clone(),
            biases: self.biases.clone(),
            multipliers: vec![multiplier; self.biases.len()],
        }
    }
}
