//! Random changes of pictures: what a recipe's list `augment` names, applied in its order to each picture of an epoch.

use serde::{Deserialize, Serialize};

use super::affine::Affine;
use super::limits::{
    Chance, Choices, Degrees, Evenness, Factors, Part, Pixels, Qualities, Share, Widths,
};
use super::pixels::Picture;
use crate::data::random::Random;
use crate::network::Shape;

/// The first of the streams of random numbers that an epoch's seed has for its pictures.
const PICTURE_STREAMS: u64 = 1 << 32;

/// A random change, with how far it goes at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// Mirrors every second picture.
    Flip(Mirror),
    /// Moves by up to this share of the picture's sides, each way.
    Shift(Share),
    /// Turns by up to so many degrees, each way.
    Rotate(Degrees),
    /// Scales by a factor between these two.
    Scale(Factors),
    /// Makes widths a factor between these two times larger against heights; areas stay.
    Aspect(Factors),
    /// Cuts out a part whose sides are this share or more of the picture's, and scales it up.
    Crop(Share),
    /// Adds up to this share of white, or takes it away.
    Brightness(Share),
    /// Pulls pixels towards their mean or away from it, by up to this share.
    Contrast(Share),
    /// Pulls the colours of a pixel towards grey or away from it, by up to this share, and tints by a quarter of that.
    Colour(Share),
    /// Adds numbers of a standard deviation of up to this share of white, other ones to each pixel.
    Noise(Share),
    /// Blurs by a bell curve of a standard deviation of up to so many pixels.
    Blur(Pixels),
    /// Hides a part in the picture's proportions, with up to this share of its sides, under the mean.
    Cutout(Share),
    /// Turns this share of the pictures into their negatives.
    Invert(Chance),
    /// Pulls places here and there, neighbours alike, by up to this share of the longer side in standard deviation.
    Elastic(Part),
    /// Makes strokes wider by a share of the longer side between these two, or thinner.
    Thickness(Widths),
    /// Ends strokes of this share of the pictures in balls, as many printed characters are.
    Balls(Chance),
    /// Lets the ground through the ink, in grains and patches, by up to this share.
    Pen(Share),
    /// Hides up to this share of the drawing, from one of its sides, under the ground.
    Cut(Share),
    /// Brings black and white nearer to each other, each by up to half of this share of white.
    Levels(Share),
    /// Rules this share of the pictures, behind the ink, with lines or squares.
    Paper(Chance),
    /// Takes up to this share of the light away, more and more towards one side.
    Light(Share),
    /// Takes up to this share of the light away in a round shadow with a soft edge.
    Shadow(Share),
    /// Stores the picture as a JPEG of a quality between these two.
    Jpeg(Qualities),
    /// Draws a frame at the border of this share of the pictures, or some sides of one.
    Frame(Chance),
    /// Puts specks and pieces of strokes at the border of this share of the pictures.
    Clutter(Chance),
    /// Draws a stroke across this share of the pictures, straight or with corners, whole or in dots.
    Stroke(Chance),
    /// Turns strokes into their outlines, by up to this share of the way.
    Outline(Share),
    /// Inverts up to this share of the picture at one of its sides, or at each of two across from each other.
    Sides(Share),
    /// One of these, each as often as the others.
    OneOf(Choices),
    /// Mixes each picture with another one, and their labels with them; shares are drawn from a beta distribution with this
    /// number for both of its parameters ([Zhang et al.](https://arxiv.org/abs/1710.09412)).
    Mixup(Evenness),
}

/// Which sides change places.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mirror {
    /// Left and right.
    Horizontal,
    /// Top and bottom.
    Vertical,
    /// Each pair by itself.
    Both,
}

/// Writes a picture `[channels, rows, columns]` of bytes, changed, into `pixels` of the same shape, 0 to 1. The same seed
/// and sample change it the same way.
pub fn apply(
    transforms: &[Transform],
    (bytes, shape): (&[u8], Shape),
    [seed, sample]: [u64; 2],
    pixels: &mut [f32],
) {
    let mut random = Random::new(seed, PICTURE_STREAMS + sample);
    let mut picture = Picture::new(bytes, shape);
    let mut moved = Affine::NONE;
    for transform in transforms {
        let transform = transform.chosen(&mut random);
        // What only moves pixels is done in one go, so that they are interpolated once.
        if let Some(affine) = transform.affine(shape, &mut random) {
            moved = moved.then(affine);
        } else {
            picture.sample(std::mem::replace(&mut moved, Affine::NONE));
            transform.change(&mut picture, &mut random);
        }
    }
    picture.sample(moved);
    picture.write(pixels);
}

impl Transform {
    /// Itself, or one of its choices.
    fn chosen(&self, random: &mut Random) -> &Self {
        match self {
            Self::OneOf(Choices(choices)) => choices[random.below(choices.len())].chosen(random),
            _ => self,
        }
    }

    /// Whether it turns pictures into their negatives, always or by choice.
    pub fn inverts(&self) -> bool {
        match self {
            Self::Invert(_) => true,
            Self::OneOf(Choices(choices)) => choices.iter().any(Self::inverts),
            _ => false,
        }
    }

    /// Where the change only moves pixels: the place in the picture from which each place of the result is.
    fn affine(&self, shape: Shape, random: &mut Random) -> Option<Affine> {
        let [_, rows, columns] = shape.map(|size| size as f32);
        let affine = match *self {
            Self::Flip(mirror) => {
                let [down, across] = [random.below(2) == 1, random.below(2) == 1];
                let (down, across) = match mirror {
                    Mirror::Horizontal => (false, across),
                    Mirror::Vertical => (down, false),
                    Mirror::Both => (down, across),
                };
                let sign = |is_mirrored: bool| if is_mirrored { -1.0 } else { 1.0 };
                Affine::scale([sign(down), sign(across)])
            }
            Self::Shift(Share(most)) => {
                Affine::shift([rows, columns].map(|size| size * random.between(-most, most)))
            }
            Self::Rotate(Degrees(degrees)) => Affine::rotation(random.between(-degrees, degrees)),
            Self::Scale(factors) => Affine::scale([1.0 / factors.drawn(random); 2]),
            Self::Aspect(factors) => {
                let factor = factors.drawn(random).sqrt();
                Affine::scale([factor, 1.0 / factor])
            }
            Self::Crop(Share(least)) => {
                let side = random.between(least, 1.0);
                let free = [rows, columns].map(|size| size * (1.0 - side) / 2.0);
                let part = Affine::scale([side; 2]);
                Affine::shift(free.map(|free| random.between(-free, free))).then(part)
            }
            _ => return None,
        };
        Some(affine)
    }

    /// All other changes of one picture.
    fn change(&self, picture: &mut Picture, random: &mut Random) {
        match *self {
            Self::Brightness(Share(share)) => picture.brighten(random.between(-share, share)),
            Self::Contrast(Share(share)) => picture.spread(1.0 + random.between(-share, share)),
            Self::Colour(Share(share)) => picture.colour(share, random),
            Self::Noise(Share(share)) => picture.add_noise(random.between(0.0, share), random),
            Self::Blur(Pixels(deviation)) => picture.blur(random.between(0.0, deviation)),
            Self::Cutout(Share(share)) => picture.hide(random.between(0.0, share), random),
            Self::Invert(chance) if chance.happens(random) => picture.invert(),
            Self::Pen(Share(share)) => picture.dry(random.between(0.0, share), random),
            Self::Cut(Share(share)) => picture.cut(random.between(0.0, share), random),
            Self::Levels(Share(share)) => {
                let [black, white] = [0; 2].map(|_| random.between(0.0, share / 2.0));
                picture.level([black, 1.0 - white]);
            }
            Self::Light(Share(share)) => picture.fade(random.between(0.0, share), random),
            Self::Shadow(Share(share)) => picture.cast(random.between(0.0, share), random),
            Self::Elastic(Part(share)) => {
                picture.bend(picture.side() * random.between(0.0, share), random);
            }
            Self::Thickness(Widths([low, high])) => {
                picture.thicken(picture.side() * random.between(low, high));
            }
            Self::Jpeg(Qualities([low, high])) => {
                let more = random.below(usize::from(high - low) + 1);
                picture.compress(low + more as u8);
            }
            Self::Balls(chance) if chance.happens(random) => picture.end_in_balls(random),
            Self::Paper(chance) if chance.happens(random) => picture.rule(random),
            Self::Frame(chance) if chance.happens(random) => picture.frame(random),
            Self::Stroke(chance) if chance.happens(random) => picture.cross(random),
            Self::Clutter(chance) if chance.happens(random) => picture.clutter(random),
            Self::Outline(Share(share)) => picture.outline(random.between(0.0, share)),
            Self::Sides(Share(share)) => picture.invert_sides(random.between(0.0, share), random),
            // Those that are not to happen; and what others do: pixels are moved and pictures mixed elsewhere, choices made before.
            Self::Invert(_)
            | Self::Balls(_)
            | Self::Paper(_)
            | Self::Frame(_)
            | Self::Stroke(_)
            | Self::Clutter(_)
            | Self::Flip(_)
            | Self::Shift(_)
            | Self::Rotate(_)
            | Self::Scale(_)
            | Self::Aspect(_)
            | Self::Crop(_)
            | Self::OneOf(_)
            | Self::Mixup(_) => (),
        }
    }
}

/// The shares of the pictures of a batch in mixtures with others, and these others; `None` if none of the list mixes.
pub fn mixtures(
    transforms: &[Transform],
    count: usize,
    [seed, batch]: [u64; 2],
) -> Option<Vec<(f32, usize)>> {
    let mixes = |transform: &Transform| match transform {
        Transform::Mixup(Evenness(alpha)) => Some(*alpha),
        _ => None,
    };
    let alpha = transforms.iter().find_map(mixes)?;
    // The streams of samples end before those of batches begin.
    let mut random = Random::new(seed, 2 * PICTURE_STREAMS + batch);
    let one = |_| (beta(alpha, &mut random), random.below(count));
    Some((0..count).map(one).collect())
}

/// A number of 0 to 1 from a beta distribution of two equal parameters up to 1, by
/// [Jöhnk's method](https://doi.org/10.1007/BF02613706).
fn beta(alpha: f32, random: &mut Random) -> f32 {
    loop {
        let mut power = || libm::powf(random.between(0.0, 1.0), 1.0 / alpha);
        let (a, b) = (power(), power());
        if a + b > 0.0 && a + b <= 1.0 {
            return a / (a + b);
        }
    }
}
