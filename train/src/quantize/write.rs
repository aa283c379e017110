//! The flash file of a quantised network, laid out by [`no_std_core::format`].

use input::normalization::Normalization;
use input::probabilities;
use ndarray::{Array2, ArrayView1};
use no_std_core::format::{Contents, MAX_CLASSES, OutputKind, Shape, TensorRecord, TooLarge};
use no_std_core::prepare::Preparation;
use no_std_core::{Classes, Model, Output};

use super::int8::Int8Network;
use super::{QuantizeError, pixels};
use crate::certainty::REJECTED;
use crate::detector::allowed;
use crate::ops::Quantization;

/// The least probability, in 1/65536, of a class that is accepted: 99.5 % of the samples with these logits have it in the
/// model of this flash file.
pub fn threshold(flash: &[u8], logits: &Array2<i8>) -> Result<u32, QuantizeError> {
    let model = Model::new(flash).map_err(QuantizeError::Core)?;
    let probability = |logits: ArrayView1<i8>| Classes::new(&model, &logits.to_vec()).probability();
    let mut probabilities: Vec<u32> = logits.outer_iter().map(probability).collect();
    probabilities.sort_unstable();
    let rejected = allowed(probabilities.len(), REJECTED);
    Ok(probabilities.get(rejected).copied().unwrap_or_default())
}

/// The greatest mean of squared differences, in 1/256, of a reconstruction that is accepted: of these inputs, each with what
/// the model makes of it, no more than this share have a greater one.
pub fn difference_threshold(
    flash: &[u8],
    pairs: &[(Vec<i8>, Vec<i8>)],
    false_alarms: f64,
) -> Result<u32, QuantizeError> {
    let model = Model::new(flash).map_err(QuantizeError::Core)?;
    let mean = |(input, output): &(Vec<i8>, Vec<i8>)| match Output::new(&model, output, input) {
        Output::Values(values) => values.difference().map_or(0, |found| found.mean),
        Output::Classes(_) => 0,
    };
    let mut means: Vec<u32> = pairs.iter().map(mean).collect();
    means.sort_unstable_by(|a, b| b.cmp(a));
    let rejected = allowed(means.len(), false_alarms);
    Ok(means.get(rejected).copied().unwrap_or_default())
}

/// What a flash file says besides its layers.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    /// What the output is.
    pub output: OutputKind,
    /// A name for each class.
    pub labels: &'a [String],
    /// The least probability, in 1/65536, of a class that is accepted, or the greatest difference.
    pub threshold: u32,
    /// How a picture becomes the input.
    pub preparation: Preparation,
    /// What its pixels become, if one does.
    pub pixels: Option<&'a Normalization>,
}

/// The bytes of a flash file, with the memory planned.
pub fn flash_file(
    network: &Int8Network,
    description: &Description<'_>,
) -> Result<Vec<u8>, QuantizeError> {
    let Description {
        output,
        labels,
        threshold,
        preparation,
        pixels,
    } = *description;
    at_most("classes", labels.len(), MAX_CLASSES)?;
    for (class, label) in labels.iter().enumerate() {
        let name = format!("bytes of the label of class {class}");
        at_most(&name, label.len(), u8::MAX.into())?;
    }
    let operator = |index: usize| {
        let node = &network.nodes[index];
        let inputs: Vec<u16> = node.inputs.iter().map(|&input| input as u16).collect();
        let made = tensor(network, index + 1)?;
        node.layer
            .form()
            .operator(&inputs, network.meaning_of(node), made)
    };
    at_most("operators", network.nodes.len(), u16::MAX as usize - 1)?;
    let operators = (0..network.nodes.len()).map(operator);
    let mut contents = Contents {
        output,
        threshold,
        labels: labels.to_vec(),
        preparation,
        pixels: pixels.map_or_else(Vec::new, |pixels| pixels::table(pixels, network.from)),
        ..Contents::values(tensor(network, 0)?, operators.collect::<Result<_, _>>()?)
    };
    if output == OutputKind::Classes {
        contents.probabilities = probabilities::table(network.output().scale).to_vec();
    }
    contents.plan();
    Ok(contents.to_file()?)
}

fn tensor(network: &Int8Network, tensor: usize) -> Result<TensorRecord, TooLarge> {
    let Quantization { scale, zero_point } = network.meaning(tensor);
    let name = match tensor.checked_sub(1) {
        None => "input",
        Some(node) => &network.nodes[node].name,
    };
    let size = |size| at_most(name, size, usize::from(u16::MAX)).map(|size| size as u16);
    let [channels, rows, columns] = network.shape(tensor);
    let shape = Shape {
        rows: size(rows)?,
        columns: size(columns)?,
        channels: size(channels)?,
    };
    Ok(TensorRecord::new(shape, scale, zero_point))
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
