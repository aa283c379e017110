//! Samples: numbers, or pixels as they are; arrays in files of `NumPy`.

use std::path::Path;

use input::arrays::{self, Array, ArraysError, ClassesError, Elements};
use input::file::{InFile, display_name};
use ndarray::ArrayD;

use crate::network::Integers;
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

/// What samples in uint8 are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uint8 {
    /// Pixels, of which it is known what they become.
    Pixels,
    /// Integers that the model's own file takes: such in int8, and 128.
    Integers,
    /// Pixels of which that is not known: they are refused.
    Unknown,
}

impl Uint8 {
    /// What they are for a model of pixels or not, whose file may take integers.
    pub fn of(takes_pixels: bool, integers: Option<Integers>) -> Self {
        match integers {
            _ if takes_pixels => Self::Pixels,
            Some(Integers::Unsigned) => Self::Integers,
            _ => Self::Unknown,
        }
    }
}

/// The samples of a file and their classes: see [`input::arrays::samples`]. Where it is known what the integers of the input
/// mean, int8 samples are such.
pub fn read_samples(
    path: &Path,
    meaning: Option<Quantization>,
    uint8: Uint8,
) -> Result<LabelledSamples, InFile<ArraysError>> {
    let samples = arrays::read_samples(path)?;
    let count = samples.inputs.shape.first().copied().unwrap_or(0);
    Ok(LabelledSamples {
        labels: samples.labels(count),
        name: samples.name,
        inputs: match (samples.inputs, uint8) {
            (
                Array {
                    shape,
                    elements: Elements::Uint8(pixels),
                },
                Uint8::Pixels,
            ) => Inputs::Pixels(array(shape, pixels)),
            (
                Array {
                    elements: Elements::Uint8(_),
                    ..
                },
                Uint8::Unknown,
            ) => {
                return Err(InFile::named(&display_name(path))(ArraysError::Pixels));
            }
            (numbers, _) => Inputs::Numbers(floats(numbers, meaning)),
        },
    })
}

fn array<T>(shape: Vec<usize>, elements: Vec<T>) -> ArrayD<T> {
    ArrayD::from_shape_vec(shape, elements).expect("an array has as many elements as its sizes say")
}

fn floats(Array { shape, elements }: Array, meaning: Option<Quantization>) -> ArrayD<f32> {
    let floats = match (&elements, meaning) {
        (Elements::Int8(integers), Some(of)) => {
            integers.iter().map(|&integer| of.real(integer)).collect()
        }
        (Elements::Uint8(integers), Some(of)) => {
            let signed = integers.iter().map(|integer| integer.wrapping_sub(128));
            signed
                .map(|integer| of.real(integer.cast_signed()))
                .collect()
        }
        _ => elements.to_floats(),
    };
    array(shape, floats)
}
