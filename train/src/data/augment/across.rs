//! What goes across a drawing, and what is left of its strokes.

use super::border::at_border;
use super::ground::Ink;
use super::pixels::{Picture, WHITE};
use super::planes::blur;
use crate::data::random::Random;
use crate::data::synthetic::strokes::{Canvas, Point};

/// The share of the most blurred ink along which outlines go, and how far from it they end.
const OUTLINE: f32 = 0.4;
const ENDS: f32 = 0.3;
/// The standard deviation of that blur, as a share of the longer side.
const BLUR: f32 = 0.03;

impl Picture {
    /// Draws a stroke over all, from one side to the one across: straight or with corners, whole or in dots.
    pub fn cross(&mut self, random: &mut Random) {
        let size = self.size();
        let (border, is_dotted) = (random.below(2), random.below(2) == 1);
        let width = self.side() * random.between(0.01, 0.11);
        let stroke = stroke(border, width, size, random);
        let mut canvas = Canvas::new(size[1], size[0]);
        canvas.draw(&stroke, 1.0);
        let dot = self.side() * random.between(0.05, 0.15);
        let amount = random.between(0.5, 1.0);
        let ink = canvas.ink().iter().enumerate().map(|(index, ink)| {
            let along = [index / size[1], index % size[1]][border];
            let is_gap = is_dotted && (along as f32 / dot) as usize % 2 == 1;
            if is_gap { 0.0 } else { amount * ink }
        });
        let amounts: Vec<f32> = ink.collect();
        self.lay(&amounts);
    }

    /// Turns strokes into their outlines, by this share of the way.
    pub fn outline(&mut self, share: f32) {
        let (size, deviation) = (self.size(), BLUR * self.side());
        for plane in self.planes_mut() {
            let ink = Ink::of(plane, size);
            let mut blurred: Vec<f32> = plane.iter().map(|pixel| ink.amount(*pixel)).collect();
            blur(&mut blurred, size, deviation);
            let most = blurred.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            for (pixel, blurred) in plane.iter_mut().zip(blurred) {
                let away = (blurred / most - OUTLINE).abs();
                let outline = ink.pixel((1.0 - away / ENDS).max(0.0));
                *pixel += (outline - *pixel) * share;
            }
        }
    }

    /// Inverts this share of the picture at one of its sides, or at each of two across from each other.
    pub fn invert_sides(&mut self, share: f32, random: &mut Random) {
        let (axis, sides) = (random.below(2), random.below(3));
        self.invert_ends(axis, share, [sides != 1, sides != 2]);
    }

    /// Inverts this share of the rows (axis 0) or columns at the first of them, at the last, or at both.
    pub fn invert_ends(&mut self, axis: usize, share: f32, [first, last]: [bool; 2]) {
        let size = self.size();
        let width = (share * size[axis] as f32).round() as usize;
        for plane in self.planes_mut() {
            for (index, pixel) in plane.iter_mut().enumerate() {
                let place = [index / size[1], index % size[1]][axis];
                if first && place < width || last && place + width >= size[axis] {
                    *pixel = WHITE - *pixel;
                }
            }
        }
    }
}

/// A line of one to eight straight pieces from a border to the one across.
fn stroke(border: usize, width: f32, size: [usize; 2], random: &mut Random) -> Vec<Point> {
    let pieces = 1 + random.below(8);
    let ends = [0; 2].map(|_| random.between(0.0, 1.0));
    let bend = random.between(0.0, 0.15);
    let knot = |knot: usize| {
        let depth = knot as f32 / pieces as f32;
        let is_end = knot == 0 || knot == pieces;
        let off = if is_end {
            0.0
        } else {
            random.between(-bend, bend)
        };
        let along = ends[0] + (ends[1] - ends[0]) * depth + off;
        at_border(border, [along, depth], size, width)
    };
    (0..=pieces).map(knot).collect()
}
