//! Balls at the ends of strokes.

use std::collections::BTreeMap;

use super::drawn::{LEVELS, amounts};
use crate::data::augment::Picture;
use crate::data::random::Random;
use crate::data::synthetic::strokes::{Canvas, Point};

const SIDE: usize = 40;

/// A stroke through these places, in rows and columns.
fn stroke(channels: usize, [ground, ink]: [f32; 2], places: &[[f32; 2]]) -> Picture {
    let point = |&[y, x]: &[f32; 2]| Point { x, y, width: 4.0 };
    let points: Vec<Point> = places.iter().map(point).collect();
    let mut canvas = Canvas::new(SIDE, SIDE);
    canvas.draw(&points, 1.0);
    let pixels = canvas.ink().iter();
    let plane: Vec<f32> = pixels
        .map(|share| ground + share * (ink - ground))
        .collect();
    Picture::of_pixels(plane.repeat(channels), [channels, SIDE, SIDE])
}

/// How far each pixel that has more ink than before is from one place and from another one.
fn grown(
    levels: [f32; 2],
    plain: &Picture,
    changed: &Picture,
    ends: [[f32; 2]; 2],
) -> Vec<[f32; 2]> {
    let (before, after) = (amounts(plain, levels), amounts(changed, levels));
    let pairs = before.iter().zip(&after).enumerate();
    let grown = pairs.filter(|(_, (before, after))| {
        assert!(**after >= **before - 1e-4, "{before} {after}");
        **after > **before + 1e-3
    });
    let away = |index: usize, [row, column]: [f32; 2]| {
        let at = index % (SIDE * SIDE);
        ((at / SIDE) as f32 + 0.5 - row).hypot((at % SIDE) as f32 + 0.5 - column)
    };
    grown
        .map(|(index, _)| ends.map(|end| away(index, end)))
        .collect()
}

#[test]
fn each_end_of_a_stroke_has_a_ball_with_an_even_chance() {
    let ends = [[12.0, 10.0], [26.0, 31.0]];
    let mut kinds = BTreeMap::new();
    for seed in 0..200 {
        let levels = LEVELS[seed % 2];
        let plain = stroke(1 + seed % 3, levels, &ends);
        let mut changed = plain.clone();
        changed.end_in_balls(&mut Random::new(seed as u64, 0));
        let grown = grown(levels, &plain, &changed, ends);
        // A ball's radius, and as far as the middle of a stroke's last bit is from its end.
        let most = (0.11 + 0.1) * SIDE as f32;
        assert!(grown.iter().all(|[first, last]| first.min(*last) < most));
        let has = [0, 1].map(|end| grown.iter().any(|away| away[end] < most));
        *kinds.entry(has).or_insert(0) += 1;
    }
    // Five standard deviations (6) around 50 each; a ball may be as narrow as the stroke.
    for has in [[false, false], [true, false], [false, true], [true, true]] {
        assert!((20..=80).contains(&kinds[&has]), "{kinds:?}");
    }
}

#[test]
fn what_has_no_end_has_no_balls() {
    let ring: Vec<[f32; 2]> = (0..=48)
        .map(|step| {
            let angle = step as f32 * std::f32::consts::TAU / 48.0;
            [20.0 + 12.0 * angle.sin(), 20.0 + 12.0 * angle.cos()]
        })
        .collect();
    for seed in 0..20 {
        let plain = stroke(1, LEVELS[seed % 2], &ring);
        let mut changed = plain.clone();
        changed.end_in_balls(&mut Random::new(seed as u64, 0));
        assert_eq!(plain.pixels(), changed.pixels());
    }
}
