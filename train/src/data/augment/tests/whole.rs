//! Changes of all pictures, drawn or not.
#![expect(
    clippy::float_cmp,
    reason = "what a change leaves alone stays the same to the bit"
)]

use super::changed;
use crate::data::test_moments::{Moments, middle_of};

const SIDE: usize = 40;
const SEEDS: u64 = 60;

/// What a list makes of one channel, 0 to 255, with every seed.
fn each(list: &str, plane: &[f32]) -> Vec<Vec<f32>> {
    let bytes: Vec<u8> = plane.iter().map(|pixel| *pixel as u8).collect();
    let of = |sample| {
        let pixels = changed(list, &bytes, [1, SIDE, SIDE], [3, sample]);
        pixels.into_iter().map(|pixel| pixel * 255.0).collect()
    };
    (0..SEEDS).map(of).collect()
}

/// The least and the most of numbers.
fn range(numbers: impl IntoIterator<Item = f32>) -> [f32; 2] {
    let wider = |[least, most]: [f32; 2], number: f32| [least.min(number), most.max(number)];
    let none = [f32::INFINITY, f32::NEG_INFINITY];
    numbers.into_iter().fold(none, wider)
}

/// Fails unless the numbers reach both ends of a range but for a tenth of it, and go no further but by what noise deviates.
fn assert_fills([least, most]: [f32; 2], numbers: impl IntoIterator<Item = f32>) {
    let [low, high] = range(numbers);
    let slack = (most - least) / 10.0;
    let is_filled = low < least + slack && high > most - slack;
    let is_within = low > least - slack / 4.0 && high < most + slack / 4.0;
    assert!(
        is_filled && is_within,
        "{low} to {high} of {least} to {most}"
    );
}

#[test]
fn pictures_are_moved_as_far_as_a_list_says() {
    let square = middle_of(SIDE, [4, 4]);
    let moments = |list| {
        let all = each(list, &square).into_iter();
        all.map(|plane| Moments::of(&plane, SIDE))
    };
    let mass = Moments::of(&square, SIDE).mass;
    for axis in [0, 1] {
        let shifts = moments(r#"[{"shift":0.25}]"#).map(|found| found.middle[axis] - 20.0);
        assert_fills([-10.0, 10.0], shifts);
    }
    let sides = moments(r#"[{"scale":[0.5,2.0]}]"#).map(|found| (found.mass / mass).sqrt());
    assert_fills([0.5, 2.0], sides);
    let large = middle_of(SIDE, [8, 8]);
    let wider = each(r#"[{"aspect":[0.5,2.0]}]"#, &large).into_iter();
    let wider: Vec<_> = wider.map(|plane| Moments::of(&plane, SIDE)).collect();
    let area = Moments::of(&large, SIDE).mass;
    let keeps_area = |found: &Moments| (found.mass / area - 1.0).abs() < 0.06;
    assert!(wider.iter().all(keeps_area));
    let ratios = wider.iter().map(|found| found.spread[1] / found.spread[0]);
    assert_fills([0.5, 2.0], ratios);
    // The part that is cut out is as large as the picture then.
    let sides = moments(r#"[{"crop":0.6}]"#).map(|found| (mass / found.mass).sqrt());
    assert_fills([0.6, 1.0], sides);
    let bar = middle_of(SIDE, [2, 12]);
    let turned = each(r#"[{"rotate":30}]"#, &bar).into_iter();
    assert_fills(
        [-30.0, 30.0],
        turned.map(|plane| Moments::of(&plane, SIDE).angle),
    );
}

#[test]
fn light_and_contrast_change_by_up_to_a_share() {
    let grey = [128.0; SIDE * SIDE];
    let lighter = each(r#"[{"brightness":0.3}]"#, &grey);
    assert!(
        lighter
            .iter()
            .all(|plane| range(plane.iter().copied())[0] == plane[0])
    );
    assert_fills([-76.5, 76.5], lighter.iter().map(|plane| plane[0] - 128.0));
    // Half the pixels each, so that the mean is in the middle.
    let halves: Vec<f32> = (0..SIDE * SIDE)
        .map(|index| [100.0, 150.0][index % 2])
        .collect();
    let spread = each(r#"[{"contrast":0.4}]"#, &halves);
    assert!(
        spread
            .iter()
            .all(|plane| (plane[0] + plane[1] - 250.0).abs() < 0.1)
    );
    assert_fills(
        [0.6, 1.4],
        spread.iter().map(|plane| (plane[1] - plane[0]) / 50.0),
    );
    let noisy = each(r#"[{"noise":0.1}]"#, &grey);
    let deviation = |plane: &Vec<f32>| {
        let squares = plane.iter().map(|pixel| (pixel - 128.0).powi(2));
        (squares.sum::<f32>() / plane.len() as f32).sqrt()
    };
    assert_fills([0.0, 25.5], noisy.iter().map(deviation));
}

/// A pixel's colours come nearer to its grey or further from it, and each channel is tinted.
#[test]
fn colours_get_weaker_or_stronger_and_greys_are_tinted() {
    let of = |pixel: [u8; 3], sample| {
        let found = changed(r#"[{"colour":0.4}]"#, &pixel, [3, 1, 1], [5, sample]);
        found
            .into_iter()
            .map(|channel| channel * 255.0)
            .collect::<Vec<f32>>()
    };
    let tints = (0..SEEDS).flat_map(|sample| of([100; 3], sample));
    assert_fills([0.9, 1.1], tints.map(|channel| channel / 100.0));
    let strengths = (0..SEEDS).map(|sample| {
        let (colour, grey) = (of([60, 100, 140], sample), of([100; 3], sample));
        // Both have the same tints.
        (colour[2] / grey[2] - colour[0] / grey[0]) / 0.8
    });
    assert_fills([0.6, 1.4], strengths);
    let one = changed(r#"[{"colour":0.4}]"#, &[77], [1, 1, 1], [5, 0]);
    assert_eq!(one, [77.0 / 255.0]);
}

#[test]
fn a_part_in_the_pictures_proportions_is_hidden_under_the_mean() {
    let slope: Vec<f32> = (0..SIDE * SIDE).map(|index| (index % 250) as f32).collect();
    let mean = slope.iter().sum::<f32>() / slope.len() as f32;
    let sides = each(r#"[{"cutout":0.5}]"#, &slope)
        .into_iter()
        .map(|plane| {
            let hidden = plane.iter().zip(&slope).enumerate();
            let hidden = hidden.filter(|(_, (found, plain))| (*found - *plain).abs() > 0.01);
            let hidden: Vec<usize> = hidden
                .map(|(index, (found, _))| {
                    assert!((found - mean).abs() < 0.01, "{found} {mean}");
                    index
                })
                .collect();
            let length = |of: fn(usize) -> usize| {
                let [first, last] = range(hidden.iter().map(|index| of(*index) as f32));
                (last - first + 1.0).max(0.0)
            };
            let [rows, columns] = [length(|index| index / SIDE), length(|index| index % SIDE)];
            assert!((rows - columns).abs() <= 1.0, "{rows} {columns}");
            rows.max(columns)
        });
    assert_fills([0.0, 20.0], sides);
}

#[test]
fn a_share_of_the_pictures_becomes_their_negatives() {
    let plane: Vec<f32> = (0..SIDE * SIDE).map(|index| (index % 256) as f32).collect();
    let negative = |found: &Vec<f32>| {
        let pairs = || found.iter().zip(&plane);
        let is_negative = pairs().all(|(found, plain)| (found + plain - 255.0).abs() < 0.01);
        assert!(is_negative || pairs().all(|(found, plain)| (found - plain).abs() < 0.01));
        is_negative
    };
    let count = each(r#"[{"invert":0.3}]"#, &plane)
        .iter()
        .filter(|found| negative(found))
        .count();
    // Four standard deviations (3.5) around 18.
    assert!((4..=32).contains(&count), "{count}");
}
