//! Pens: how wide and how even their strokes are, and what is left of them.

use super::ground::Ink;
use super::pixels::Picture;
use super::planes::smooth;
use crate::data::random::Random;

/// How large patches without ink are, as a share of the longer side.
const PATCHES: f32 = 0.06;
/// The least amount of ink that belongs to a drawing.
const DRAWN: f32 = 0.4;

impl Picture {
    /// Makes strokes wider by so many pixels, or thinner, by grey dilation and erosion with a disc; between the radii of whole
    /// pixels lie mixtures of two.
    pub fn thicken(&mut self, width: f32) {
        let size = self.size();
        let radius = width.abs() / 2.0;
        for plane in self.planes_mut() {
            let is_light = Ink::of(plane, size).reach > 0.0;
            let [inner, outer] = [0, 1].map(|more| {
                let radius = radius as usize + more;
                extremes(plane, size, radius, is_light == (width > 0.0))
            });
            for ((pixel, inner), outer) in plane.iter_mut().zip(inner).zip(outer) {
                *pixel = inner + (outer - inner) * radius.fract();
            }
        }
    }

    /// Lets the ground through the ink, by up to this share: in grains, as a pencil does, in patches, as a dry brush does, or
    /// both.
    pub fn dry(&mut self, share: f32, random: &mut Random) {
        let size = self.size();
        let patchiness = random.between(0.0, 1.0);
        let patches = smooth(size, PATCHES, random);
        let grains = random.units(size[0] * size[1]);
        let holes = patches.iter().zip(grains).map(|(patch, grain)| {
            let patch = (0.5 + patch / 2.0).clamp(0.0, 1.0);
            share * (grain + (patch - grain) * patchiness)
        });
        let holes: Vec<f32> = holes.collect();
        for plane in self.planes_mut() {
            let ink = Ink::of(plane, size);
            for (pixel, hole) in plane.iter_mut().zip(&holes) {
                *pixel = ink.pixel(ink.amount(*pixel) * (1.0 - hole));
            }
        }
    }

    /// Hides this share of the drawing, from one of its four sides, and all that lies beyond, under the ground.
    pub fn cut(&mut self, share: f32, random: &mut Random) {
        let [axis, is_last] = [0; 2].map(|_| random.below(2));
        let size = self.size();
        let columns = size[1];
        let at = |index: usize| [index / columns, index % columns][axis];
        let inks: Vec<Ink> = self.planes().map(|plane| Ink::of(plane, size)).collect();
        let drawn = self.planes().zip(&inks).flat_map(|(plane, ink)| {
            let pixels = plane.iter().enumerate();
            pixels.filter(move |(_, pixel)| ink.amount(**pixel) >= DRAWN)
        });
        let drawn = drawn.map(|(index, _)| at(index));
        let (first, last) = drawn.fold((usize::MAX, 0), |(first, last), place| {
            (first.min(place), last.max(place))
        });
        // Nothing is drawn, and nothing is hidden, where the first place is behind the last one.
        let hidden = (share * (last + 1).saturating_sub(first) as f32).round() as usize;
        let is_hidden = |index: usize| match is_last {
            0 => at(index) < first + hidden,
            _ => at(index) + hidden > last,
        };
        if hidden == 0 {
            return;
        }
        for (plane, ink) in self.planes_mut().zip(inks) {
            let pixels = plane.iter_mut().enumerate();
            for (_, pixel) in pixels.filter(|(index, _)| is_hidden(*index)) {
                *pixel = ink.ground;
            }
        }
    }
}

/// The largest pixel of a disc around each one, or the smallest.
fn extremes(
    plane: &[f32],
    [rows, columns]: [usize; 2],
    radius: usize,
    are_largest: bool,
) -> Vec<f32> {
    let further = if are_largest { f32::max } else { f32::min };
    let extreme = |index: usize| {
        let (row, column) = (index / columns, index % columns);
        let lines = row.saturating_sub(radius)..(row + radius + 1).min(rows);
        let pixels = lines.flat_map(|line| {
            let away = line.abs_diff(row);
            let half = (radius * radius - away * away).isqrt();
            let end = (column + half + 1).min(columns);
            &plane[line * columns + column.saturating_sub(half)..line * columns + end]
        });
        pixels.copied().fold(plane[index], further)
    };
    (0..plane.len()).map(extreme).collect()
}
