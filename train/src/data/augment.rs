//! What an epoch shows of each image.

mod across;
mod affine;
mod border;
mod ends;
mod ground;
mod ink;
mod light;
mod limits;
mod pixels;
mod planes;
#[cfg(test)]
mod tests;
mod transform;
mod warp;

pub(super) use affine::Affine;
pub(super) use ground::{cover, line};
pub(crate) use pixels::Picture;
pub(super) use pixels::WHITE;
pub(super) use planes::smooth;
pub use transform::{Transform, apply, mixtures};

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
    /// Writes the variant of `image` (0 to 255) into `pixels` (0 to 1), which has as many. This is where bytes become the
    /// numbers of the input.
    pub fn write(self, image: &[u8], pixels: &mut [f32]) {
        for (pixel, &byte) in pixels.iter_mut().zip(image) {
            *pixel = f32::from(self.of(byte)) / 255.0;
        }
    }

    /// The variant of one pixel.
    pub fn of(self, pixel: u8) -> u8 {
        match self {
            Self::Plain => pixel,
            Self::Inverted => u8::MAX - pixel,
        }
    }
}
