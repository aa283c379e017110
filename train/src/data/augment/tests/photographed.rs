//! Changes of drawings by paper, light and files.
#![expect(
    clippy::float_cmp,
    reason = "what a change leaves alone stays the same to the bit"
)]

use super::super::pixels::Picture;
use super::drawn::{LEVELS, amounts, drawing, each};
use crate::data::random::Random;

#[test]
fn levels_are_a_line_from_black_to_white() {
    each(
        |picture, _| picture.level([0.1, 0.7]),
        |_, plain, levelled| {
            for (plain, found) in plain.pixels().iter().zip(levelled.pixels()) {
                let expected = 25.5 + plain / 255.0 * (178.5 - 25.5);
                assert!((found - expected).abs() < 1e-3, "{found} {expected}");
            }
        },
    );
}

#[test]
fn ruling_lies_behind_the_ink() {
    each(Picture::rule, |levels, plain, ruled| {
        let (plain, ruled) = (amounts(plain, levels), amounts(ruled, levels));
        let pairs = || plain.iter().zip(&ruled);
        assert!(pairs().all(|(plain, ruled)| ruled == plain || *ruled > *plain));
        assert!(pairs().all(|(plain, ruled)| *plain < 0.61 || ruled == plain));
        let covered = pairs().filter(|(plain, ruled)| plain != ruled).count();
        let part = covered as f32 / plain.len() as f32;
        assert!((0.01..0.7).contains(&part), "{part}");
    });
}

/// What is missing of the light at each place of the first channel; ink and ground are in the same light.
fn shades([ground, ink]: [f32; 2], plain: &Picture, shaded: &Picture) -> Vec<f32> {
    let light = |pixel: f32| if ground > ink { pixel } else { 255.0 - pixel };
    let pairs = plain.pixels().iter().zip(shaded.pixels());
    let missing = pairs.map(|(plain, shaded)| 1.0 - light(*shaded) / light(*plain));
    missing.take(plain.size()[0] * plain.size()[1]).collect()
}

#[test]
fn light_fades_evenly_and_shadows_have_an_inside_and_an_outside() {
    each(
        |picture, random| picture.fade(0.5, random),
        |levels, plain, faded| {
            let shades = shades(levels, plain, faded);
            let columns = plain.size()[1];
            assert!(shades.iter().all(|shade| (-1e-4..0.5001).contains(shade)));
            for row in shades.chunks(columns) {
                for three in row.windows(3) {
                    let bend = three[0] - 2.0 * three[1] + three[2];
                    assert!(bend.abs() < 1e-3, "{three:?}");
                }
            }
            let most = shades.iter().copied().fold(0.0, f32::max);
            let least = shades.iter().copied().fold(1.0, f32::min);
            assert!(most > 0.45 && least < 0.05, "{least} {most}");
        },
    );
    each(
        |picture, random| picture.cast(0.5, random),
        |levels, plain, cast| {
            let shades = shades(levels, plain, cast);
            assert!(shades.iter().all(|shade| (-1e-4..0.5001).contains(shade)));
            // The edge goes through the picture.
            let most = shades.iter().copied().fold(0.0, f32::max);
            let least = shades.iter().copied().fold(1.0, f32::min);
            assert!(most > 0.2 && least < 0.3, "{least} {most}");
        },
    );
}

#[test]
fn the_lower_the_quality_the_more_is_lost() {
    let lost = |quality| {
        let mut sum = 0.0;
        for seed in 0..12 {
            let mut random = Random::new(seed, 0);
            let plain = drawing(1 + 2 * (seed as usize % 2), LEVELS[0], &mut random);
            let mut left = plain.clone();
            left.compress(quality);
            let pairs = plain.pixels().iter().zip(left.pixels());
            let change: f32 = pairs.map(|(plain, left)| (plain - left).abs()).sum();
            sum += change / plain.pixels().len() as f32;
        }
        sum / 12.0
    };
    let lost = [100, 60, 5].map(lost);
    assert!(
        lost[0] < 1.0 && lost[0] < lost[1] && lost[1] < lost[2],
        "{lost:?}"
    );
    // Channels stay where they are.
    let plain = [200.0, 20.0, 90.0].map(|level| [level; 30]).concat();
    let mut picture = Picture::of_pixels(plain.clone(), [3, 5, 6]);
    picture.compress(95);
    for (found, expected) in picture.pixels().iter().zip(plain) {
        assert!((found - expected).abs() < 6.0, "{found} {expected}");
    }
}

/// How far each pixel is from the nearest side.
fn from_the_border(picture: &Picture) -> impl Iterator<Item = f32> {
    let [channels, rows, columns] = picture.shape();
    (0..channels * rows * columns).map(move |index| {
        let (row, column) = (index / columns % rows, index % columns);
        let away = row
            .min(column)
            .min(rows - 1 - row)
            .min(columns - 1 - column);
        away as f32
    })
}

#[test]
fn frames_and_clutter_are_ink_at_the_border() {
    let at_border = |most: f32| {
        move |levels: [f32; 2], plain: &Picture, changed: &Picture| {
            let (before, after) = (amounts(plain, levels), amounts(changed, levels));
            for ((away, before), after) in from_the_border(plain).zip(before).zip(after) {
                let is_added = after > before && away <= most * plain.side() + 1.0;
                assert!(after == before || is_added, "{away}: {before} {after}");
            }
        }
    };
    each(Picture::frame, at_border(0.14));
    // Half of the thickest pen further.
    each(Picture::clutter, at_border(0.17));
}
