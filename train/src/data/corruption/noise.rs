//! Noise of each pixel by itself.

use crate::data::augment::{Picture, WHITE};
use crate::data::random::Random;

/// Counts light as a sensor does: a white pixel is so many photons in the mean, 3 at the most of noise.
pub fn shots(picture: &mut Picture, share: f32, random: &mut Random) {
    let white = 3.0 / (share * share);
    picture.each(|pixel| poisson(pixel / WHITE * white, random) as f32 / white * WHITE);
}

/// Makes up to 17 of 100 pixels black or white.
pub fn impulses(picture: &mut Picture, share: f32, random: &mut Random) {
    picture.each(|pixel| {
        let (chance, colour) = (random.between(0.0, 1.0), random.below(2));
        if chance < 0.17 * share {
            colour as f32 * WHITE
        } else {
            pixel
        }
    });
}

/// How many of events that happen independently, this many in the mean and less than 80: as many as even numbers have a
/// product above `exp(-mean)` (Knuth, "Seminumerical Algorithms", 3.4.1).
pub fn poisson(mean: f32, random: &mut Random) -> u32 {
    let end = libm::expf(-mean);
    let mut product = random.between(0.0, 1.0);
    let mut count = 0;
    while product > end {
        product *= random.between(0.0, 1.0);
        count += 1;
    }
    count
}
