//! Pictures through glass and in motion.

use super::unit;
use crate::data::augment::{Affine, Picture};
use crate::data::random::Random;

/// Times that pixels change places behind glass.
const ROUNDS: usize = 2;

/// Lets up to half of the pixels change places with neighbours, twice, between two blurs.
pub fn glass(picture: &mut Picture, share: f32, random: &mut Random) {
    let unit = unit(picture);
    let [rows, columns] = picture.size();
    let reach = (unit.round() as usize).max(1);
    picture.blur(0.7 * unit * share);
    for index in (0..rows * columns)
        .rev()
        .cycle()
        .take(ROUNDS * rows * columns)
    {
        let is_moved = random.between(0.0, 1.0) < 0.5 * share;
        let mut near = |at: usize, size: usize| {
            let place = at + random.below(2 * reach + 1);
            place.saturating_sub(reach).min(size - 1)
        };
        let other = near(index / columns, rows) * columns + near(index % columns, columns);
        if is_moved {
            picture
                .planes_mut()
                .for_each(|plane| plane.swap(index, other));
        }
    }
    picture.blur(0.7 * unit * share);
}

/// Smears what is drawn to one side, about across, and less and less.
pub fn motion(picture: &mut Picture, share: f32, random: &mut Random) {
    let deviation = 3.0 * unit(picture) * share;
    let direction = Affine::rotation(random.between(-45.0, 45.0)).of([0.0, 1.0]);
    let steps = 0..=(3.0 * deviation).ceil() as usize;
    let weight = |step: usize| {
        let deviations = step as f32 / deviation;
        libm::expf(-deviations * deviations / 2.0)
    };
    let sum: f32 = steps.clone().map(weight).sum();
    let mut smeared = vec![0.0; picture.pixels().len()];
    for step in steps {
        let mut moved = picture.clone();
        moved.sample(Affine::shift(direction.map(|part| part * step as f32)));
        for (to, from) in smeared.iter_mut().zip(moved.pixels()) {
            *to += weight(step) / sum * from;
        }
    }
    picture.replace(smeared);
}
