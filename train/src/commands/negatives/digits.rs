//! The digits that some drawn pictures of no class are made of.

use ndarray::{Array4, Axis};

use super::expect_pictures;
use crate::data::augment::Picture;
use crate::data::negatives::SIDE;
use crate::data::{Dataset, numbers};
use crate::error::Error;

const DIGITS: usize = 10;

/// Digits by what they are, as light ink on black.
pub struct Digits {
    images: Array4<u8>,
    places: [Vec<usize>; DIGITS],
    /// Whether they are the inversions of what is wanted.
    are_inverted: bool,
}

impl Digits {
    /// Fails unless these are in the size of the digits of MNIST, and called as they are.
    pub fn new(digits: &Dataset) -> Result<Self, Error> {
        expect_pictures(digits)?;
        let (shape, classes) = (digits.shape(), digits.classes());
        if shape != [1, SIDE, SIDE] || *classes != numbers(0, DIGITS) {
            let classes = classes.join(", ");
            return Err(Error::DrawnForDigits { shape, classes });
        }
        let places = |digit: usize| {
            let labels = digits.labels().iter().enumerate();
            let own = labels.filter(|(_, label)| usize::from(**label) == digit);
            own.map(|(place, _)| place).collect()
        };
        let mut images = digits.images()?;
        let is_light = |image: &&[u8]| Picture::new(image, shape).is_light();
        let pixels = images.as_slice().unwrap_or_default();
        let light = pixels.chunks_exact(SIDE * SIDE).filter(is_light).count();
        let are_inverted = 2 * light > digits.len();
        if are_inverted {
            images.mapv_inplace(inverted);
        }
        Ok(Self {
            images,
            places: std::array::from_fn(places),
            are_inverted,
        })
    }

    /// One of the pictures of a digit, by any number; black where there is none.
    pub fn picture(&self, digit: u8, any: usize) -> Vec<u8> {
        let places = &self.places[usize::from(digit)];
        let place = places.get(any % places.len().max(1));
        place.map_or(vec![0; SIDE * SIDE], |&place| {
            let image = self.images.index_axis(Axis(0), place);
            image.iter().copied().collect()
        })
    }

    /// Pictures of light ink as the digits are.
    pub fn as_given(&self, pixels: Vec<u8>) -> Vec<u8> {
        if self.are_inverted {
            pixels.into_iter().map(inverted).collect()
        } else {
            pixels
        }
    }
}

fn inverted(pixel: u8) -> u8 {
    u8::MAX - pixel
}

#[cfg(test)]
mod tests {
    use super::super::learning;
    use super::*;

    #[test]
    fn drawn_pictures_are_in_the_polarity_of_the_digits() {
        let blot = |index: usize| {
            let (row, column) = (index % (SIDE * SIDE) / SIDE, index % SIDE);
            u8::from((9..20).contains(&row) && (6..17).contains(&column)) * 200
        };
        let light: Vec<u8> = (0..DIGITS * SIDE * SIDE).map(blot).collect();
        let dark = light.iter().copied().map(inverted).collect();
        let [light, dark] = [light, dark].map(|pixels| {
            let labels = (0..DIGITS as u16).collect();
            let digits = Dataset::new([1, SIDE, SIDE], pixels, labels, numbers(0, DIGITS));
            learning(40, &digits).unwrap()
        });
        assert_eq!(light.len(), 40 * SIDE * SIDE);
        assert!(light.into_iter().map(inverted).eq(dark));
    }
}
