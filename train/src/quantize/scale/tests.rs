use ndarray::Array4;

use super::super::network::Kind;
use super::*;
use crate::data::random::Random;
use crate::ops::Window;

/// A layer of filters over one pixel, each with as many channels as weights are given.
fn layer(weights: &[&[f32]], bias: &[f32]) -> Layer {
    let channels = weights[0].len();
    let shape = (weights.len(), channels, 1, 1);
    Layer {
        name: "conv1".into(),
        node: "Conv_7 (Conv)".into(),
        kind: Kind::Convolution,
        window: Window {
            strides: [1; 2],
            ..Window::tiles([1, 1])
        },
        weight: Array4::from_shape_vec(shape, weights.concat()).unwrap(),
        bias: bias.to_vec().into(),
        relu: true,
        pool: None,
        input: [channels, 1, 1],
        output: [weights.len(), 1, 1],
    }
}

fn from(scale: f32) -> Quantization {
    Quantization {
        scale,
        zero_point: -128,
    }
}

fn up_to(high: f32) -> Range {
    Range { low: 0.0, high }
}

fn refusal(layer: &Layer, from: Quantization, range: Range) -> String {
    let message = Int8Layer::new(layer, from, range).unwrap_err().to_string();
    assert!(
        message.starts_with("node Conv_7 (Conv): expected") && !message.contains('\n'),
        "{message}"
    );
    message
}

#[test]
fn a_small_layer_is_as_computed_by_hand() {
    let layer = layer(&[&[0.5, 0.25], &[-1.27, 0.005]], &[0.1, -0.2]);
    let int8 = Int8Layer::new(&layer, from(0.5), up_to(63.75)).unwrap();
    assert_eq!(
        int8.to,
        Quantization {
            scale: 0.25,
            zero_point: -128
        }
    );
    // Scales 0.5 / 127 and 0.01: 0.25 is 63.5 steps, a tie that goes to the even 64; 0.005 is half a step, to 0.
    assert_eq!(int8.filters.scales.to_vec(), [0.5 / 127.0, 1.27 / 127.0]);
    assert_eq!(
        int8.filters.weight.iter().copied().collect::<Vec<_>>(),
        [127, 64, -127, 0]
    );
    // 0.1 / (0.5 * 0.5 / 127) = 50.8 and -0.2 / (0.5 * 0.01) = -40.
    assert_eq!(int8.filters.bias.to_vec(), [51, -40]);
    assert_eq!(
        int8.multipliers.to_vec(),
        [(0.5 * (0.5 / 127.0)) / 0.25, (0.5 * (1.27 / 127.0)) / 0.25]
    );
}

#[test]
fn images_mean_what_their_bytes_mean() {
    for pixel in 0..=255u8 {
        let integer = f32::from((i16::from(pixel) - 128) as i8) - f32::from(IMAGE.zero_point);
        assert!(
            (IMAGE.scale * integer - f32::from(pixel) / 255.0).abs() < 1e-7,
            "{pixel}"
        );
    }
}

#[test]
fn each_weight_is_at_most_half_a_step_off_and_each_filter_uses_its_range() {
    let mut random = Random::new(9, 0);
    for _ in 0..200 {
        let spread = 10f32.powf(random.between(-6.0, 6.0));
        let filters: Vec<Vec<f32>> = (0..3)
            .map(|_| (0..20).map(|_| random.bell(spread)).collect())
            .collect();
        let filters: Vec<&[f32]> = filters.iter().map(Vec::as_slice).collect();
        let layer = layer(&filters, &[spread; 3]);
        let int8 = Int8Layer::new(&layer, from(0.01), up_to(spread))
            .unwrap()
            .filters;
        for ((index, &real), &integer) in layer.weight.indexed_iter().zip(&int8.weight) {
            let scale = f64::from(int8.scales[index.0]);
            let error = (f64::from(integer) * scale - f64::from(real)).abs();
            assert!(
                error <= 0.500_01 * scale,
                "{real} became {integer} steps of {scale}"
            );
        }
        for filter in int8.weight.axis_iter(Axis(0)) {
            assert_eq!(
                filter.iter().map(|weight| weight.unsigned_abs()).max(),
                Some(127)
            );
        }
    }
}

#[test]
fn a_filter_of_zeros_keeps_its_bias() {
    let layer = layer(&[&[0.0], &[0.8], &[1e-30]], &[0.3, 0.0, -0.3]);
    let Int8Layer {
        filters,
        multipliers,
        ..
    } = Int8Layer::new(&layer, from(0.02), up_to(1.0)).unwrap();
    assert_eq!(
        filters.weight.iter().copied().collect::<Vec<_>>(),
        [0, 127, 0]
    );
    for (index, bias) in [(0, 0.3), (2, -0.3)] {
        let kept = 0.02 * filters.scales[index] * filters.bias[index] as f32;
        assert!((kept - bias).abs() < 1e-5, "{kept}");
    }
    assert!(multipliers.iter().all(|factor| factor.is_normal()));
}

#[test]
fn sums_that_could_leave_32_bits_are_refused() {
    // One weight of 127 steps: the products reach 127 * 255 = 32385 of the 2^31 there are.
    let with_bias = |bias: f32| layer(&[&[1.0], &[127.0]], &[0.0, bias]);
    let from = from(1.0);
    assert!(Int8Layer::new(&with_bias(2_147_451_136.0), from, up_to(255.0)).is_ok());
    for bias in [2_147_451_264.0, -2_147_451_264.0, 1e20] {
        let message = refusal(&with_bias(bias), from, up_to(255.0));
        assert!(
            message.contains("filter 1") && message.contains("could overflow"),
            "{message}"
        );
    }
    let enough = vec![1.0; 66_311];
    let one_more = vec![1.0; 66_312];
    assert!(Int8Layer::new(&layer(&[&enough], &[0.0]), from, up_to(255.0)).is_ok());
    let message = refusal(&layer(&[&one_more], &[0.0]), from, up_to(255.0));
    assert!(
        message.contains("filter 0") && message.contains("could overflow"),
        "{message}"
    );
}

#[test]
fn ranges_that_integers_cannot_divide_are_refused() {
    let layer = layer(&[&[1.0]], &[0.0]);
    for high in [0.0, f32::INFINITY, f32::NAN, 1e-40] {
        let message = refusal(&layer, from(1.0), up_to(high));
        assert!(message.contains("scale would be 0"), "{message}");
    }
}

#[test]
fn factors_that_are_no_normal_numbers_are_refused() {
    for (weight, high) in [(1.0, 1e-30), (1e-30, 1e10)] {
        let message = refusal(&layer(&[&[weight]], &[0.0]), from(1.0), up_to(high));
        assert!(message.contains("normal number below 2^24"), "{message}");
    }
}
