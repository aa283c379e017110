//! Pictures made worse in fifteen ways, to measure how much of that a network bears.
//!
//! They are those of MNIST-C ([Mu and Gilmer](https://arxiv.org/abs/1906.02337)), made here, each in five strengths: the last one
//! is about that of the published set, the others grow towards it in even steps. Lengths are shares of the longer side, as they
//! are of 28 pixels there. What is dark on a light ground is made worse as its negative is.

mod blur;
mod cover;
mod edges;
mod noise;
#[cfg(test)]
mod tests;

use super::augment::{Affine, Picture};
use super::random::Random;
use crate::network::Shape;

/// Strengths, from 1 to this one.
pub const STRENGTHS: usize = 5;

/// The sides of the pictures that lengths are given for, in pixels.
const SIDE: f32 = 28.0;

/// A way to make pictures worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corruption {
    ShotNoise,
    ImpulseNoise,
    GlassBlur,
    MotionBlur,
    Shear,
    Scale,
    Rotate,
    Brightness,
    Translate,
    Stripe,
    Fog,
    Spatter,
    DottedLine,
    Zigzag,
    CannyEdges,
}

impl Corruption {
    pub const ALL: [Self; 15] = [
        Self::ShotNoise,
        Self::ImpulseNoise,
        Self::GlassBlur,
        Self::MotionBlur,
        Self::Shear,
        Self::Scale,
        Self::Rotate,
        Self::Brightness,
        Self::Translate,
        Self::Stripe,
        Self::Fog,
        Self::Spatter,
        Self::DottedLine,
        Self::Zigzag,
        Self::CannyEdges,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShotNoise => "shot noise",
            Self::ImpulseNoise => "impulse noise",
            Self::GlassBlur => "glass blur",
            Self::MotionBlur => "motion blur",
            Self::Shear => "shear",
            Self::Scale => "scale",
            Self::Rotate => "rotate",
            Self::Brightness => "brightness",
            Self::Translate => "translate",
            Self::Stripe => "stripe",
            Self::Fog => "fog",
            Self::Spatter => "spatter",
            Self::DottedLine => "dotted line",
            Self::Zigzag => "zigzag",
            Self::CannyEdges => "canny edges",
        }
    }

    /// Makes a picture `[channels, rows, columns]` worse, in a strength of 1 to 5. All that is random follows from the way and
    /// the picture's number.
    pub fn change(self, strength: usize, (bytes, shape): (&mut [u8], Shape), place: u64) {
        let mut random = Random::new(self as u64, place);
        let mut picture = Picture::new(bytes, shape);
        let is_negative = picture.is_light();
        if is_negative {
            picture.invert();
        }
        let part = strength as f32 / STRENGTHS as f32;
        self.apply(&mut picture, part, &mut random);
        if is_negative {
            picture.invert();
        }
        bytes.copy_from_slice(&picture.bytes());
    }

    /// Makes a picture of light ink worse, by this share of the most.
    fn apply(self, picture: &mut Picture, share: f32, random: &mut Random) {
        match self {
            Self::ShotNoise => noise::shots(picture, share, random),
            Self::ImpulseNoise => noise::impulses(picture, share, random),
            Self::GlassBlur => blur::glass(picture, share, random),
            Self::MotionBlur => blur::motion(picture, share, random),
            Self::Shear => picture.sample(Affine::shear(0.42 * share * sign(random))),
            Self::Scale => picture.sample(Affine::scale([1.0 / (1.0 - 0.3 * share); 2])),
            Self::Rotate => picture.sample(Affine::rotation(23.0 * share * sign(random))),
            Self::Brightness => picture.brighten(0.5 * share),
            Self::Translate => {
                let most = 3.0 * unit(picture) * share;
                picture.sample(Affine::shift([0; 2].map(|_| most * sign(random))));
            }
            Self::Stripe => cover::stripes(picture, share),
            Self::Fog => cover::fog(picture, share, random),
            Self::Spatter => cover::spatter(picture, share, random),
            Self::DottedLine => cover::dotted_line(picture, share, random),
            Self::Zigzag => cover::zigzag(picture, share, random),
            Self::CannyEdges => edges::canny(picture, share),
        }
    }
}

/// A pixel of pictures of 28 x 28, in pixels of this one.
fn unit(picture: &Picture) -> f32 {
    picture.side() / SIDE
}

/// Either way.
fn sign(random: &mut Random) -> f32 {
    if random.below(2) == 1 { 1.0 } else { -1.0 }
}
