//! Random numbers, and pictures of nothing.

use super::{SIDE, levels, picture_of, plane};
use crate::data::augment::smooth;
use crate::data::random::Random;

const SIZE: [usize; 2] = [SIDE; 2];

/// One of the sorts of noise.
pub fn picture(random: &mut Random) -> Vec<u8> {
    let sorts = [
        even,
        bell_shaped,
        salt_and_pepper,
        clouds,
        mixed_clouds,
        blobs,
        spots,
    ];
    let numbers = sorts[random.below(sorts.len())](random);
    picture_of(numbers).bytes()
}

/// Each pixel between two levels.
fn even(random: &mut Random) -> Vec<f32> {
    let [from, to] = levels(0.3, random);
    plane(|_, _| random.between(from, to))
}

/// Each pixel around a level.
fn bell_shaped(random: &mut Random) -> Vec<f32> {
    let (level, deviation) = (random.between(0.0, 1.0), random.between(0.1, 0.5));
    plane(|_, _| level + random.bell(deviation))
}

/// A level, and some pixels black or white.
fn salt_and_pepper(random: &mut Random) -> Vec<f32> {
    let level = random.between(0.0, 1.0);
    let (salt, pepper) = (random.between(0.05, 0.4), random.between(0.05, 0.4));
    plane(|_, _| match random.between(0.0, 1.0) {
        share if share < salt => 1.0,
        share if share < salt + pepper => 0.0,
        _ => level,
    })
}

/// Smooth numbers of one size.
fn clouds(random: &mut Random) -> Vec<f32> {
    let (share, strength) = (random.between(0.02, 0.2), random.between(0.15, 0.5));
    let level = random.between(0.1, 0.7);
    let clouds = smooth(SIZE, share, random).into_iter();
    clouds.map(|cloud| level + strength * cloud).collect()
}

/// Smooth numbers of all sizes, the coarser the stronger.
fn mixed_clouds(random: &mut Random) -> Vec<f32> {
    let mut numbers = vec![random.between(0.2, 0.7); SIDE * SIDE];
    let decay = random.between(0.4, 1.0);
    let (mut share, mut strength) = (0.25, random.between(0.15, 0.35));
    for _ in 0..4 {
        for (number, cloud) in numbers.iter_mut().zip(smooth(SIZE, share, random)) {
            *number += strength * cloud;
        }
        (share, strength) = (share / 2.0, strength * decay);
    }
    numbers
}

/// Smooth numbers, parted into two levels.
fn blobs(random: &mut Random) -> Vec<f32> {
    let (share, least) = (random.between(0.03, 0.12), random.between(-0.8, 0.8));
    let [low, high] = levels(0.5, random);
    let sharpness = random.between(1.5, 8.0);
    let clouds = smooth(SIZE, share, random).into_iter();
    let numbers = clouds.map(|cloud| ((cloud - least) * sharpness + 0.5).clamp(0.0, 1.0));
    numbers.map(|amount| low + (high - low) * amount).collect()
}

/// Some squares of 2 x 2 to 4 x 4 pixels, at any level.
fn spots(random: &mut Random) -> Vec<f32> {
    let side = 2 + random.below(3);
    let share = random.between(0.15, 1.0);
    let count = SIDE.div_ceil(side);
    let mut spot = || {
        let is_lit = random.between(0.0, 1.0) < share;
        if is_lit {
            random.between(0.0, 1.0)
        } else {
            0.0
        }
    };
    let spots: Vec<f32> = (0..count * count).map(|_| spot()).collect();
    plane(|down, across| spots[down as usize / side * count + across as usize / side])
}

/// One of the sorts of pictures with next to nothing on them.
pub fn blank(random: &mut Random) -> Vec<u8> {
    let level = match random.below(2) {
        0 => 0.0,
        _ => random.between(0.0, 1.0),
    };
    let mut picture = picture_of(vec![level; SIDE * SIDE]);
    match random.below(8) {
        0 => (),
        1 => picture = picture_of(slope(random)),
        2 => picture.frame(random),
        3 => picture.clutter(random),
        4 => picture.lay(&specks(random)),
        5 => picture.lay(&stain(random)),
        _ => {
            let deviation = random.between(0.005, 0.06);
            picture.add_noise(deviation, random);
        }
    }
    picture.bytes()
}

/// Light that grows from one side to the other by little.
fn slope(random: &mut Random) -> Vec<f32> {
    let level = random.between(0.0, 1.0);
    let [down, across] = [0; 2].map(|_| random.between(-0.2, 0.2));
    let half = SIDE as f32 / 2.0;
    plane(|y, x| level + down * (y / half - 1.0) + across * (x / half - 1.0))
}

/// The ink of one to three specks of about a pixel.
fn specks(random: &mut Random) -> Vec<f32> {
    let mut amounts = vec![0.0; SIDE * SIDE];
    for _ in 0..=random.below(3) {
        let place = random.below(SIDE) * SIDE + random.below(SIDE);
        let beside = (place + [1, SIDE][random.below(2)]).min(SIDE * SIDE - 1);
        amounts[place] = random.between(0.3, 1.0);
        amounts[beside] = random.between(0.0, amounts[place]);
    }
    amounts
}

/// The ink of a soft, faint stain.
fn stain(random: &mut Random) -> Vec<f32> {
    let strength = random.between(0.05, 0.3);
    let clouds = smooth(SIZE, 0.15, random).into_iter();
    clouds
        .map(|cloud| strength * (cloud - 0.5).max(0.0))
        .collect()
}
