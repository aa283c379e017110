//! What is drawn on, whichever of it and the ink is the lighter one.

use super::affine::Affine;
use super::pixels::{Picture, WHITE};
use super::planes::places;
use crate::data::random::Random;

/// What ink stands out by at least, in levels; a channel with less is empty.
const LEAST: f32 = 16.0;

/// A channel's ground, and the ink on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// What most of the border is: its median.
    pub ground: f32,
    /// From the ground to full ink; below 0 where ink is darker.
    pub reach: f32,
}

impl Ink {
    /// Ink is on that side of the ground to which more stands out, as the sum of the cubes says. On an empty sheet it would be
    /// on the side with more room.
    pub fn of(plane: &[f32], size: [usize; 2]) -> Self {
        let ground = border_median(plane, size);
        let (mut lighter, mut darker) = ([0.0, 0.0], [0.0, 0.0]);
        for deviation in plane.iter().map(|pixel| pixel - ground) {
            let [most, cubes]: &mut [f32; 2] = if deviation > 0.0 {
                &mut lighter
            } else {
                &mut darker
            };
            *most = most.max(deviation.abs());
            *cubes += deviation.abs().powi(3);
        }
        let reach = if lighter[1] >= darker[1] {
            lighter[0]
        } else {
            -darker[0]
        };
        let empty = if ground < WHITE / 2.0 {
            WHITE - ground
        } else {
            -ground
        };
        Self {
            ground,
            reach: if reach.abs() < LEAST { empty } else { reach },
        }
    }

    /// How much of the ink a pixel has: none is 0, full is 1.
    pub fn amount(self, pixel: f32) -> f32 {
        (pixel - self.ground) / self.reach
    }

    /// A pixel with this amount of ink.
    pub fn pixel(self, amount: f32) -> f32 {
        self.ground + amount * self.reach
    }
}

impl Picture {
    /// Whether most of the border is lighter than grey.
    pub fn is_light(&self) -> bool {
        let [channels, ..] = self.shape();
        let grounds = self.planes().map(|plane| border_median(plane, self.size()));
        grounds.sum::<f32>() > channels as f32 * WHITE / 2.0
    }

    /// Gives each place at least so much ink.
    pub fn lay(&mut self, amounts: &[f32]) {
        let size = self.size();
        for plane in self.planes_mut() {
            let ink = Ink::of(plane, size);
            for (pixel, &amount) in plane.iter_mut().zip(amounts) {
                if amount > ink.amount(*pixel).max(0.0) {
                    *pixel = ink.pixel(amount);
                }
            }
        }
    }

    /// Takes a share of the light away at each place. A picture on a dark ground is the negative of a sheet, and is shaded as
    /// that.
    pub fn shade(&mut self, shades: &[f32]) {
        let is_negative = !self.is_light();
        if is_negative {
            self.invert();
        }
        for plane in self.planes_mut() {
            for (pixel, shade) in plane.iter_mut().zip(shades) {
                *pixel *= 1.0 - shade;
            }
        }
        if is_negative {
            self.invert();
        }
    }

    /// Puts black and white at other levels, these shares of the way from one to the other.
    pub fn level(&mut self, [black, white]: [f32; 2]) {
        self.each(|pixel| black * WHITE + pixel * (white - black));
    }

    /// Rules the sheet, behind the ink, with lines or squares, thin and faint, across or down and nearly straight.
    pub fn rule(&mut self, random: &mut Random) {
        let [rows, columns] = self.size();
        let side = rows.min(columns) as f32;
        let distance = side * random.between(0.2, 0.6);
        let width = side * random.between(0.01, 0.04);
        let amount = random.between(0.1, 0.6);
        let has_squares = random.below(2) == 1;
        let quarters = random.below(2) as f32 * 90.0;
        let turned = Affine::rotation(quarters + random.between(-5.0, 5.0));
        let starts = [0; 2].map(|_| random.between(0.0, distance));
        let amounts: Vec<f32> = places(self.size())
            .map(|place| {
                let [down, across] = turned.of(place);
                let first = line(down + starts[0], distance, width);
                let second = line(across + starts[1], distance, width);
                amount
                    * if has_squares {
                        first.max(second)
                    } else {
                        first
                    }
            })
            .collect();
        self.lay(&amounts);
    }
}

/// How much of a pixel is covered by the nearest one of parallel lines.
pub fn line(place: f32, distance: f32, width: f32) -> f32 {
    let half = distance / 2.0;
    cover((place.rem_euclid(distance) - half).abs(), width)
}

/// How much of a pixel is covered by a line of which the middle is so far away.
pub fn cover(away: f32, width: f32) -> f32 {
    (width / 2.0 - away + 0.5).clamp(0.0, width.min(1.0))
}

/// The median of the pixels at the four sides; of an even number the upper one in the middle.
fn border_median(plane: &[f32], [rows, columns]: [usize; 2]) -> f32 {
    let is_border = |index: &usize| {
        let (row, column) = (index / columns, index % columns);
        row == 0 || column == 0 || row + 1 == rows || column + 1 == columns
    };
    let border = (0..plane.len()).filter(is_border);
    let mut border: Vec<f32> = border.map(|index| plane[index]).collect();
    let middle = border.len() / 2;
    *border.select_nth_unstable_by(middle, f32::total_cmp).1
}
