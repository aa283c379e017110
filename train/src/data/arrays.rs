//! Samples: numbers, or pixels as they are; arrays in files of `NumPy`.

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

/// Samples of whatever sizes, `[samples, ...]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// What the model takes.
    Numbers(ArrayD<f32>),
    /// Pixels, which become that.
    Pixels(ArrayD<u8>),
}

impl Inputs {
    /// Their sizes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Numbers(numbers) => numbers.shape(),
            Self::Pixels(pixels) => pixels.shape(),
        }
    }
}

/// Samples and, where they are there, their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledSamples {
    /// What the array of inputs is called; nothing in a file of one array.
    pub name: String,
    /// The samples.
    pub inputs: Inputs,
    /// The class of each, or why arrays that are named like classes say none.
    pub labels: Result<Option<Vec<usize>>, ClassesError>,
}

/// The samples of a file and their classes: see [`input::arrays::samples`]. Where it is known what the integers of the input
/// mean, int8 samples are such, and uint8 ones are such and 128; but where the model takes pixels uint8 ones are pixels as
/// they are.
pub fn read_samples(
    path: &Path,
    meaning: Option<Quantization>,
    takes_pixels: bool,
) -> Result<LabelledSamples, InFile<ArraysError>> {
    let samples = arrays::read_samples(path)?;
    let count = samples.inputs.shape.first().copied().unwrap_or(0);
    Ok(LabelledSamples {
        labels: samples.labels(count),
        name: samples.name,
        inputs: match samples.inputs {
            Array {
                shape,
                elements: Elements::Uint8(pixels),
            } if takes_pixels => Inputs::Pixels(array(shape, pixels)),
            numbers => Inputs::Numbers(floats(numbers, meaning)),
        },
    })
}

fn array<T>(shape: Vec<usize>, elements: Vec<T>) -> ArrayD<T> {
    ArrayD::from_shape_vec(shape, elements).expect("an array has as many elements as its sizes say")
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
    array(shape, floats)
}
