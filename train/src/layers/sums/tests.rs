use ndarray::Axis;

use super::*;
use crate::data::random::Random;
use crate::ops::Quantization;

/// Filters over one pixel, each with as many channels as weights are given, and their biases.
fn filters(weights: &[&[f32]], bias: &[f32]) -> (Array4<f32>, Array1<f32>) {
    let shape = (weights.len(), weights[0].len(), 1, 1);
    let weight = Array4::from_shape_vec(shape, weights.concat()).unwrap();
    (weight, bias.to_vec().into())
}

/// The filters in integers, for inputs of this scale and outputs of this one or one just above it.
fn sums((weight, bias): &(Array4<f32>, Array1<f32>), from: f32, to: f32) -> Result<Sums, Overflow> {
    let scales = std::iter::successors(Some(to), |scale| Some(scale.next_up()));
    let mut factors = scales.map(|to| Factors::near(from, &weight_scales(weight), to));
    let factors = factors.find_map(Result::ok).unwrap();
    Sums::new((weight, bias), from, factors)
}

#[test]
fn weights_that_are_integers_already_stay_what_they_are() {
    let mut random = Random::new(4, 0);
    for _ in 0..100 {
        let scale = 10_f32.powf(random.between(-4.0, 1.0));
        let most = random.between(3.0, 127.9).floor();
        let mut integers: Vec<f32> = (0..16)
            .map(|_| random.between(-most, most).round())
            .collect();
        // The greatest, and one beside it, which have no common divisor.
        integers[..2].copy_from_slice(&[most, most - 1.0]);
        let real: Vec<f32> = integers.iter().map(|integer| scale * integer).collect();
        let (weight, _) = filters(&[&real], &[0.0]);
        let found = weight_scales(&weight)[0];
        // Or of several steps each.
        let steps = (scale / found).round();
        assert!(
            (scale / found / steps - 1.0).abs() < 1e-6,
            "{found} for {scale}"
        );
        let again: Vec<f32> = real.iter().map(|one| (one / found).round()).collect();
        let expected: Vec<f32> = integers.iter().map(|integer| steps * integer).collect();
        assert_eq!(again, expected);
    }
}

#[test]
fn a_small_layer_is_as_computed_by_hand() {
    let filters = filters(&[&[0.5, 0.25, 0.137], &[-1.27, 0.005, 0.0]], &[0.1, -0.2]);
    let sums = sums(&filters, 0.5, 0.25).unwrap();
    // Scales 0.5 / 127 and 0.01: 0.25 is 63.5 steps, a tie that goes to the even 64; 0.005 is half a step, to 0; 0.137 is
    // 34.798 steps.
    assert_eq!(sums.filters.scales.to_vec(), [0.5 / 127.0, 1.27 / 127.0]);
    assert_eq!(
        sums.filters.weight.iter().copied().collect::<Vec<_>>(),
        [127, 64, 35, -127, 0, 0]
    );
    // 0.1 / (0.5 * 0.5 / 127) = 50.8 and -0.2 / (0.5 * 0.01) = -40.
    assert_eq!(sums.filters.bias.to_vec(), [51, -40]);
    assert_eq!(
        sums.multipliers.to_vec(),
        [(0.5 * (0.5 / 127.0)) / 0.25, (0.5 * (1.27 / 127.0)) / 0.25]
    );
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
        let filters = self::filters(&filters, &[spread; 3]);
        let int8 = sums(&filters, 0.01, spread / 255.0).unwrap().filters;
        for ((index, &real), &integer) in filters.0.indexed_iter().zip(&int8.weight) {
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
    let filters = filters(&[&[0.0], &[0.8], &[1e-30]], &[0.3, 0.0, -0.3]);
    let Sums {
        filters,
        multipliers,
        ..
    } = sums(&filters, 0.02, 1.0 / 255.0).unwrap();
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
    let with_bias = |bias: f32| sums(&filters(&[&[1.0], &[127.0]], &[0.0, bias]), 1.0, 1.0);
    assert!(with_bias(2_147_451_136.0).is_ok());
    for bias in [2_147_451_264.0, -2_147_451_264.0, 1e20] {
        assert_eq!(with_bias(bias).unwrap_err().filter, 1);
    }
    let of_ones = |count| sums(&filters(&[&vec![1.0; count]], &[0.0]), 1.0, 1.0);
    assert!(of_ones(66_311).is_ok());
    assert_eq!(of_ones(66_312).unwrap_err().filter, 0);
}

#[test]
fn the_reach_is_that_of_the_outermost_inputs() {
    let mut random = Random::new(12, 0);
    let meaning = |scale, zero_point| Quantization { scale, zero_point };
    for groups in [1, 2, 4] {
        let weight = Array4::from_shape_simple_fn((4, 4 / groups, 1, 1), || random.bell(1.0));
        let bias = Array1::from_shape_simple_fn(4, || random.bell(1.0));
        let sums = sums(&(weight, bias), 0.1, 0.2).unwrap();
        let sums = Sums { groups, ..sums };
        let meaning = Meaning {
            from: meaning(0.1, -20),
            to: meaning(0.2, 7),
        };
        let intervals: Vec<Interval> = (0..4)
            .map(|channel| Interval {
                low: -20 * channel,
                high: -20 * channel + 3,
            })
            .collect();
        let found = sums.reach(&[&intervals], meaning);
        // All corners, by the definition.
        for (filter, found) in found.iter().enumerate() {
            let first = filter / (4 / groups) * (4 / groups);
            let values = (0..16_u8).map(|corner| {
                let mut sum = sums.filters.bias[filter];
                for channel in 0..4 / groups {
                    let interval = intervals[first + channel];
                    let is_high = corner >> channel & 1 == 1;
                    let value = if is_high { interval.high } else { interval.low };
                    sum += (value + 20) * i32::from(sums.filters.weight[[filter, channel, 0, 0]]);
                }
                let real = (sum as f32 * sums.multipliers[filter]).round_ties_even() + 7.0;
                real.clamp(-128.0, 127.0) as i32
            });
            let values: Vec<i32> = values.collect();
            let expected = Interval {
                low: *values.iter().min().unwrap(),
                high: *values.iter().max().unwrap(),
            };
            assert_eq!(*found, expected);
        }
    }
}

#[test]
fn a_folded_channel_adds_what_it_did() {
    let filters = filters(&[&[0.5, 0.25], &[-1.0, 0.125]], &[0.1, -0.2]);
    let mut sums = sums(&filters, 0.5, 0.25).unwrap();
    let before = sums.clone();
    sums.fold_channel(1, -30);
    sums.keep_channels(&[0]);
    sums.keep_filters(&[1]);
    let [weight, other] =
        [0, 1].map(|channel| i32::from(before.filters.weight[[1, channel, 0, 0]]));
    assert_eq!(
        sums.filters.bias.to_vec(),
        [before.filters.bias[1] - 30 * other]
    );
    assert_eq!(i32::from(sums.filters.weight[[0, 0, 0, 0]]), weight);
    assert_eq!(sums.multipliers.to_vec(), [before.multipliers[1]]);
    assert!(!before.ignores(1));
}
