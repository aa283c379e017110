//! What lies beside a drawing: frames, and ends of other drawings.

use super::ground::cover;
use super::pixels::Picture;
use crate::data::random::Random;
use crate::data::synthetic::strokes::{Canvas, Point};

impl Picture {
    /// Draws a frame near the border: some of its sides, or all.
    pub fn frame(&mut self, random: &mut Random) {
        let [rows, columns] = self.size();
        let side = rows.min(columns) as f32;
        let width = side * random.between(0.01, 0.06);
        let middle = side * random.between(0.0, 0.08) + width / 2.0;
        let amount = random.between(0.4, 1.0);
        let (first, is_whole) = (random.below(4), random.below(2) == 1);
        let is_drawn = [0, 1, 2, 3].map(|one| random.below(2) == 1 || is_whole || one == first);
        let amounts: Vec<f32> = (0..rows * columns)
            .map(|index| {
                let (row, column) = (index / columns, index % columns);
                let pixels = [row, column, rows - 1 - row, columns - 1 - column];
                let drawn = pixels
                    .into_iter()
                    .zip(is_drawn)
                    .filter(|(_, is_drawn)| *is_drawn);
                let nearest = drawn.map(|(pixels, _)| pixels).min().unwrap_or(usize::MAX);
                amount * cover((nearest as f32 + 0.5 - middle).abs(), width)
            })
            .collect();
        self.lay(&amounts);
    }

    /// Puts one to four specks and pieces of strokes at the border.
    pub fn clutter(&mut self, random: &mut Random) {
        let [rows, columns] = self.size();
        let mut canvas = Canvas::new(columns, rows);
        for _ in 0..=random.below(4) {
            let width = self.side() * random.between(0.02, 0.08);
            let (border, along) = (random.below(4), random.between(0.0, 1.0));
            let (is_speck, length) = (random.below(2) == 1, random.between(-0.3, 0.3));
            let depths = [0; 2].map(|_| random.between(0.0, 0.13));
            let [start, end] = [[along, depths[0]], [along + length, depths[1]]];
            let ends = [start, if is_speck { start } else { end }];
            canvas.draw(
                &ends.map(|end| at_border(border, end, [rows, columns], width)),
                1.0,
            );
        }
        let amount = random.between(0.5, 1.0);
        let amounts: Vec<f32> = canvas.ink().iter().map(|ink| amount * ink).collect();
        self.lay(&amounts);
    }
}

/// A point by one of four sides, top, left, bottom and right: a share of the picture along it and another one away from it.
pub(super) fn at_border(
    border: usize,
    [along, depth]: [f32; 2],
    [rows, columns]: [usize; 2],
    width: f32,
) -> Point {
    let depth = if border < 2 { depth } else { 1.0 - depth };
    let [down, across] = if border.is_multiple_of(2) {
        [depth, along]
    } else {
        [along, depth]
    };
    Point {
        x: across * columns as f32,
        y: down * rows as f32,
        width,
    }
}
