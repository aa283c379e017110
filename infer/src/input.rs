//! An input of a model, made of a picture or of an array.

use ::input::arrays::{Array, ArraysError, Elements};
use no_std_core::prepare::Preparation;
use thiserror::Error;

use crate::picture::{self, PictureError};
use crate::spec::{InputSpec, Layout};

/// One input, in the order of the model's own axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Of a picture, for models that take pictures: 0 black to 255 white.
    Pixels(Vec<u8>),
    /// For models of integers.
    Integers(Vec<i8>),
    /// The real numbers themselves, all finite.
    Floats(Vec<f32>),
}

/// A decoded picture in its own size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// `[row][column][channel]`.
    pub pixels: Vec<u8>,
    pub rows: u32,
}

impl Decoded {
    /// Itself, or its negative: 255 less each pixel.
    #[must_use]
    pub fn inverted_if(mut self, invert: bool) -> Self {
        if invert {
            for pixel in &mut self.pixels {
                *pixel = 255 - *pixel;
            }
        }
        self
    }
}

/// Why something is no input of a model.
#[derive(Debug, Error)]
pub enum InputError {
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Arrays(#[from] ArraysError),
    #[error(
        "expected {expected} (.npy or .npz), for this model takes no pictures, found {found}; a model that `train quantize` was told the --range of pixels takes them"
    )]
    NoPicture {
        expected: String,
        found: &'static str,
    },
    #[error("expected {expected}, found an array of shape {found:?}")]
    Shape { expected: String, found: Vec<usize> },
    #[error(
        "expected samples of shape {last:?}, or {first:?} with channels first, found an array of shape {found:?}, which may be either: give it all axes"
    )]
    Ambiguous {
        last: [usize; 3],
        first: [usize; 3],
        found: Vec<usize>,
    },
    #[error("expected an array of {expected}, found one of {found}; convert it with .astype")]
    Type {
        expected: &'static str,
        found: &'static str,
    },
    #[error("expected finite numbers, found {found} at index {at} of sample {sample}")]
    NotFinite {
        found: f32,
        at: usize,
        sample: usize,
    },
    #[error("expected pictures to invert, found an array that is none; leave out --invert")]
    Invert,
}

impl Input {
    /// The number of its values.
    pub fn len(&self) -> usize {
        match self {
            Self::Pixels(pixels) => pixels.len(),
            Self::Integers(integers) => integers.len(),
            Self::Floats(floats) => floats.len(),
        }
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The negative of a picture: 255 less each pixel.
    pub fn inverted(self) -> Result<Self, InputError> {
        match self {
            Self::Pixels(pixels) => Ok(Self::Pixels(
                pixels.iter().map(|pixel| 255 - pixel).collect(),
            )),
            _ => Err(InputError::Invert),
        }
    }
}

impl InputSpec {
    /// The input that a picture file makes.
    pub fn of_picture(&self, file: &[u8], preparation: Preparation) -> Result<Input, InputError> {
        Ok(self.of_decoded(&self.decode(file)?, preparation)?)
    }

    /// A picture file in its own size, in grey or in colours as the model takes them.
    pub fn decode(&self, file: &[u8]) -> Result<Decoded, InputError> {
        let [.., channels] = self.picture().ok_or_else(|| InputError::NoPicture {
            expected: self.describe(),
            found: if picture::recognizes(file) {
                "a picture"
            } else {
                "a file of another kind"
            },
        })?;
        let (pixels, rows) = picture::raw(file, channels)?;
        Ok(Decoded { pixels, rows })
    }

    /// The input that a decoded picture makes: see [`picture::of_raw`].
    pub fn of_decoded(
        &self,
        picture: &Decoded,
        preparation: Preparation,
    ) -> Result<Input, PictureError> {
        let shape = self.picture().unwrap_or_default();
        let pixels = picture::of_raw(&picture.pixels, picture.rows, shape, preparation)?;
        Ok(self.of_pixels(pixels))
    }

    /// The input of a picture's pixels, `[row][column][channel]`.
    pub fn of_pixels(&self, pixels: Vec<u8>) -> Input {
        Input::Pixels(match (self.layout, self.shape()) {
            (Layout::ChannelsFirst, Some([rows, columns, channels])) if channels > 1 => {
                transposed(&pixels, rows * columns, channels)
            }
            _ => pixels,
        })
    }

    /// The pixels of an input of a picture, `[row][column][channel]`; `None` of another one.
    pub fn pixels_of(&self, input: &Input) -> Option<Vec<u8>> {
        let Input::Pixels(pixels) = input else {
            return None;
        };
        Some(match (self.layout, self.shape()) {
            (Layout::ChannelsFirst, Some([rows, columns, channels])) if channels > 1 => {
                transposed(pixels, channels, rows * columns)
            }
            _ => pixels.clone(),
        })
    }

    /// The inputs in an array, of one sample or of several.
    pub fn of_array<'a>(&'a self, array: &'a Array) -> Result<Tensors<'a>, InputError> {
        let [expected, found] = [self.types(), array.elements.type_name()];
        if matches!(array.elements, Elements::Uint8(_)) && self.picture().is_none() {
            return Err(ArraysError::Pixels.into());
        }
        if expected.split([' ', ',']).all(|name| name != found) {
            return Err(InputError::Type { expected, found });
        }
        let one = [(1, &array.shape[..])];
        let several = match &array.shape[..] {
            [count, sizes @ ..] if *count > 0 => Some((*count, sizes)),
            _ => None,
        };
        let mut fitting = one.into_iter().chain(several);
        let found = fitting.find_map(|(count, sizes)| Some((count, self.order(sizes)?)));
        let (count, order) = found.ok_or_else(|| InputError::Shape {
            expected: self.describe(),
            found: array.shape.clone(),
        })?;
        let order = order.map_err(|[last, first]| InputError::Ambiguous {
            last,
            first,
            found: array.shape.clone(),
        })?;
        Ok(Tensors {
            spec: self,
            elements: &array.elements,
            count,
            order,
        })
    }

    /// What an array may be of, for messages.
    fn types(&self) -> &'static str {
        match (self.quantization, self.picture()) {
            (Some(_), Some(_)) => "float32, float64, int8 or uint8",
            (Some(_), None) => "float32, float64 or int8",
            (None, Some(_)) => "float32, float64 or uint8",
            (None, None) => "float32 or float64",
        }
    }

    /// Whose array is an input, for messages.
    pub fn describe(&self) -> String {
        let shown = |sizes: &[usize]| format!("{sizes:?}");
        let shape = match self.shape() {
            Some([rows, columns, channels]) if rows * columns > 1 && channels > 1 => format!(
                "{} or {}",
                shown(&[rows, columns, channels]),
                shown(&[channels, rows, columns])
            ),
            _ => shown(&self.sizes),
        };
        format!("an array of shape {shape}, or of several samples")
    }

    /// How the values of a sample of these sizes lie, if it is one: as all of its sizes say, else as those do that are more
    /// than one place. A cube's channels come last; where other sizes fit channels last and first alike, both are the error.
    fn order(&self, sizes: &[usize]) -> Option<Result<Order, [[usize; 3]; 2]>> {
        let long = |sizes: &[usize]| -> Vec<usize> {
            sizes.iter().copied().filter(|&size| size != 1).collect()
        };
        let Some([rows, columns, channels]) = self.shape() else {
            return (long(sizes) == long(&self.sizes)).then_some(Ok(Order::Own));
        };
        let places = rows * columns;
        let [last, first] = [[rows, columns, channels], [channels, rows, columns]];
        let is_long = |order: [usize; 3]| long(sizes) == long(&order);
        let is_last = match (is_long(last), is_long(first)) {
            _ if sizes == last => true,
            _ if sizes == first => false,
            (true, true) if places > 1 && channels > 1 && long(sizes).len() == 2 => {
                return Some(Err([last, first]));
            }
            (false, false) => {
                let is_flat = channels == 1 && long(sizes) == [places];
                return is_flat.then_some(Ok(Order::Own));
            }
            (is_last, _) => is_last,
        };
        Some(Ok(match (is_last, self.layout) {
            (true, Layout::ChannelsFirst) => Order::Transposed(places, channels),
            (false, Layout::ChannelsLast) => Order::Transposed(channels, places),
            _ => Order::Own,
        }))
    }
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Own,
    /// Of so many rows of so many columns, where columns of rows are wanted.
    Transposed(usize, usize),
}

/// Inputs in an array.
#[derive(Clone, Copy, Debug)]
pub struct Tensors<'a> {
    spec: &'a InputSpec,
    elements: &'a Elements,
    /// How many there are, at least one.
    pub count: usize,
    order: Order,
}

impl Tensors<'_> {
    /// One of them.
    pub fn input(&self, sample: usize) -> Result<Input, InputError> {
        let len = self.spec.elements();
        let range = sample * len..(sample + 1) * len;
        match self.elements {
            Elements::Float32(floats) => self.of_floats(&floats[range], sample),
            Elements::Float64(floats) => {
                let floats: Vec<f32> = floats[range].iter().map(|&float| float as f32).collect();
                self.of_floats(&floats, sample)
            }
            Elements::Int8(integers) => Ok(Input::Integers(self.arranged(&integers[range]))),
            Elements::Uint8(pixels) => Ok(Input::Pixels(self.arranged(&pixels[range]))),
            others => Err(InputError::Type {
                expected: self.spec.types(),
                found: others.type_name(),
            }),
        }
    }

    fn of_floats(&self, floats: &[f32], sample: usize) -> Result<Input, InputError> {
        if let Some(at) = floats.iter().position(|float| !float.is_finite()) {
            let found = floats[at];
            return Err(InputError::NotFinite { found, at, sample });
        }
        let floats = self.arranged(floats);
        Ok(match self.spec.quantization {
            // Runtimes divide by a scale in ways that differ; so it is done here for all of them.
            Some(of) => Input::Integers(floats.iter().map(|&float| of.integer(float)).collect()),
            None => Input::Floats(floats),
        })
    }

    fn arranged<T: Copy>(&self, values: &[T]) -> Vec<T> {
        match self.order {
            Order::Own => values.to_vec(),
            Order::Transposed(rows, columns) => transposed(values, rows, columns),
        }
    }
}

/// The columns of a matrix one after another.
pub fn transposed<T: Copy>(values: &[T], rows: usize, columns: usize) -> Vec<T> {
    let column = |column| (0..rows).map(move |row| values[row * columns + column]);
    (0..columns).flat_map(column).collect()
}

#[cfg(test)]
mod tests;
