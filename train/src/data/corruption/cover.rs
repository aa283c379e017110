//! What lies over a picture.

use super::{SIDE, unit};
use crate::data::augment::{Picture, WHITE, cover, smooth};
use crate::data::random::Random;
use crate::data::synthetic::strokes::{Canvas, Point};

/// How much fog there is in finer and finer clouds: of each size 1.4 times less than of the size before.
const DECAY: f32 = 1.4;
/// Corners of a zigzag as parts of 28 of the picture: across from its start, and off its middle.
const CORNERS: [[f32; 2]; 8] = [
    [0.0, 0.0],
    [2.0, 2.0],
    [6.0, -2.0],
    [10.0, 2.0],
    [14.0, -2.0],
    [18.0, 2.0],
    [22.0, -2.0],
    [23.0, 0.0],
];

/// Inverts up to a quarter of the picture at its left and at its right.
pub fn stripes(picture: &mut Picture, share: f32) {
    picture.invert_ends(1, share / 4.0, [true; 2]);
}

/// Adds up to three times as much fog as there is light, and darkens all to the range of before.
pub fn fog(picture: &mut Picture, share: f32, random: &mut Random) {
    let size = picture.size();
    let mut fog = vec![0.0; size[0] * size[1]];
    let (mut length, mut weight) = (0.25, 1.0);
    for _ in 0..4 {
        for (fog, cloud) in fog.iter_mut().zip(smooth(size, length, random)) {
            *fog += weight * cloud;
        }
        (length, weight) = (length / 2.0, weight / DECAY);
    }
    let low = fog.iter().copied().fold(f32::INFINITY, f32::min);
    let high = fog.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = (high - low).max(f32::MIN_POSITIVE);
    let density = 3.0 * share;
    for plane in picture.planes_mut() {
        for (pixel, fog) in plane.iter_mut().zip(&fog) {
            let fog = density * WHITE * (fog - low) / range;
            *pixel = (*pixel + fog) / (1.0 + density);
        }
    }
}

/// Throws mud on up to a sixth of the picture.
pub fn spatter(picture: &mut Picture, share: f32, random: &mut Random) {
    let least = 2.2 - 1.2 * share;
    let drops = smooth(picture.size(), 1.5 / SIDE, random);
    for plane in picture.planes_mut() {
        for (pixel, drop) in plane.iter_mut().zip(&drops) {
            let mud = ((drop - least) / 0.3).clamp(0.0, 1.0);
            *pixel += (0.25 * WHITE - *pixel) * mud;
        }
    }
}

/// Draws a dotted line from the left to the right, up to three pixels of 28 wide.
pub fn dotted_line(picture: &mut Picture, share: f32, random: &mut Random) {
    let [rows, columns] = picture.size();
    let width = 3.0 * unit(picture) * share;
    let [start, end] = [0; 2].map(|_| random.between(0.0, rows as f32));
    let amount = |index: usize| {
        let (row, column) = (index / columns, index % columns);
        let across = (column as f32 + 0.5) / columns as f32;
        let away = row as f32 + 0.5 - (start + (end - start) * across);
        let is_dot = (across * SIDE / 2.0) as usize % 2 == 1;
        if is_dot {
            cover(away.abs(), width)
        } else {
            0.0
        }
    };
    let amounts: Vec<f32> = (0..rows * columns).map(amount).collect();
    picture.lay(&amounts);
}

/// Draws a zigzag from the left to the right, up to three pixels of 28 wide.
pub fn zigzag(picture: &mut Picture, share: f32, random: &mut Random) {
    let [rows, columns] = picture.size();
    let width = 3.0 * unit(picture) * share;
    let (start, fall) = (random.between(0.0, 27.0), random.between(-5.0, 5.0));
    let corners = CORNERS.map(|[across, off]| Point {
        x: (2.0 + across) * columns as f32 / SIDE,
        y: (start + fall * across / 23.0 + off) * rows as f32 / SIDE,
        width,
    });
    let mut canvas = Canvas::new(columns, rows);
    canvas.draw(&corners, 1.0);
    picture.lay(canvas.ink());
}
