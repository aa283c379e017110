//! What a model makes of an input.

use no_std_core::format::{ONE, Shape};
use no_std_core::{Difference, Model, Output as CoreOutput};

use crate::spec::Quantization;

/// The output of a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// How likely the input is of each class.
    Classes(Classes),
    /// Numbers.
    Values(Values),
    /// What an autoencoder has made of its input, and how far it is from that.
    Reconstruction {
        values: Values,
        difference: Distance,
    },
}

/// How far a reconstruction is from its input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// The mean of the squared differences: in steps of the integers, or of floats themselves.
    pub score: f64,
    /// Whether that is at most the model's threshold: otherwise the input is unlike what the model was made for.
    pub accepted: bool,
}

impl From<Difference> for Distance {
    fn from(Difference { mean, accepted }: Difference) -> Self {
        Self {
            score: squared_steps(mean),
            accepted,
        }
    }
}

/// How likely an input is of each class.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// Index of the class with the largest logit; the first one on a tie.
    pub class: usize,
    /// One probability in 0..=1 for each class, in the order of the model's labels; they add up to 1, or a little less where
    /// integers are rounded down.
    pub probabilities: Vec<f64>,
    /// Whether the probability reaches the model's threshold, if it has one.
    pub accepted: Option<bool>,
    /// What the network gave, one for each class.
    pub logits: Numbers,
}

/// Numbers, and how they are arranged.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// The sizes of the axes, without the batch; of models of integers rows, columns and channels.
    pub shape: Vec<usize>,
    /// Those of the last axis side by side.
    pub numbers: Numbers,
}

/// The outputs of a network.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Of a network of floats.
    Float(Vec<f32>),
    /// Of a network of 8-bit integers.
    Int8(Vec<i8>, Quantization),
}

impl Numbers {
    /// The numbers as bytes: four a float, little-endian, or one an integer.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Float(floats) => floats
                .iter()
                .flat_map(|float| float.to_le_bytes())
                .collect(),
            Self::Int8(integers, _) => integers
                .iter()
                .map(|integer| integer.cast_unsigned())
                .collect(),
        }
    }

    /// The real numbers.
    pub fn reals(&self) -> Vec<f32> {
        match self {
            Self::Float(floats) => floats.clone(),
            Self::Int8(integers, of) => integers.iter().map(|&integer| of.real(integer)).collect(),
        }
    }
}

impl Output {
    /// What the network gave.
    pub fn numbers(&self) -> &Numbers {
        match self {
            Self::Classes(classes) => &classes.logits,
            Self::Values(values) | Self::Reconstruction { values, .. } => &values.numbers,
        }
    }

    /// How probable its class is; 0 where there are no classes. Of integers it is exact: see [`share`].
    pub fn certainty(&self) -> f64 {
        match self {
            Self::Classes(classes) => classes.probabilities[classes.class],
            Self::Values(_) | Self::Reconstruction { .. } => 0.0,
        }
    }

    /// What the core gave for this model.
    pub fn of_core(model: &Model<'_>, output: &CoreOutput<'_>) -> Self {
        let tensor = model.output();
        let of = Quantization {
            scale: f32::from_bits(tensor.scale),
            zero_point: tensor.zero_point,
        };
        let numbers = Numbers::Int8(output.values().to_vec(), of);
        match output {
            CoreOutput::Classes(classes) => Self::Classes(Classes {
                class: classes.class(),
                probabilities: classes.probabilities().map(share).collect(),
                accepted: Some(classes.accepted()),
                logits: numbers,
            }),
            CoreOutput::Values(values) => {
                let of_values = Values {
                    shape: sizes(tensor.shape).to_vec(),
                    numbers,
                };
                match values.difference() {
                    None => Self::Values(of_values),
                    Some(difference) => Self::Reconstruction {
                        values: of_values,
                        difference: difference.into(),
                    },
                }
            }
        }
    }
}

/// A probability in 1/65536.
pub fn share(probability: u32) -> f64 {
    f64::from(probability) / f64::from(ONE)
}

/// The mean of the squared differences, or its threshold, in steps of the integers.
pub fn squared_steps(mean: u32) -> f64 {
    f64::from(mean) / 256.0
}

/// A score for people: with two digits after the point, and where that is less than four digits in all, with more.
pub fn shown(score: f64) -> String {
    let digits = if score > 0.0 && score < 1.0 {
        (3.0 - score.log10().floor()).min(12.0) as usize
    } else {
        2
    };
    format!("{score:.digits$}")
}

/// Rows, columns and channels.
pub fn sizes(shape: Shape) -> [usize; 3] {
    [shape.rows, shape.columns, shape.channels].map(usize::from)
}
