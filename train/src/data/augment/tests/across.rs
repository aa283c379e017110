//! Changes all over a drawing.
#![expect(
    clippy::float_cmp,
    reason = "what a change leaves alone stays the same to the bit"
)]

use std::cell::Cell;
use std::collections::BTreeSet;

use super::drawn::{LEVELS, amounts, drawing, each};
use crate::data::augment::Picture;
use crate::data::random::Random;

/// The columns, or rows, that have changed pixels, of one channel.
fn touched(plain: &Picture, changed: &Picture, axis: usize) -> Vec<bool> {
    let [rows, columns] = plain.size();
    let mut touched = vec![false; [rows, columns][axis]];
    let pairs = plain.pixels().iter().zip(changed.pixels());
    for (index, (plain, changed)) in pairs.take(rows * columns).enumerate() {
        touched[[index / columns, index % columns][axis]] |= plain != changed;
    }
    touched
}

#[test]
fn a_stroke_goes_from_side_to_side_and_takes_no_ink_away() {
    let [whole, dotted] = [(); 2].map(|()| Cell::new(0));
    each(Picture::cross, |levels, plain, crossed| {
        let (before, after) = (amounts(plain, levels), amounts(crossed, levels));
        assert!(
            before
                .iter()
                .zip(&after)
                .all(|(before, after)| after >= before)
        );
        // Something of it is in each quarter of the way.
        let lines = [0, 1].map(|axis| touched(plain, crossed, axis));
        let is_across = |line: &&Vec<bool>| {
            let quarter = line.len().div_ceil(4);
            line.chunks(quarter).all(|part| part.contains(&true))
        };
        let way = lines.iter().find(is_across).unwrap();
        // Pixels that are ink already hide little of a stroke, and gaps between dots are many.
        let gaps = way.windows(2).filter(|pair| pair[0] && !pair[1]).count();
        let kind = if gaps > 2 { &dotted } else { &whole };
        kind.set(kind.get() + 1);
    });
    assert!(
        whole.get() >= 4 && dotted.get() >= 4,
        "{whole:?} {dotted:?}"
    );
}

/// Along a line through a square: nothing far outside and far inside, and ink about its edges.
#[test]
fn an_outline_is_where_ink_ends() {
    for levels in LEVELS {
        let side = 40;
        let is_ink = |index: usize| {
            [index / side, index % side]
                .iter()
                .all(|at| (12..28).contains(at))
        };
        let plane = (0..side * side).map(|index| levels[usize::from(is_ink(index))]);
        let mut picture = Picture::of_pixels(plane.collect(), [1, side, side]);
        picture.outline(1.0);
        let found = amounts(&picture, levels);
        let line = &found[20 * side..21 * side];
        for (column, ink) in line.iter().enumerate() {
            match column {
                11 | 28 => assert!(*ink > 0.5, "{column}: {ink}"),
                0..8 | 16..24 | 32.. => assert_eq!(*ink, 0.0, "{column}"),
                _ => (),
            }
        }
    }
}

#[test]
fn one_side_is_inverted_or_two_across_from_each_other() {
    let mut kinds = BTreeSet::new();
    for seed in 0..40 {
        let mut random = Random::new(seed, 0);
        let plain = drawing(1, LEVELS[0], &mut random);
        let mut changed = plain.clone();
        changed.invert_sides(0.25, &mut random);
        let pairs = || plain.pixels().iter().zip(changed.pixels());
        assert!(pairs().all(|(plain, changed)| changed == plain || *changed == 255.0 - plain));
        let ends = [0, 1].map(|axis| {
            let touched = touched(&plain, &changed, axis);
            let quarter = (touched.len() as f32 / 4.0).round() as usize;
            let middle = &touched[quarter..touched.len() - quarter];
            (
                touched[0],
                touched[touched.len() - 1],
                middle.contains(&true),
            )
        });
        // What is inverted from side to side touches all of the other axis.
        let (axis, (first, last, _)) = if ends[0].2 {
            (1, ends[1])
        } else {
            (0, ends[0])
        };
        assert!(!ends[axis].2 && ends[1 - axis] == (true, true, true));
        kinds.insert((axis, first, last));
    }
    assert_eq!(kinds.len(), 6);
    assert!(kinds.iter().all(|(_, first, last)| *first || *last));
}
