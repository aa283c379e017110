//! The flash file of a quantised network, laid out by [`no_std_core::format`].

use ndarray::{Array2, ArrayView1};
use no_std_core::format::{
    self, ALIGNMENT, Axis, HEADER_LEN, Header, KIND_CONVOLUTION, KIND_DENSE, LAYER_LEN,
    LAYOUT_PORTABLE, LayerRecord, MAX_CLASSES, ONE, PROBABILITY_ENTRIES, Shape,
};
use no_std_core::prepare::Preparation;
use no_std_core::requantize::Multiplier;
use no_std_core::{Model, Scores};

use super::QuantizeError;
use super::network::{Kind, Layer};
use super::scale::{IMAGE, Int8Layer};

/// Of a thousand digits the threshold may reject this many.
const REJECTED_PER_THOUSAND: usize = 5;

/// Entry `d` is the weight, in 1/65536, of a logit that is `d` steps below the greatest.
pub fn probability_table(logit_scale: f32) -> [u32; PROBABILITY_ENTRIES] {
    let weight = |steps: usize| (-(steps as f64) * f64::from(logit_scale)).exp();
    std::array::from_fn(|steps| (f64::from(ONE) * weight(steps)).round() as u32)
}

/// The least probability, in 1/65536, of a digit that is accepted: 99.5 % of the digits with these logits have it in the
/// model of this flash file.
pub fn threshold(flash: &[u8], logits: &Array2<i8>) -> Result<u32, QuantizeError> {
    let model = Model::new(flash).map_err(QuantizeError::Core)?;
    let probability = |logits: ArrayView1<i8>| Scores::new(&model, &logits.to_vec()).probability();
    let mut probabilities: Vec<u32> = logits.outer_iter().map(probability).collect();
    probabilities.sort_unstable();
    let rejected = probabilities.len() * REJECTED_PER_THOUSAND / 1000;
    Ok(probabilities.get(rejected).copied().unwrap_or_default())
}

/// What a flash file says besides its layers.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    /// A name for each class.
    pub labels: &'a [String],
    /// The least probability, in 1/65536, of a digit that is accepted.
    pub threshold: u32,
    /// How a picture becomes an image.
    pub preparation: Preparation,
}

/// The bytes of a flash file.
pub fn flash_file(
    int8: &[Int8Layer],
    description: &Description<'_>,
) -> Result<Vec<u8>, QuantizeError> {
    let Description {
        labels,
        threshold,
        preparation,
    } = *description;
    let logit_scale = int8.last().map_or(IMAGE, |layer| layer.to).scale;
    let mut file = Sections(vec![0; HEADER_LEN]);
    let layers_at = file.append(&vec![0; LAYER_LEN * int8.len()]);
    let probabilities_at = file.append(&little_endian(probability_table(logit_scale)));
    let labels_at = file.append(&label_section(labels)?);
    let mut records = Vec::new();
    for layer in int8 {
        records.extend(file.append_layer(layer)?.encode());
    }
    let header = Header {
        weight_layout: LAYOUT_PORTABLE,
        layers: byte("layers", int8.len())?,
        total_len: 0,
        input: shape("input", int8[0].layer.input)?,
        input_zero_point: IMAGE.zero_point,
        classes: byte("classes", at_most("classes", labels.len(), MAX_CLASSES)?)?,
        layers_at,
        probabilities_at,
        labels_at,
        threshold,
        preparation: preparation.to_bytes(),
    };
    let Sections(mut bytes) = file;
    bytes[..HEADER_LEN].copy_from_slice(&header.encode());
    bytes[layers_at as usize..][..records.len()].copy_from_slice(&records);
    at_most("flash file", bytes.len(), u32::MAX as usize)?;
    format::seal(&mut bytes).expect("a file with a header and a length of 32 bits can be sealed");
    Ok(bytes)
}

/// A file that grows section by section.
struct Sections(Vec<u8>);

impl Sections {
    /// Adds a section, and zeros up to where the next one starts; returns where this one does.
    fn append(&mut self, bytes: &[u8]) -> u32 {
        let at = self.0.len();
        self.0.extend(bytes);
        self.0
            .resize(self.0.len().next_multiple_of(ALIGNMENT as usize), 0);
        at as u32
    }

    fn append_layer(&mut self, int8: &Int8Layer) -> Result<LayerRecord, QuantizeError> {
        let layer = int8.layer;
        let (kind, rows, columns) = match layer.kind {
            Kind::Convolution => (KIND_CONVOLUTION, axis(layer, 0)?, axis(layer, 1)?),
            Kind::Dense => (KIND_DENSE, Axis::default(), Axis::default()),
        };
        let multiplier = |&factor: &f32| {
            Multiplier::from_f32_bits(factor.to_bits())
                .expect("a layer has no other factors")
                .encode()
        };
        let multipliers: Vec<[u8; 4]> = int8.multipliers.iter().map(multiplier).collect();
        Ok(LayerRecord {
            kind,
            input_zero_point: int8.from.zero_point,
            output_zero_point: int8.to.zero_point,
            input: shape(&layer.name, layer.input)?,
            output: shape(&layer.name, layer.output)?,
            rows,
            columns,
            weights_at: self.append(&channel_last(&int8.filters.weight)),
            biases_at: self.append(&little_endian(
                int8.filters.bias.iter().map(|bias| bias.cast_unsigned()),
            )),
            multipliers_at: self.append(multipliers.as_flattened()),
        })
    }
}

/// Weights `[filters, channels, rows, columns]` in the order `[filter][row][column][channel]`, which is that of the
/// activations, for dense layers too.
fn channel_last(weight: &ndarray::Array4<i8>) -> Vec<u8> {
    weight
        .view()
        .permuted_axes([0, 2, 3, 1])
        .iter()
        .map(|weight| weight.cast_unsigned())
        .collect()
}

fn little_endian(values: impl IntoIterator<Item = u32>) -> Vec<u8> {
    values.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// For each label its length in a byte, and the label.
fn label_section(labels: &[String]) -> Result<Vec<u8>, QuantizeError> {
    let mut section = Vec::new();
    for label in labels {
        section.push(byte("bytes of a label", label.len())?);
        section.extend(label.as_bytes());
    }
    Ok(section)
}

/// How a convolution moves down (0) or to the right (1).
fn axis(layer: &Layer, axis: usize) -> Result<Axis, QuantizeError> {
    let window = &layer.window;
    let size = |size: usize| byte(&layer.name, size);
    Ok(Axis {
        kernel: size(window.kernel[axis])?,
        stride: size(window.strides[axis])?,
        pad_begin: size(window.pads[axis])?,
        pad_end: size(window.pads[axis + 2])?,
        pool: size(layer.pool.map_or(1, |pool| pool.kernel[axis]))?,
    })
}

fn shape(name: &str, [channels, rows, columns]: [usize; 3]) -> Result<Shape, QuantizeError> {
    let size = |size| at_most(name, size, usize::from(u16::MAX)).map(|size| size as u16);
    Ok(Shape {
        rows: size(rows)?,
        columns: size(columns)?,
        channels: size(channels)?,
    })
}

fn byte(name: &str, size: usize) -> Result<u8, QuantizeError> {
    at_most(name, size, usize::from(u8::MAX)).map(|size| size as u8)
}

fn at_most(name: &str, size: usize, limit: usize) -> Result<usize, QuantizeError> {
    if size <= limit {
        return Ok(size);
    }
    Err(QuantizeError::Size {
        name: name.into(),
        limit,
        found: size,
    })
}

#[cfg(test)]
mod tests;
