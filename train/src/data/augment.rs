//! What an epoch shows of each image.

use ndarray::{ArrayView2, ArrayViewMut2, Zip};

/// Which variants of an image an epoch visits.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Augment {
    /// Each image as it is.
    #[default]
    None,
    /// Each image as it is and inverted, so that dark ink on light paper is learnt as well.
    Invert,
}

impl Augment {
    /// Name on the command line and in checkpoints.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Invert => "invert",
        }
    }

    /// The variants of each image, in the order in which an unshuffled epoch visits them.
    pub fn variants(self) -> &'static [Variant] {
        match self {
            Self::None => &[Variant::Plain],
            Self::Invert => &[Variant::Plain, Variant::Inverted],
        }
    }
}

/// One way to show an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As it is.
    Plain,
    /// Each pixel as 255 minus its value.
    Inverted,
}

impl Variant {
    /// Writes the variant of `image` (0 to 255) into `pixels` (0 to 1), which has the same shape.
    pub fn write(self, image: &ArrayView2<'_, u8>, pixels: ArrayViewMut2<'_, f32>) {
        Zip::from(pixels)
            .and(image)
            .for_each(|pixel, &byte| *pixel = f32::from(self.of(byte)) / 255.0);
    }

    /// The variant of one pixel.
    pub fn of(self, pixel: u8) -> u8 {
        match self {
            Self::Plain => pixel,
            Self::Inverted => u8::MAX - pixel,
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn bytes_become_0_to_1_as_they_are_or_inverted() {
        let bytes = Array2::from_shape_fn((16, 16), |(row, column)| (16 * row + column) as u8);
        for (variant, of) in [
            (Variant::Plain, (|byte| byte) as fn(u8) -> u8),
            (Variant::Inverted, |byte| 255 - byte),
        ] {
            let expected = bytes.mapv(|byte| f32::from(of(byte)) / 255.0);
            let mut pixels = Array2::from_elem(bytes.dim(), f32::NAN);
            variant.write(&bytes.view(), pixels.view_mut());
            assert_eq!(pixels, expected);
        }
    }

    #[test]
    fn an_epoch_visits_the_plain_image_always() {
        for (augment, variants) in [
            (Augment::default(), &[Variant::Plain][..]),
            (Augment::None, &[Variant::Plain]),
            (Augment::Invert, &[Variant::Plain, Variant::Inverted]),
        ] {
            assert_eq!(augment.variants(), variants);
        }
    }
}
