mod across;
mod drawn;
mod ends;
mod photographed;
mod whole;

use super::affine::Affine;
use super::pixels::Picture;
use super::*;
use crate::data::random::Random;

/// What a list makes of a picture, in a recipe's own words.
fn changed(list: &str, bytes: &[u8], shape: [usize; 3], seeds: [u64; 2]) -> Vec<f32> {
    let list: Vec<Transform> = serde_json::from_str(list).unwrap();
    let mut pixels = vec![f32::NAN; bytes.len()];
    apply(&list, (bytes, shape), seeds, &mut pixels);
    pixels
}

fn random_bytes(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed, 0);
    (0..count).map(|_| random.below(256) as u8).collect()
}

const EACH: [&str; 29] = [
    r#"{"flip":"both"}"#,
    r#"{"shift":0.2}"#,
    r#"{"rotate":30}"#,
    r#"{"scale":[0.8,1.3]}"#,
    r#"{"aspect":[0.7,1.4]}"#,
    r#"{"crop":0.7}"#,
    r#"{"brightness":0.3}"#,
    r#"{"contrast":0.4}"#,
    r#"{"colour":0.5}"#,
    r#"{"noise":0.1}"#,
    r#"{"blur":1.5}"#,
    r#"{"cutout":0.5}"#,
    r#"{"invert":0.5}"#,
    r#"{"elastic":0.05}"#,
    r#"{"thickness":[-0.1,0.1]}"#,
    r#"{"balls":0.7}"#,
    r#"{"pen":0.8}"#,
    r#"{"cut":0.5}"#,
    r#"{"levels":0.7}"#,
    r#"{"paper":0.7}"#,
    r#"{"light":0.5}"#,
    r#"{"shadow":0.7}"#,
    r#"{"jpeg":[5,60]}"#,
    r#"{"frame":0.7}"#,
    r#"{"clutter":0.7}"#,
    r#"{"stroke":0.7}"#,
    r#"{"outline":0.7}"#,
    r#"{"sides":0.3}"#,
    r#"{"one_of":[{"invert":0.5},{"light":0.5}]}"#,
];

#[test]
fn a_seed_and_a_sample_decide_alone() {
    let shape = [3, 11, 14];
    let bytes = random_bytes(3 * 11 * 14, 1);
    for change in EACH {
        let list = format!("[{change}]");
        let of = |seeds| changed(&list, &bytes, shape, seeds);
        let in_range = |pixel: &f32| (0.0..=1.0).contains(pixel);
        let smallest = changed(&list, &[200], [1, 1, 1], [7, 0]);
        assert!(smallest.iter().all(in_range), "{change} {smallest:?}");
        let samples: Vec<_> = (0..12).map(|sample| of([7, sample])).collect();
        assert!((0..12).all(|sample| of([7, sample]) == samples[sample as usize]));
        assert!(samples.iter().any(|other| *other != samples[0]), "{change}");
        let others: Vec<_> = (0..12).map(|sample| of([8, sample])).collect();
        assert_ne!(samples, others, "{change}");
        assert!(samples.iter().flatten().all(in_range), "{change}");
    }
}

#[test]
fn without_changes_bytes_become_0_to_1() {
    let bytes = random_bytes(60, 2);
    let expected: Vec<f32> = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    assert_eq!(changed("[]", &bytes, [1, 6, 10], [0, 0]), expected);
    // Mixtures are made of whole batches.
    assert_eq!(
        changed(r#"[{"mixup":0.2}]"#, &bytes, [1, 6, 10], [0, 0]),
        expected
    );
}

/// Every picture is itself or its mirror image, each about as often.
#[test]
fn a_flip_mirrors_every_second_picture() {
    let bytes = random_bytes(40, 3);
    let plain = changed("[]", &bytes, [2, 4, 5], [0, 0]);
    let mirrored: Vec<f32> = plain
        .chunks(5)
        .flat_map(|row| row.iter().rev().copied())
        .collect();
    let upside_down: Vec<f32> = plain
        .chunks(20)
        .flat_map(|plane| plane.chunks(5).rev().flatten().copied())
        .collect();
    for (mirror, other) in [("horizontal", &mirrored), ("vertical", &upside_down)] {
        let list = format!(r#"[{{"flip":"{mirror}"}}]"#);
        let of = |sample| changed(&list, &bytes, [2, 4, 5], [1, sample]);
        let flipped = (0..400).filter(|&sample| {
            let found = of(sample);
            assert!(found == plain || found == *other, "{mirror} {sample}");
            found != plain
        });
        // Five standard deviations (10) around 200.
        assert!((150..=250).contains(&flipped.count()), "{mirror}");
    }
}

/// A slope stays a slope where its places are moved, as far as no edge is near.
#[test]
fn places_are_mapped_as_a_matrix_says() {
    let mut random = Random::new(4, 0);
    for _ in 0..50 {
        let [a, b, c] = [0; 3].map(|_| random.between(-3.0, 3.0));
        let turn = random.between(-180.0, 180.0);
        let maps = [
            Affine::shift([random.between(-2.0, 2.0), random.between(-2.0, 2.0)]),
            Affine::rotation(turn),
            Affine::scale([random.between(0.5, 1.5), random.between(-1.5, -0.5)]),
        ];
        let all = maps[0].then(maps[1]).then(maps[2]);
        let place = [random.between(-4.0, 4.0), random.between(-4.0, 4.0)];
        let one_by_one = maps[0].of(maps[1].of(maps[2].of(place)));
        for (found, expected) in all.of(place).into_iter().zip(one_by_one) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }

        // 60 x 50 pixels of a plane around 128.
        let slope = |row: f32, column: f32| 128.0 + a * row + b * column + c;
        let pixels = |of: &dyn Fn([f32; 2]) -> f32| -> Vec<f32> {
            (0..60 * 50)
                .map(|index| of([(index / 50) as f32 - 29.5, (index % 50) as f32 - 24.5]))
                .collect()
        };
        let mut picture =
            Picture::of_pixels(pixels(&|[row, column]| slope(row, column)), [1, 60, 50]);
        picture.sample(all);
        let expected = pixels(&|place| {
            let [row, column] = all.of(place);
            slope(row, column)
        });
        for (index, (found, expected)) in picture.pixels().iter().zip(expected).enumerate() {
            let (row, column) = (index / 50, index % 50);
            if (24..36).contains(&row) && (19..31).contains(&column) {
                assert!((found - expected).abs() < 1e-2, "{found} {expected}");
            }
        }
    }
}

#[test]
fn a_blur_keeps_the_sum_inside_and_spreads_a_point() {
    for deviation in [0.5, 1.0, 2.5] {
        let mut pixels = vec![0.0; 41 * 41];
        pixels[20 * 41 + 20] = 255.0;
        let mut picture = Picture::of_pixels(pixels, [1, 41, 41]);
        picture.blur(deviation);
        let sum: f32 = picture.pixels().iter().sum();
        assert!((sum - 255.0).abs() < 0.1, "{deviation}: {sum}");
        let spread = picture.pixels().iter().enumerate().map(|(index, pixel)| {
            let row = (index / 41) as f32 - 20.0;
            pixel * row * row / sum
        });
        let found = spread.sum::<f32>().sqrt();
        assert!(
            (found - deviation).abs() < 0.08 * deviation,
            "{deviation}: {found}"
        );
    }
}

#[test]
fn mixtures_are_shares_of_two_pictures() {
    let list: Vec<Transform> = serde_json::from_str(r#"[{"shift":0.1},{"mixup":0.4}]"#).unwrap();
    let all: Vec<(f32, usize)> = (0..200)
        .flat_map(|batch| mixtures(&list, 32, [1, batch]).unwrap())
        .collect();
    let mean = all.iter().map(|(share, _)| share).sum::<f32>() / all.len() as f32;
    // The deviation of such a share is 0.37, of the mean of 6,400 0.005.
    assert!((mean - 0.5).abs() < 0.025, "{mean}");
    assert!(
        all.iter()
            .all(|(share, other)| (0.0..=1.0).contains(share) && *other < 32)
    );
    assert_eq!(mixtures(&list, 32, [1, 5]), mixtures(&list, 32, [1, 5]));
    assert_eq!(mixtures(&list[..1], 32, [1, 5]), None);
}

#[test]
fn what_is_out_of_range_is_refused() {
    for (list, part) in [
        (r#"{"shift":0}"#, "above 0 and at most 1, found 0"),
        (r#"{"shift":1.5}"#, "above 0 and at most 1, found 1.5"),
        (r#"{"rotate":181}"#, "above 0 and at most 180, found 181"),
        (
            r#"{"scale":[1.2,0.8]}"#,
            "the smaller one first, found 1.2 and 0.8",
        ),
        (r#"{"scale":[0.0,0.8]}"#, "from 0.1 to 10"),
        (r#"{"flip":"left"}"#, "unknown variant `left`"),
        (r#"{"turn":5}"#, "unknown variant `turn`"),
        (r#"{"elastic":0.3}"#, "at most 0.25, found 0.3"),
        (
            r#"{"thickness":[0.1,-0.1]}"#,
            "two shares from -0.25 to 0.25, the smaller one first, found 0.1 and -0.1",
        ),
        (
            r#"{"jpeg":[0,90]}"#,
            "two qualities from 1 to 100, the smaller one first, found 0 and 90",
        ),
        (r#"{"jpeg":[5,101]}"#, "found 5 and 101"),
        (r#"{"jpeg":[5,300]}"#, "300"),
    ] {
        let error = serde_json::from_str::<Transform>(list)
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{list}: {error}");
    }
}

#[test]
fn bytes_become_0_to_1_as_they_are_or_inverted() {
    let bytes: Vec<u8> = (0..=255).collect();
    for (variant, of) in [
        (Variant::Plain, (|byte| byte) as fn(u8) -> u8),
        (Variant::Inverted, |byte| 255 - byte),
    ] {
        let expected = bytes.iter().map(|&byte| f32::from(of(byte)) / 255.0);
        let mut pixels = [f32::NAN; 256];
        variant.write(&bytes, &mut pixels);
        assert!(pixels.into_iter().eq(expected));
    }
}

#[test]
fn an_epoch_visits_the_plain_image_always() {
    for (augment, variants) in [
        (Augment::default(), &[Variant::Plain][..]),
        (Augment::None, &[Variant::Plain]),
        (Augment::Invert, &[Variant::Plain, Variant::Inverted]),
    ] {
        assert_eq!(augment.variants(), variants);
    }
}
