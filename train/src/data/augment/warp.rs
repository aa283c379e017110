//! Pixels from elsewhere.

use super::affine::Affine;
use super::pixels::Picture;
use super::planes::{Between, places, smooth};
use crate::data::random::Random;

/// How far the places around one are pulled along with it, as a share of the longer side: 4 of 28 pixels.
const PULLED: f32 = 1.0 / 7.0;

impl Picture {
    /// Moves pixels as a map of places says.
    pub fn sample(&mut self, affine: Affine) {
        if affine != Affine::NONE {
            self.warp(|_, place| affine.of(place));
        }
    }

    /// Pulls places here and there, by so many pixels in standard deviation, neighbours alike
    /// ([Simard et al.](https://doi.org/10.1109/ICDAR.2003.1227801)).
    pub fn bend(&mut self, deviation: f32, random: &mut Random) {
        let [down, across] = [0; 2].map(|_| smooth(self.size(), PULLED, random));
        self.warp(|index, [row, column]| {
            [
                row + deviation * down[index],
                column + deviation * across[index],
            ]
        });
    }

    /// Takes each pixel, by its index and its place from the middle, from where `of` says, between four pixels as far from
    /// them as it is; what is from outside is as the edge.
    pub fn warp(&mut self, of: impl Fn(usize, [f32; 2]) -> [f32; 2]) {
        let [rows, columns] = self.size();
        let middle = [rows, columns].map(|size| (size as f32 - 1.0) / 2.0);
        let area = rows * columns;
        let mut sampled = vec![0.0; self.pixels().len()];
        for (index, place) in places([rows, columns]).enumerate() {
            let [y, x] = of(index, place);
            let (y, x) = (
                Between::new(y + middle[0], rows),
                Between::new(x + middle[1], columns),
            );
            let planes = self.pixels().chunks_exact(area);
            for (plane, to) in planes.zip(sampled.chunks_exact_mut(area)) {
                let line = |y: usize| x.of(|x| plane[y * columns + x]);
                to[index] = y.of(line);
            }
        }
        self.replace(sampled);
    }
}
