//! Changes of drawings, dark on light and light on dark.
#![expect(
    clippy::float_cmp,
    reason = "what a change leaves alone stays the same to the bit"
)]

use super::super::ground::Ink;
use super::super::pixels::Picture;
use crate::data::random::Random;
use crate::data::synthetic::strokes::{Canvas, Point};

/// Levels of ground and ink, either one lighter.
pub const LEVELS: [[f32; 2]; 2] = [[30.0, 240.0], [225.0, 15.0]];

/// Strokes somewhere in the middle of a sheet of random size, in some channels.
pub fn drawing(channels: usize, [ground, ink]: [f32; 2], random: &mut Random) -> Picture {
    let [rows, columns] = [0; 2].map(|_| 24 + random.below(40));
    let mut canvas = Canvas::new(columns, rows);
    for _ in 0..3 {
        let line = [0; 2].map(|_| Point {
            x: columns as f32 * random.between(0.3, 0.7),
            y: rows as f32 * random.between(0.3, 0.7),
            width: random.between(2.5, 5.0),
        });
        canvas.draw(&line, 1.0);
    }
    let pixels = canvas.ink().iter();
    let plane: Vec<f32> = pixels
        .map(|share| ground + share * (ink - ground))
        .collect();
    Picture::of_pixels(plane.repeat(channels), [channels, rows, columns])
}

/// A drawing of each kind, with what a change makes of it.
pub fn each(
    change: impl Fn(&mut Picture, &mut Random),
    check: impl Fn([f32; 2], &Picture, &Picture),
) {
    for seed in 0..12 {
        for levels in LEVELS {
            let mut random = Random::new(seed, 0);
            let plain = drawing(1 + 2 * (seed as usize % 2), levels, &mut random);
            let mut changed = plain.clone();
            change(&mut changed, &mut random);
            assert_eq!(changed.shape(), plain.shape());
            assert_ne!(changed.pixels(), plain.pixels(), "{seed} {levels:?}");
            check(levels, &plain, &changed);
        }
    }
}

/// The amounts of ink of the pixels of a picture of these levels.
pub fn amounts(picture: &Picture, [ground, ink]: [f32; 2]) -> Vec<f32> {
    let pixels = picture.pixels().iter();
    pixels
        .map(|pixel| (pixel - ground) / (ink - ground))
        .collect()
}

#[test]
fn ground_and_ink_are_found_whichever_is_lighter() {
    each(
        |picture, _| picture.invert(),
        |[ground, ink], plain, inverted| {
            let strongest = amounts(plain, [ground, ink])
                .into_iter()
                .fold(0.0, f32::max);
            for plane in plain.planes() {
                let found = Ink::of(plane, plain.size());
                assert_eq!(found.ground, ground);
                assert!(
                    (found.reach - strongest * (ink - ground)).abs() < 1e-3,
                    "{found:?}"
                );
            }
            assert_eq!(plain.is_light(), ground > ink);
            assert_ne!(plain.is_light(), inverted.is_light());
        },
    );
    // An empty sheet has room for ink.
    for (level, reach) in [(0.0, 255.0), (255.0, -255.0), (200.0, -200.0)] {
        let found = Ink::of(&[level; 20], [4, 5]);
        assert_eq!((found.ground, found.reach), (level, reach));
    }
}

#[test]
fn a_drawing_and_its_negative_are_changed_alike() {
    type Change = fn(&mut Picture, &mut Random);
    let changes: [Change; 11] = [
        |picture, _| picture.thicken(1.7),
        |picture, _| picture.thicken(-1.3),
        |picture, random| picture.dry(0.8, random),
        |picture, random| picture.cut(0.4, random),
        |picture, random| picture.rule(random),
        |picture, random| picture.fade(0.6, random),
        |picture, random| picture.cast(0.6, random),
        |picture, random| picture.frame(random),
        |picture, random| picture.clutter(random),
        |picture, random| picture.cross(random),
        |picture, _| picture.outline(0.8),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        each(
            |picture, random| {
                let mut negative = picture.clone();
                negative.invert();
                let seed = random.word();
                change(picture, &mut Random::new(seed, 0));
                change(&mut negative, &mut Random::new(seed, 0));
                negative.invert();
                let pairs = picture.pixels().iter().zip(negative.pixels());
                for (found, expected) in pairs {
                    assert!(
                        (found - expected).abs() < 0.01,
                        "{number}: {found} {expected}"
                    );
                }
            },
            |_, _, _| (),
        );
    }
}

/// The largest, or smallest, pixel within a distance of less than 4, pixel by pixel.
fn extreme_within(picture: &Picture, radius: f32, further: fn(f32, f32) -> f32) -> Vec<f32> {
    let [_, rows, columns] = picture.shape().map(usize::cast_signed);
    let mut extremes = Vec::new();
    for plane in picture.planes() {
        for index in 0..rows * columns {
            let mut extreme = plane[index as usize];
            for (down, across) in
                (-4..=4).flat_map(|down| (-4..=4).map(move |across| (down, across)))
            {
                let (row, column) = (index / columns + down, index % columns + across);
                let is_near = ((down * down + across * across) as f32) <= radius * radius;
                if is_near && (0..rows).contains(&row) && (0..columns).contains(&column) {
                    extreme = further(extreme, plane[(row * columns + column) as usize]);
                }
            }
            extremes.push(extreme);
        }
    }
    extremes
}

#[test]
fn strokes_are_thickened_by_discs() {
    for (width, radii, share) in [
        (2.0, [1.0, 2.0], 0.0),
        (3.0, [1.0, 2.0], 0.5),
        (-0.5, [0.0, 1.0], 0.25),
        (-4.5, [2.0, 3.0], 0.25),
    ] {
        each(
            |picture, _| picture.thicken(width),
            |[ground, ink], plain, changed| {
                let is_largest = (ink > ground) == (width > 0.0);
                let further = if is_largest { f32::max } else { f32::min };
                let [inner, outer] = radii.map(|radius| extreme_within(plain, radius, further));
                let pixels = changed.pixels().iter().zip(inner).zip(outer);
                for ((found, inner), outer) in pixels {
                    let expected = inner * (1.0 - share) + outer * share;
                    assert!((found - expected).abs() < 1e-3, "{found} {expected}");
                }
                let ink_of = |picture| amounts(picture, [ground, ink]).iter().sum::<f32>();
                assert_eq!(ink_of(changed) > ink_of(plain), width > 0.0);
            },
        );
    }
}

#[test]
fn a_dry_pen_leaves_holes_in_the_ink_alone() {
    each(
        |picture, random| picture.dry(0.6, random),
        |levels, plain, dry| {
            let (plain, dry) = (amounts(plain, levels), amounts(dry, levels));
            for (plain, dry) in plain.iter().zip(&dry) {
                let range = 0.4 * plain - 1e-4..=plain + 1e-4;
                assert!(range.contains(dry), "{plain} {dry}");
            }
            let left = dry.iter().sum::<f32>() / plain.iter().sum::<f32>();
            assert!((0.5..0.9).contains(&left), "{left}");
        },
    );
}

#[test]
fn a_cut_hides_a_side_of_the_drawing_under_the_ground() {
    each(
        |picture, random| picture.cut(0.5, random),
        |levels, plain, cut| {
            let columns = plain.size()[1];
            let pairs = plain.pixels().iter().zip(cut.pixels()).enumerate();
            let changed: Vec<usize> = pairs
                .filter(|(_, (plain, cut))| plain != cut)
                .map(|(index, (_, cut))| {
                    assert_eq!(*cut, levels[0]);
                    index
                })
                .collect();
            // A half of the ink's extent one way, and about half of the ink.
            let area = plain.size()[0] * columns;
            let extent = |of: fn(usize, usize) -> usize, indices: &[usize]| {
                let places = || indices.iter().map(|index| of(index % area, columns));
                places().max().unwrap() + 1 - places().min().unwrap()
            };
            let inked = amounts(plain, levels).into_iter().enumerate();
            let inked: Vec<usize> = inked
                .filter(|(_, ink)| *ink > 0.0)
                .map(|(at, _)| at)
                .collect();
            let is_half = |of: fn(usize, usize) -> usize| {
                let (cut, all) = (extent(of, &changed) as f32, extent(of, &inked) as f32);
                (cut - all / 2.0).abs() <= 2.0
            };
            assert!(is_half(|at, columns| at / columns) || is_half(|at, columns| at % columns));
        },
    );
}

/// Of a picture that is a slope, the pixels say where they are from.
#[test]
fn places_are_bent_by_so_much_and_neighbours_alike() {
    let mut random = Random::new(9, 0);
    for deviation in [0.5, 1.5] {
        let (mut squares, mut steps, mut count) = (0.0, 0.0, 0.0);
        for _ in 0..20 {
            let slope: Vec<f32> = (0..60 * 50).map(|index| (index / 50) as f32).collect();
            let mut picture = Picture::of_pixels(slope.clone(), [1, 60, 50]);
            picture.bend(deviation, &mut random);
            let pixels = picture.pixels().iter().zip(&slope);
            let pulled: Vec<f32> = pixels.map(|(to, from)| to - from).collect();
            // Rows near the ends are from outside.
            for row in pulled.chunks(50).skip(10).take(40) {
                squares += row.iter().map(|pulled| pulled * pulled).sum::<f32>();
                steps += row
                    .windows(2)
                    .map(|pair| (pair[1] - pair[0]).powi(2))
                    .sum::<f32>();
                count += 50.0;
            }
        }
        let (found, step) = ((squares / count).sqrt(), (steps / count).sqrt());
        assert!(
            (found / deviation - 1.0).abs() < 0.3,
            "{deviation}: {found}"
        );
        assert!(step < deviation / 4.0, "{deviation}: {step}");
    }
}
