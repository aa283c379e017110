//! Arrays in files of `NumPy`, as floats.

use std::path::Path;

use input::arrays::{self, Array, ArraysError, ClassesError, Elements};
use input::file::InFile;
use ndarray::ArrayD;

use crate::ops::Quantization;

/// The arrays of a file with their names: see [`input::arrays::read`].
pub fn read(path: &Path) -> Result<Vec<(String, ArrayD<f32>)>, InFile<ArraysError>> {
    let arrays = arrays::read(path)?.numbers.into_iter();
    Ok(arrays
        .map(|(name, array)| (name, floats(array, None)))
        .collect())
}

/// Samples and, where they are there, their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledSamples {
    /// What the array of inputs is called; nothing in a file of one array.
    pub name: String,
    /// `[samples, ...]`.
    pub inputs: ArrayD<f32>,
    /// The class of each, or why arrays that are named like classes say none.
    pub labels: Result<Option<Vec<usize>>, ClassesError>,
}

/// The samples of a file and their classes: see [`input::arrays::samples`]. Where it is known what the integers of the input
/// mean, int8 samples are such, and uint8 ones are such and 128; but where the model takes pixels uint8 ones are pixels as
/// they are, which is also returned.
pub fn read_samples(
    path: &Path,
    meaning: Option<Quantization>,
    takes_pixels: bool,
) -> Result<(LabelledSamples, bool), InFile<ArraysError>> {
    let samples = arrays::read_samples(path)?;
    let count = samples.inputs.shape.first().copied().unwrap_or(0);
    let are_pixels = takes_pixels && matches!(samples.inputs.elements, Elements::Uint8(_));
    let samples = LabelledSamples {
        labels: samples.labels(count),
        name: samples.name,
        inputs: floats(samples.inputs, meaning.filter(|_| !are_pixels)),
    };
    Ok((samples, are_pixels))
}

fn floats(Array { shape, elements }: Array, meaning: Option<Quantization>) -> ArrayD<f32> {
    let floats = match (&elements, meaning) {
        (Elements::Int8(integers), Some(Quantization { scale, zero_point })) => integers
            .iter()
            .map(|&integer| scale * f32::from(i16::from(integer) - i16::from(zero_point)))
            .collect(),
        (Elements::Uint8(integers), Some(Quantization { scale, zero_point })) => integers
            .iter()
            .map(|&integer| scale * f32::from(i16::from(integer) - 128 - i16::from(zero_point)))
            .collect(),
        _ => elements.to_floats(),
    };
    ArrayD::from_shape_vec(shape, floats).expect("an array has as many numbers as its sizes say")
}
