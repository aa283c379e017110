//! The flash file of a quantised network, laid out by [`no_std_core::format`].

use ndarray::{Array2, ArrayView1};
use no_std_core::format::{
    Axis, Contents, KIND_CONVOLUTION, KIND_DENSE, LayerContents, MAX_CLASSES, ONE,
    PROBABILITY_ENTRIES, Shape, TooLarge,
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
    at_most("classes", labels.len(), MAX_CLASSES)?;
    for (class, label) in labels.iter().enumerate() {
        let name = format!("bytes of the label of class {class}");
        at_most(&name, label.len(), u8::MAX.into())?;
    }
    let contents = Contents {
        input: shape("input", int8[0].layer.input)?,
        input_zero_point: IMAGE.zero_point,
        layers: int8.iter().map(contents).collect::<Result<_, _>>()?,
        labels: labels.to_vec(),
        probabilities: probability_table(logit_scale).to_vec(),
        threshold,
        preparation,
    };
    Ok(contents.to_file()?)
}

fn contents(int8: &Int8Layer) -> Result<LayerContents, TooLarge> {
    let layer = int8.layer;
    let (kind, rows, columns) = match layer.kind {
        Kind::Convolution => (KIND_CONVOLUTION, axis(layer, 0)?, axis(layer, 1)?),
        Kind::Dense => (KIND_DENSE, Axis::default(), Axis::default()),
    };
    let multiplier = |&factor: &f32| {
        Multiplier::from_f32_bits(factor.to_bits()).expect("a layer has no other factors")
    };
    Ok(LayerContents {
        kind,
        output: shape(&layer.name, layer.output)?,
        output_zero_point: int8.to.zero_point,
        rows,
        columns,
        weights: channel_last(&int8.filters.weight),
        biases: int8.filters.bias.to_vec(),
        multipliers: int8.multipliers.iter().map(multiplier).collect(),
    })
}

/// Weights `[filters, channels, rows, columns]` in the order `[filter][row][column][channel]`, which is that of the
/// activations, for dense layers too.
fn channel_last(weight: &ndarray::Array4<i8>) -> Vec<i8> {
    let weight = weight.view().permuted_axes([0, 2, 3, 1]);
    weight.iter().copied().collect()
}

/// How a convolution moves down (0) or to the right (1).
fn axis(layer: &Layer, axis: usize) -> Result<Axis, TooLarge> {
    let window = &layer.window;
    let size = |size| at_most(&layer.name, size, usize::from(u8::MAX)).map(|size| size as u8);
    Ok(Axis {
        kernel: size(window.kernel[axis])?,
        stride: size(window.strides[axis])?,
        pad_begin: size(window.pads[axis])?,
        pad_end: size(window.pads[axis + 2])?,
        pool: size(layer.pool.map_or(1, |pool| pool.kernel[axis]))?,
    })
}

fn shape(name: &str, [channels, rows, columns]: [usize; 3]) -> Result<Shape, TooLarge> {
    let size = |size| at_most(name, size, usize::from(u16::MAX)).map(|size| size as u16);
    Ok(Shape {
        rows: size(rows)?,
        columns: size(columns)?,
        channels: size(channels)?,
    })
}

fn at_most(name: &str, size: usize, limit: usize) -> Result<usize, TooLarge> {
    if size <= limit {
        return Ok(size);
    }
    Err(TooLarge {
        name: name.into(),
        limit,
        found: size,
    })
}

#[cfg(test)]
mod tests;
