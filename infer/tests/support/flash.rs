//! Small flash files.

use no_std_core::format::{
    ALIGNMENT, Axis, HEADER_LEN, Header, KIND_DENSE, LAYER_LEN, LAYOUT_PORTABLE, LayerRecord, ONE,
    Shape, seal,
};
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
        let mut file = vec![0; HEADER_LEN];
        let layers_at = append(&mut file, &vec![0; LAYER_LEN * self.layers.len()]);
        let halves = (0..256_u32).map(|steps| ONE.checked_shr(steps).unwrap_or_default());
        let probabilities: Vec<u8> = halves.flat_map(u32::to_le_bytes).collect();
        let label = |label: &&str| [&[label.len() as u8], label.as_bytes()].concat();
        let labels: Vec<u8> = self.labels.iter().flat_map(label).collect();
        let header = Header {
            weight_layout: LAYOUT_PORTABLE,
            layers: self.layers.len() as u8,
            total_len: 0,
            input: self.input,
            input_zero_point: self.input_zero_point,
            classes: self.labels.len() as u8,
            layers_at,
            probabilities_at: append(&mut file, &probabilities),
            labels_at: append(&mut file, &labels),
            threshold: self.threshold,
            preparation: self.preparation.to_bytes(),
        };
        file[..HEADER_LEN].copy_from_slice(&header.encode());
        let mut input = (self.input, self.input_zero_point);
        for (layer, place) in self
            .layers
            .iter()
            .zip((layers_at as usize..).step_by(LAYER_LEN))
        {
            let record = layer.append(&mut file, input);
            file[place..][..LAYER_LEN].copy_from_slice(&record.encode());
            input = (record.output, record.output_zero_point);
        }
        seal(&mut file).unwrap();
        file
    }
}

impl LayerSpec {
    fn append(&self, file: &mut Vec<u8>, (input, input_zero_point): (Shape, i8)) -> LayerRecord {
        let multiplier = Multiplier::from_f32_bits(self.multiplier.to_bits()).unwrap();
        let weights: Vec<u8> = self
            .weights
            .iter()
            .map(|weight| weight.cast_unsigned())
            .collect();
        let biases: Vec<u8> = self
            .biases
            .iter()
            .flat_map(|bias| bias.to_le_bytes())
            .collect();
        LayerRecord {
            kind: self.kind,
            input_zero_point,
            output_zero_point: self.output_zero_point,
            input,
            output: self.output,
            rows: self.axis,
            columns: self.axis,
            weights_at: append(file, &weights),
            biases_at: append(file, &biases),
            multipliers_at: append(file, &multiplier.encode().repeat(self.biases.len())),
        }
    }
}

/// Adds a section and the zeros behind it; gives its offset.
fn append(file: &mut Vec<u8>, section: &[u8]) -> u32 {
    let at = file.len() as u32;
    file.extend(section);
    file.resize(file.len().next_multiple_of(ALIGNMENT as usize), 0);
    at
}
