//! Models as data, and a writer of flash files.

use no_std_core::format::{
    self, ALIGNMENT, Axis, HEADER_LEN, Header, KIND_CONVOLUTION, KIND_DENSE, LAYER_LEN,
    LAYOUT_PORTABLE, LayerRecord, ONE, Shape,
};
use no_std_core::prepare::Preparation;
use no_std_core::requantize::Multiplier;

/// A model before it is written.
#[derive(Clone, Debug)]
pub struct ModelSpec {
    pub input: Shape,
    pub input_zero_point: i8,
    pub layers: Vec<LayerSpec>,
    pub labels: Vec<String>,
    pub probabilities: Vec<u32>,
    pub threshold: u32,
    pub preparation: [u8; Preparation::LEN],
}

/// One layer; its input is the output of the one before.
#[derive(Clone, Debug)]
pub struct LayerSpec {
    pub kind: u8,
    pub output: Shape,
    pub output_zero_point: i8,
    pub rows: Axis,
    pub columns: Axis,
    pub weights: Vec<i8>,
    pub biases: Vec<i32>,
    pub multipliers: Vec<Multiplier>,
}

impl ModelSpec {
    /// A model with labels `0`, `1`, ... and a probability that halves with each step of a logit.
    pub fn new(input: Shape, input_zero_point: i8, layers: Vec<LayerSpec>) -> Self {
        let classes = layers.last().map_or(0, |layer| layer.output.elements());
        Self {
            input,
            input_zero_point,
            layers,
            labels: (0..classes).map(|class| class.to_string()).collect(),
            probabilities: (0..256)
                .map(|d| (f64::from(ONE) / 2_f64.powi(d)).round_ties_even() as u32)
                .collect(),
            threshold: ONE / 4 * 3,
            preparation: Preparation::PLAIN.to_bytes(),
        }
    }

    /// The flash file.
    pub fn file(&self) -> Vec<u8> {
        let mut file = vec![
            0;
            (HEADER_LEN + self.layers.len() * LAYER_LEN)
                .next_multiple_of(ALIGNMENT as usize)
        ];
        let probabilities: Vec<u8> = self
            .probabilities
            .iter()
            .flat_map(|entry| entry.to_le_bytes())
            .collect();
        let labels: Vec<u8> = self
            .labels
            .iter()
            .flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat())
            .collect();
        let header = Header {
            weight_layout: LAYOUT_PORTABLE,
            layers: self.layers.len() as u8,
            total_len: 0,
            input: self.input,
            input_zero_point: self.input_zero_point,
            classes: self.labels.len() as u8,
            layers_at: HEADER_LEN as u32,
            probabilities_at: append(&mut file, &probabilities),
            labels_at: append(&mut file, &labels),
            threshold: self.threshold,
            preparation: self.preparation,
        };
        file[..HEADER_LEN].copy_from_slice(&header.encode());
        let mut input = (self.input, self.input_zero_point);
        for (index, layer) in self.layers.iter().enumerate() {
            let record = layer.append(&mut file, input);
            file[HEADER_LEN + index * LAYER_LEN..][..LAYER_LEN].copy_from_slice(&record.encode());
            input = (record.output, record.output_zero_point);
        }
        format::seal(&mut file).unwrap();
        file
    }
}

impl LayerSpec {
    /// Writes the layer's sections and gives its record.
    fn append(&self, file: &mut Vec<u8>, (input, input_zero_point): (Shape, i8)) -> LayerRecord {
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
        let multipliers: Vec<u8> = self
            .multipliers
            .iter()
            .flat_map(|multiplier| multiplier.encode())
            .collect();
        LayerRecord {
            kind: self.kind,
            input_zero_point,
            output_zero_point: self.output_zero_point,
            input,
            output: self.output,
            rows: self.rows,
            columns: self.columns,
            weights_at: append(file, &weights),
            biases_at: append(file, &biases),
            multipliers_at: append(file, &multipliers),
        }
    }
}

/// Adds a section and the zeros behind it; gives its offset.
fn append(file: &mut Vec<u8>, section: &[u8]) -> u32 {
    let at = file.len() as u32;
    file.extend(section);
    file.resize(format::align(file.len() as u32).unwrap() as usize, 0);
    at
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

/// The model of `models/FORMAT.md`: it tells a row of white pixels from a column in pictures of 4 x 4.
pub fn tiny() -> ModelSpec {
    let same = axis(3, 1, [1, 1], 2);
    let lines = LayerSpec {
        kind: KIND_CONVOLUTION,
        output: shape(2, 2, 2),
        output_zero_point: -128,
        rows: same,
        columns: same,
        weights: vec![
            -1, -1, -1, 2, 2, 2, -1, -1, -1, -1, 2, -1, -1, 2, -1, -1, 2, -1,
        ],
        biases: vec![0, -255],
        multipliers: vec![multiplier(0.125); 2],
    };
    let classes = LayerSpec {
        kind: KIND_DENSE,
        output: shape(1, 1, 2),
        output_zero_point: 0,
        rows: Axis::default(),
        columns: Axis::default(),
        weights: [[1, -1].repeat(4), [-1, 1].repeat(4)].concat(),
        biases: vec![0, 0],
        multipliers: vec![multiplier(0.125); 2],
    };
    let labels = vec!["row".into(), "column".into()];
    ModelSpec {
        labels,
        ..ModelSpec::new(shape(4, 4, 1), -128, vec![lines, classes])
    }
}
