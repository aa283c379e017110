//! Pictures in the manner of small photographs: shades of all levels, edges, soft light and grain.

use super::{SIDE, picture_of, plane};
use crate::data::augment::{Affine, WHITE, smooth};
use crate::data::random::Random;

const SIZE: [usize; 2] = [SIDE; 2];
const MIDDLE: f32 = SIDE as f32 / 2.0;

/// Two to seven shaded shapes over each other, cut by the frame as a part of a larger picture is.
pub fn patch(random: &mut Random) -> Vec<u8> {
    let mut numbers = shades(random);
    for _ in 0..2 + random.below(6) {
        let cover = match random.below(3) {
            0 => edge(random),
            1 => quadrangle(random),
            _ => ellipse(random),
        };
        lay(&mut numbers, &cover, &shades(random));
    }
    taken(numbers, random)
}

/// Hills or buildings, or both, before a sky.
pub fn scene(random: &mut Random) -> Vec<u8> {
    let horizon = random.between(8.0, 22.0);
    let sky = [random.between(0.4, 1.0), random.between(0.2, 1.0)];
    let mut numbers = plane(|down, _| sky[0] + (sky[1] - sky[0]) * down / horizon);
    let sort = random.below(3);
    if sort != 0 {
        for away in [4.0, 0.0] {
            let hills = hills(horizon - away, random);
            lay(&mut numbers, &hills, &ground(random));
        }
    }
    if sort != 1 {
        for _ in 0..=random.below(4) {
            build(&mut numbers, horizon, random);
        }
        let below = plane(|down, _| (down - horizon).clamp(0.0, 1.0));
        lay(&mut numbers, &below, &ground(random));
    }
    taken(numbers, random)
}

/// Covers numbers with others by these shares.
fn lay(numbers: &mut [f32], shares: &[f32], others: &[f32]) {
    for ((number, share), other) in numbers.iter_mut().zip(shares).zip(others) {
        *number += (other - *number) * share;
    }
}

/// A level with a slope of light, and stronger or weaker clouds of one size.
fn shades(random: &mut Random) -> Vec<f32> {
    let level = random.between(0.0, 1.0);
    let [down, across] = [0; 2].map(|_| random.bell(0.15));
    let (share, strength) = (random.between(0.02, 0.15), random.between(0.0, 0.1));
    let mut clouds = smooth(SIZE, share, random).into_iter();
    plane(|y, x| {
        let slope = (down * (y - MIDDLE) + across * (x - MIDDLE)) / MIDDLE;
        level + slope + strength * clouds.next().unwrap_or_default()
    })
}

/// What is on one side of a line through the picture.
fn edge(random: &mut Random) -> Vec<f32> {
    let turned = Affine::rotation(random.between(0.0, 360.0));
    let (at, sharpness) = (random.between(-9.0, 9.0), sharpness(random));
    plane(|down, across| {
        let [away, _] = turned.of([down - MIDDLE, across - MIDDLE]);
        ((away - at) * sharpness + 0.5).clamp(0.0, 1.0)
    })
}

/// What is in an ellipse that is not narrow, so that it is no stroke.
fn ellipse(random: &mut Random) -> Vec<f32> {
    let turned = Affine::rotation(random.between(0.0, 360.0));
    let middle = [0; 2].map(|_| random.between(0.0, SIDE as f32));
    let radii = [0; 2].map(|_| random.between(4.0, 13.0));
    let sharpness = sharpness(random) * radii[0].min(radii[1]);
    plane(|down, across| {
        let [y, x] = turned.of([down - middle[0], across - middle[1]]);
        let [y, x] = [y / radii[0], x / radii[1]];
        ((1.0 - (y * y + x * x).sqrt()) * sharpness + 0.5).clamp(0.0, 1.0)
    })
}

/// What is in a turned and sheared square.
fn quadrangle(random: &mut Random) -> Vec<f32> {
    let turned = Affine::rotation(random.between(0.0, 360.0));
    let turned = turned.then(Affine::shear(random.bell(0.4)));
    let middle = [0; 2].map(|_| random.between(0.0, SIDE as f32));
    let halves = [0; 2].map(|_| random.between(3.5, 12.0));
    let sharpness = sharpness(random);
    plane(|down, across| {
        let [y, x] = turned.of([down - middle[0], across - middle[1]]);
        let inside = (halves[0] - y.abs()).min(halves[1] - x.abs());
        (inside * sharpness + 0.5).clamp(0.0, 1.0)
    })
}

/// From in to out of focus: a share of an edge in a pixel.
fn sharpness(random: &mut Random) -> f32 {
    1.0 / random.between(0.8, 5.0)
}

/// What is below a ridge about at a row.
fn hills(row: f32, random: &mut Random) -> Vec<f32> {
    let share = random.between(0.08, 0.25);
    let (height, ridge) = (random.between(1.0, 4.0), smooth([1, SIDE], share, random));
    plane(|down, across| (down - row - height * ridge[across as usize]).clamp(0.0, 1.0))
}

/// Dark to the horizon and lighter before, with grass or gravel.
fn ground(random: &mut Random) -> Vec<f32> {
    let [far, near] = [random.between(0.0, 0.5), random.between(0.0, 0.8)];
    let (share, strength) = (random.between(0.01, 0.06), random.between(0.02, 0.15));
    let mut clouds = smooth(SIZE, share, random).into_iter();
    plane(|down, _| {
        far + (near - far) * down / SIDE as f32 + strength * clouds.next().unwrap_or_default()
    })
}

/// Puts a building with rows of windows on the horizon.
fn build(numbers: &mut [f32], horizon: f32, random: &mut Random) {
    let (left, width) = (random.between(-4.0, 24.0), random.between(5.0, 12.0));
    let top = horizon - random.between(4.0, 16.0);
    let [wall, window] = [0; 2].map(|_| random.between(0.0, 0.9));
    let distance = random.between(2.5, 4.5);
    let is_inside = |down: f32, across: f32| {
        (top..horizon + 1.0).contains(&down) && (left..left + width).contains(&across)
    };
    let inside = plane(|down, across| f32::from(u8::from(is_inside(down, across))));
    let front = plane(|down, across| {
        let is_window = [down - top, across - left]
            .into_iter()
            .all(|place| place.rem_euclid(distance) > distance / 2.0);
        if is_window { window } else { wall }
    });
    lay(numbers, &inside, &front);
}

/// A photograph of numbers: not quite sharp, over a part or all of the range, and with grain.
fn taken(numbers: Vec<f32>, random: &mut Random) -> Vec<u8> {
    let mut picture = picture_of(numbers);
    picture.blur(random.between(0.3, 0.8));
    let low = picture.pixels().iter().copied().fold(f32::MAX, f32::min);
    let high = picture.pixels().iter().copied().fold(f32::MIN, f32::max);
    let range = (high - low).max(f32::MIN_POSITIVE);
    let [black, white] = [random.between(-0.1, 0.25), random.between(0.65, 1.1)];
    picture.each(|pixel| WHITE * (black + (pixel - low) / range * (white - black)));
    let deviation = random.between(0.005, 0.04);
    picture.add_noise(deviation, random);
    picture.bytes()
}
