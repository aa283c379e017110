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
    use ndarray::{Array2, array};

    use super::*;

    fn written(variant: Variant, image: &Array2<u8>) -> Array2<f32> {
        let mut pixels = Array2::from_elem(image.dim(), f32::NAN);
        variant.write(&image.view(), pixels.view_mut());
        pixels
    }

    #[test]
    fn plain_scales_bytes_to_0_and_1() {
        assert_eq!(
            written(Variant::Plain, &array![[0, 51], [102, 255]]),
            array![[0.0, 0.2], [0.4, 1.0]]
        );
    }

    #[test]
    fn inverted_is_255_minus_each_byte() {
        let bytes = Array2::from_shape_fn((16, 16), |(row, column)| (16 * row + column) as u8);
        let expected = bytes.mapv(|byte| f32::from(255 - byte) / 255.0);
        assert_eq!(written(Variant::Inverted, &bytes), expected);
    }

    #[test]
    fn an_epoch_visits_the_plain_image_always() {
        assert_eq!(Augment::None.variants(), [Variant::Plain]);
        assert_eq!(
            Augment::Invert.variants(),
            [Variant::Plain, Variant::Inverted]
        );
        assert_eq!(Augment::default(), Augment::None);
    }
}
