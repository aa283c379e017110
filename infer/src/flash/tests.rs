use no_std_core::format::{Axis, Header, KIND_CONVOLUTION, KIND_DENSE};

use super::*;
use crate::picture::PIXELS;
use crate::support::flash::{LayerSpec, Spec, brightness, shape};

const POOL: usize = 4;
const FILTERS: usize = 3;
const CLASSES: usize = 4;

/// Numbers without a pattern, from -limit to limit.
fn scattered(count: usize, limit: i32, seed: u32) -> Vec<i8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8).cast_signed() % (limit + 1) * if state >> 31 == 1 { -1 } else { 1 }
    };
    (0..count).map(|_| next() as i8).collect()
}

/// A convolution of 3 x 3 with padding and pooling, and a dense layer.
fn network() -> Spec {
    let lines = LayerSpec {
        kind: KIND_CONVOLUTION,
        output: shape(7, 7, FILTERS as u16),
        output_zero_point: -128,
        axis: Axis {
            kernel: 3,
            stride: 1,
            pad_begin: 1,
            pad_end: 1,
            pool: POOL as u8,
        },
        weights: scattered(FILTERS * 9, 127, 1),
        biases: vec![1000, -500, 0],
        multiplier: 0.0031,
    };
    let classes = LayerSpec {
        kind: KIND_DENSE,
        output: shape(1, 1, CLASSES as u16),
        output_zero_point: 5,
        axis: Axis::default(),
        weights: scattered(CLASSES * 49 * FILTERS, 127, 2),
        biases: vec![-7, 300, 12_345, -20_000],
        multiplier: 0.000_29,
    };
    Spec {
        layers: vec![lines, classes],
        labels: &["zero", "one", "two", "three"],
        ..brightness()
    }
}

/// `QLinearConv`'s rounding in real floats.
fn requantize(sum: i64, layer: &LayerSpec) -> i8 {
    let rounded = (sum as f32 * layer.multiplier).round_ties_even();
    (f64::from(rounded) + f64::from(layer.output_zero_point)).clamp(-128.0, 127.0) as i8
}

/// The logits of [`network`] by the definition: convolve, requantise, pool, then multiply.
fn logits(spec: &Spec, pixels: &Pixels) -> Vec<i8> {
    let [lines, classes] = &spec.layers[..] else {
        panic!("two layers")
    };
    // A pixel minus the zero point of -128 is the byte of the picture; outside it is 0.
    let pixel = |row: usize, column: usize| match (row.checked_sub(1), column.checked_sub(1)) {
        (Some(row @ 0..SIDE), Some(column @ 0..SIDE)) => i64::from(pixels[row * SIDE + column]),
        _ => 0,
    };
    let place = |row: usize, column: usize, filter: usize| {
        let taps = (0..9).map(|tap| {
            i64::from(lines.weights[filter * 9 + tap]) * pixel(row + tap / 3, column + tap % 3)
        });
        requantize(taps.sum::<i64>() + i64::from(lines.biases[filter]), lines)
    };
    let mut pooled = Vec::new();
    for index in 0..49 * FILTERS {
        let (row, column, filter) = (index / FILTERS / 7, index / FILTERS % 7, index % FILTERS);
        let tile = (0..POOL * POOL)
            .map(|tap| place(row * POOL + tap / POOL, column * POOL + tap % POOL, filter));
        pooled.push(i64::from(tile.max().unwrap()) + 128);
    }
    let unit = |(weights, bias): (&[i8], &i32)| {
        let products = weights
            .iter()
            .zip(&pooled)
            .map(|(&weight, value)| i64::from(weight) * value);
        requantize(products.sum::<i64>() + i64::from(*bias), classes)
    };
    classes
        .weights
        .chunks(pooled.len())
        .zip(&classes.biases)
        .map(unit)
        .collect()
}

fn pictures() -> Vec<Pixels> {
    let noise = scattered(PIXELS, 127, 3);
    vec![
        std::array::from_fn(|index| (index * index / 7 % 256) as u8),
        std::array::from_fn(|index| noise[index].cast_unsigned()),
        [0; PIXELS],
        [255; PIXELS],
    ]
}

#[test]
fn scores_are_those_of_the_definitions() {
    let spec = network();
    let file = spec.file();
    let model = FlashModel::from_bytes(&file, "m.q8").unwrap();
    assert_eq!(model.labels(), ["zero", "one", "two", "three"]);
    let mut classes = Vec::new();
    for pixels in pictures() {
        let expected = logits(&spec, &pixels);
        let scores = model.scores(&pixels).unwrap();
        assert_eq!(scores.logits, Logits::Int8(expected.clone()));

        let best = *expected.iter().max().unwrap();
        assert_eq!(
            Some(scores.class),
            expected.iter().position(|&logit| logit == best)
        );
        let weights: Vec<f64> = expected
            .iter()
            .map(|&logit| (f64::from(logit) - f64::from(best)).exp2())
            .collect();
        let sum: f64 = weights.iter().sum();
        for (probability, weight) in scores.probabilities.iter().zip(&weights) {
            assert!(
                (probability - weight / sum).abs() < 2e-4,
                "{probability} {}",
                weight / sum
            );
        }
        assert_eq!(scores.accepted, Some(1.0 / sum >= 0.75));
        classes.push(expected);
    }
    // The pictures would prove nothing if all of them saturated.
    classes.dedup();
    assert_eq!(classes.len(), 4);
    assert!(
        classes
            .iter()
            .flatten()
            .any(|logit| (-127..127).contains(logit))
    );
}

#[test]
fn unsure_pictures_are_rejected() {
    let file = brightness().file();
    let model = FlashModel::from_bytes(&file, "m.q8").unwrap();
    let of = |pixels: [u8; PIXELS]| {
        let scores = model.scores(&pixels).unwrap();
        (scores.class, scores.probabilities, scores.accepted)
    };
    assert_eq!(of([255; PIXELS]), (1, vec![0.0, 1.0], Some(true)));
    assert_eq!(of([0; PIXELS]), (0, vec![1.0, 0.0], Some(true)));
    assert_eq!(of([127; PIXELS]), (0, vec![0.5, 0.5], Some(false)));
    // A logit one step above the other: twice as likely, and still less than it wants.
    let bright = of([129; PIXELS]);
    assert_eq!((bright.0, bright.2), (1, Some(false)));
    assert!((bright.1[1] - 2.0 / 3.0).abs() < 1e-4, "{bright:?}");
}

#[test]
fn pictures_are_prepared_as_the_file_says() {
    for preparation in [Preparation::PLAIN, Preparation::centred(3).unwrap()] {
        let mut spec = brightness();
        spec.preparation = preparation;
        let file = spec.file();
        let model = FlashModel::from_bytes(&file, "m.q8").unwrap();
        assert_eq!(model.preparation(), preparation);
    }
}

fn refusal(bytes: &[u8]) -> String {
    let error = FlashModel::from_bytes(bytes, "m.q8")
        .unwrap_err()
        .to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn models_of_other_pictures_are_refused() {
    let mut small = brightness();
    small.input = shape(14, 56, 1);
    assert_eq!(
        refusal(&small.file()),
        "m.q8: expected input 28 x 28 x 1 with zero point -128, found input 14 x 56 x 1 with zero point -128"
    );
    let mut shifted = brightness();
    shifted.input_zero_point = 0;
    assert!(refusal(&shifted.file()).ends_with("found input 28 x 28 x 1 with zero point 0"));
}

#[test]
fn damaged_files_are_refused_wherever_the_damage_is() {
    let whole = network().file();
    for length in (0..whole.len())
        .step_by(61)
        .chain([63, 64, whole.len() - 1])
    {
        assert!(
            refusal(&whole[..length]).starts_with("m.q8: byte "),
            "{length}"
        );
    }
    for at in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        assert!(refusal(&damaged).starts_with("m.q8: byte "), "{at}");
    }
    let longer = [&whole[..], &[0]].concat();
    assert!(refusal(&longer).contains("expected a file of"));
}

#[test]
fn damage_that_the_checksum_does_not_show_is_refused() {
    let header = Header::decode(network().file().first_chunk().unwrap());
    let fields = [
        10,
        11,
        27,
        40,
        44,
        header.layers_at as usize,
        header.probabilities_at as usize,
    ];
    for at in fields.into_iter().chain([header.labels_at as usize]) {
        let mut damaged = network().file();
        damaged[at] = 0xFF;
        damaged[at + 3] = 0xFF;
        no_std_core::format::seal(&mut damaged).unwrap();
        refusal(&damaged);
    }
}
