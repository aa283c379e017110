//! What repeats: textures to learn from, and surfaces to measure on.

use super::{SIDE, levels, picture_of, plane, wave};
use crate::data::augment::{Affine, cover, line, smooth};
use crate::data::random::Random;

/// A number by the place, down and across: from 0 for one level to 1 for the other, or beyond.
type Texture = Box<dyn Fn([f32; 2]) -> f32>;

/// Patterns of lines, squares, dots and rounds, turned by any angle.
pub fn texture(random: &mut Random) -> Vec<u8> {
    let sorts = [
        grating, stripes, squares, dots, plaid, net, slope, waves, basket, pebbles, scratches,
        nested, rays, spiral,
    ];
    let texture = sorts[random.below(sorts.len())](random);
    let turned = Affine::rotation(random.between(0.0, 360.0));
    laid(random, |place| texture(turned.of(place)))
}

/// Bricks, wood, rings, cells and scales, mostly upright.
pub fn surface(random: &mut Random) -> Vec<u8> {
    let sorts = [bricks, wood, rings, cells, scales];
    let texture = sorts[random.below(sorts.len())](random);
    let turned = Affine::rotation(random.bell(15.0));
    laid(random, |place| texture(turned.of(place)))
}

/// A texture of two levels, worn by smooth and by fine noise.
fn laid(random: &mut Random, texture: impl Fn([f32; 2]) -> f32) -> Vec<u8> {
    let [low, high] = levels(0.3, random);
    let middle = SIDE as f32 / 2.0;
    let mut numbers =
        plane(|down, across| low + (high - low) * texture([down - middle, across - middle]));
    let wear = random.between(0.0, 0.12);
    for (number, cloud) in numbers.iter_mut().zip(smooth([SIDE; 2], 0.12, random)) {
        *number += wear * cloud;
    }
    let mut picture = picture_of(numbers);
    let deviation = random.between(0.0, 0.06);
    picture.add_noise(deviation, random);
    picture.bytes()
}

/// How many waves a pixel, such that several fit.
fn frequency(random: &mut Random) -> f32 {
    1.0 / random.between(3.0, 11.0)
}

fn grating(random: &mut Random) -> Texture {
    let (frequency, start) = (frequency(random), random.between(0.0, 1.0));
    Box::new(move |[down, _]| 0.5 + 0.5 * wave(down * frequency + start))
}

fn stripes(random: &mut Random) -> Texture {
    let distance = random.between(3.5, 11.0);
    let (width, start) = (
        distance * random.between(0.2, 0.7),
        random.between(0.0, 11.0),
    );
    Box::new(move |[down, _]| line(down + start, distance, width))
}

fn squares(random: &mut Random) -> Texture {
    let side = random.between(2.0, 8.0);
    let [y, x] = [0; 2].map(|_| random.between(0.0, 8.0));
    Box::new(move |[down, across]| {
        let [row, column] = [down + y, across + x].map(|place| (place / side).floor());
        (row + column).rem_euclid(2.0)
    })
}

fn dots(random: &mut Random) -> Texture {
    let distance = random.between(4.0, 10.0);
    let width = distance * random.between(0.3, 0.8);
    let starts = [0; 2].map(|_| random.between(0.0, 10.0));
    Box::new(move |[down, across]| {
        let away = [down + starts[0], across + starts[1]]
            .map(|place| place.rem_euclid(distance) - distance / 2.0);
        cover(length(away), width)
    })
}

fn plaid(random: &mut Random) -> Texture {
    let [first, second] = [0; 2].map(|_| frequency(random));
    let share = random.between(0.3, 0.7);
    Box::new(move |[down, across]| {
        0.5 + 0.5 * (share * wave(down * first) + (1.0 - share) * wave(across * second))
    })
}

fn net(random: &mut Random) -> Texture {
    let distances = [0; 2].map(|_| random.between(4.0, 10.0));
    let width = random.between(0.8, 2.5);
    Box::new(move |[down, across]| {
        line(down, distances[0], width).max(line(across, distances[1], width))
    })
}

/// Light that changes in one way, or from a place on.
fn slope(random: &mut Random) -> Texture {
    let is_round = random.below(2) == 1;
    let middle = [0; 2].map(|_| random.between(-10.0, 10.0));
    let reach = random.between(14.0, 40.0);
    Box::new(move |[down, across]| {
        let away = [down - middle[0], across - middle[1]];
        if is_round {
            length(away) / reach
        } else {
            0.5 + away[0] / reach
        }
    })
}

/// Lines in waves, one beside the other.
fn waves(random: &mut Random) -> Texture {
    let (distance, bend) = (random.between(4.0, 11.0), random.between(0.5, 4.0));
    let (width, frequency) = (distance * random.between(0.15, 0.7), frequency(random));
    let starts = [0; 2].map(|_| random.between(0.0, 11.0));
    Box::new(move |[down, across]| {
        let off = bend * wave((across + starts[1]) * frequency / 2.0);
        line(down + starts[0] + off, distance, width)
    })
}

/// Squares of bars, lying and standing in turn.
fn basket(random: &mut Random) -> Texture {
    let (bars, width) = (2 + random.below(3), random.between(0.4, 0.8));
    let distance = random.between(2.5, 5.0);
    let side = bars as f32 * distance;
    let starts = [0; 2].map(|_| random.between(0.0, side));
    Box::new(move |[down, across]| {
        let (down, across) = (down + starts[0], across + starts[1]);
        let is_lying = ((down / side).floor() + (across / side).floor()).rem_euclid(2.0) < 1.0;
        let place = if is_lying { down } else { across };
        line(place, distance, width * distance)
    })
}

/// Rounds of any size and level over each other, with edges or without.
fn pebbles(random: &mut Random) -> Texture {
    let count = 10 + random.below(30);
    let pebbles = (0..count).map(|_| {
        let place = [0; 2].map(|_| random.between(-18.0, 18.0));
        (place, random.between(1.5, 6.0), random.between(0.2, 1.0))
    });
    let pebbles: Vec<([f32; 2], f32, f32)> = pebbles.collect();
    let edge = random.between(0.0, 1.5);
    Box::new(move |[down, across]| {
        let depth = |[y, x]: [f32; 2], radius| radius - length([down - y, across - x]);
        let above = pebbles.iter().rev();
        let mut depths = above.map(|&(place, radius, level)| (depth(place, radius), level));
        let found = depths.find(|(depth, _)| *depth > 0.0);
        found.map_or(0.0, |(depth, level)| if depth < edge { 0.0 } else { level })
    })
}

/// Straight lines all over the place.
fn scratches(random: &mut Random) -> Texture {
    let count = 4 + random.below(12);
    let width = random.between(0.6, 2.0);
    let scratches = (0..count).map(|_| {
        let turned = Affine::rotation(random.between(0.0, 180.0));
        (turned, random.between(-14.0, 14.0))
    });
    let scratches: Vec<(Affine, f32)> = scratches.collect();
    Box::new(move |place| {
        let covered = scratches.iter().map(|(turned, off)| {
            let away = turned.of(place)[0] - off;
            cover(away.abs(), width)
        });
        covered.fold(0.0, f32::max)
    })
}

/// Squares or diamonds inside each other.
fn nested(random: &mut Random) -> Texture {
    let (distance, start) = (random.between(3.5, 10.0), random.between(0.0, 10.0));
    let (width, is_diamond) = (distance * random.between(0.2, 0.7), random.below(2) == 1);
    let middle = [0; 2].map(|_| random.between(-12.0, 12.0));
    Box::new(move |[down, across]| {
        let [down, across] = [down - middle[0], across - middle[1]].map(f32::abs);
        let away = if is_diamond {
            down + across
        } else {
            down.max(across)
        };
        line(away + start, distance, width)
    })
}

/// Light and dark from one place to all sides.
fn rays(random: &mut Random) -> Texture {
    let (turns, start) = (3 + random.below(10), random.between(0.0, 1.0));
    let middle = [0; 2].map(|_| random.between(-12.0, 12.0));
    Box::new(move |[down, across]| {
        let angle = libm::atan2f(down - middle[0], across - middle[1]) / std::f32::consts::TAU;
        0.5 + 0.5 * wave(angle * turns as f32 + start)
    })
}

/// One line or several around a place, and away from it.
fn spiral(random: &mut Random) -> Texture {
    let (distance, arms) = (random.between(4.0, 9.0), 1 + random.below(3));
    let width = distance * random.between(0.2, 0.6);
    let way = if random.below(2) == 1 { 1.0 } else { -1.0 };
    let middle = [0; 2].map(|_| random.between(-10.0, 10.0));
    Box::new(move |[down, across]| {
        let place = [down - middle[0], across - middle[1]];
        let angle = libm::atan2f(place[0], place[1]) / std::f32::consts::TAU;
        line(
            length(place) + way * angle * arms as f32 * distance,
            distance,
            width,
        )
    })
}

/// Rows of bricks, each half a brick beside the one above.
fn bricks(random: &mut Random) -> Texture {
    let (height, width) = (random.between(4.0, 8.0), random.between(7.0, 14.0));
    let (joint, start) = (random.between(0.8, 2.0), random.between(0.0, 14.0));
    Box::new(move |[down, across]| {
        let is_odd = (down / height).floor().rem_euclid(2.0);
        let beside = line(across + start + is_odd * width / 2.0, width, joint);
        // The middles of joints are half a row from the ends of rows.
        beside.max(line(down + height / 2.0, height, joint))
    })
}

/// Grain along the boards, bent by knots.
fn wood(random: &mut Random) -> Texture {
    let frequency = random.between(0.12, 0.3);
    let knots = [0; 3].map(|_| {
        let place = [0; 2].map(|_| random.between(-14.0, 14.0));
        (place, random.between(3.0, 9.0))
    });
    Box::new(move |[down, across]| {
        let pull = knots.map(|([y, x], size)| {
            let away = length([(down - y) / 3.0, across - x]);
            size / (1.0 + away * away / size)
        });
        0.5 + 0.5 * wave(frequency * (across + pull.iter().sum::<f32>()))
    })
}

/// Rings around one place.
fn rings(random: &mut Random) -> Texture {
    let (frequency, squeeze) = (frequency(random), random.between(0.6, 1.6));
    let middle = [0; 2].map(|_| random.between(-14.0, 14.0));
    Box::new(move |[down, across]| {
        let away = length([(down - middle[0]) * squeeze, across - middle[1]]);
        0.5 + 0.5 * wave(away * frequency)
    })
}

/// What is nearest to one of some places, with its borders.
fn cells(random: &mut Random) -> Texture {
    let count = 8 + random.below(12);
    let cells = (0..count).map(|_| {
        let place = [0; 2].map(|_| random.between(-16.0, 16.0));
        (place, random.between(0.0, 0.7))
    });
    let cells: Vec<([f32; 2], f32)> = cells.collect();
    let width = random.between(0.5, 2.0);
    Box::new(move |[down, across]| {
        let mut nearest = (f32::MAX, 0.0);
        let mut second = f32::MAX;
        for &([y, x], level) in &cells {
            let away = length([down - y, across - x]);
            second = second.min(away.max(nearest.0));
            if away < nearest.0 {
                nearest = (away, level);
            }
        }
        nearest.1.max(cover((second - nearest.0) / 2.0, width))
    })
}

/// Rows of arcs over each other, as of fish or roofs.
fn scales(random: &mut Random) -> Texture {
    let side = random.between(5.0, 9.0);
    let width = random.between(0.8, 2.0);
    Box::new(move |[down, across]| {
        let row = (down / side).floor();
        let beside = (across + row.rem_euclid(2.0) * side / 2.0).rem_euclid(side) - side / 2.0;
        let radius = length([down - row * side, beside * 1.8]);
        cover((radius - side * 0.8).abs(), width)
    })
}

fn length([down, across]: [f32; 2]) -> f32 {
    (down * down + across * across).sqrt()
}
