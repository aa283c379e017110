//! Lenses, sensors and files.

use std::f64::consts::PI;

use super::Kind;
use crate::random::Numbers;

/// Each pixel with this share of its neighbours to each side, along rows and then along columns.
pub fn blurred(pixels: &[f64], width: usize, share: f64) -> Vec<f64> {
    let along = |pixels: &[f64], step: usize| -> Vec<f64> {
        let get = |at: usize, other: Option<usize>| {
            other
                .and_then(|other| pixels.get(other))
                .unwrap_or(&pixels[at])
        };
        let mean = |at: usize| {
            let sides = get(at, at.checked_sub(step)) + get(at, Some(at + step));
            pixels[at] * (1.0 - 2.0 * share) + share * sides
        };
        (0..pixels.len()).map(mean).collect()
    };
    along(&along(pixels, 1), width)
}

/// What JPEG does to squares of 8 x 8 pixels: rounds their cosine transforms, the more the finer.
pub fn compress(pixels: &mut [f64], width: usize, coarse: f64) {
    let cosine = |at: usize, wave: usize| {
        let scale = if wave == 0 { 0.125_f64 } else { 0.25 }.sqrt();
        scale * (PI * (2.0 * at as f64 + 1.0) * wave as f64 / 16.0).cos()
    };
    let table: [[f64; 8]; 8] =
        std::array::from_fn(|wave| std::array::from_fn(|at| cosine(at, wave)));
    let height = pixels.len() / width;
    for top in (0..height / 8 * 8).step_by(8) {
        for left in (0..width / 8 * 8).step_by(8) {
            let mut block = [[0.0; 8]; 8];
            for (y, row) in block.iter_mut().enumerate() {
                row.copy_from_slice(&pixels[(top + y) * width + left..][..8]);
            }
            let forward = |wave: usize, at: usize| table[wave][at];
            let mut waves = transformed(&transformed(&block, forward), forward);
            for (down, row) in waves.iter_mut().enumerate() {
                for (right, wave) in row.iter_mut().enumerate() {
                    let step = coarse * (2.0 + (down + right) as f64);
                    *wave = (*wave / step).round() * step;
                }
            }
            let back = |at: usize, wave: usize| table[wave][at];
            let block = transformed(&transformed(&waves, back), back);
            for (y, row) in block.iter().enumerate() {
                pixels[(top + y) * width + left..][..8].copy_from_slice(row);
            }
        }
    }
}

/// The rows of a block transformed, and rows made columns.
fn transformed(block: &[[f64; 8]; 8], factor: impl Fn(usize, usize) -> f64) -> [[f64; 8]; 8] {
    let value = |to: usize, row: &[f64; 8]| (0..8).map(|from| factor(to, from) * row[from]).sum();
    std::array::from_fn(|to| std::array::from_fn(|row| value(to, &block[row])))
}

/// Dark pixels on the lens or the sensor.
pub fn dirty(kind: Kind, pixels: &mut [f64], [width, height]: [usize; 2], numbers: &mut Numbers) {
    let (count, side) = match kind {
        Kind::Pixel => (1, 1),
        Kind::Specks => (3, 3),
        Kind::Pixels => (10, 1),
        _ => (0, 0),
    };
    for _ in 0..count {
        let [left, top] =
            [width, height].map(|len| numbers.between(0.0, (len - side) as f64) as usize);
        for y in top..top + side {
            pixels[y * width + left..][..side].fill(30.0);
        }
    }
}
