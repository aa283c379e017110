//! The rounding rule against the processor's own single precision.

use no_std_core::requantize::Multiplier;

use crate::oracle::requantize;
use crate::random::Random;

/// Every combination of an accumulator, its neighbours and its negative with zero points.
fn check(acc: i64, m: f32) {
    let multiplier = Multiplier::from_f32_bits(m.to_bits()).unwrap();
    for near in [acc - 1, acc, acc + 1] {
        for signed in [near, -near] {
            let acc = signed.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
            for zero_point in [-128, -1, 0, 127] {
                let found = multiplier.requantize(acc as i32, zero_point);
                let expected = requantize(acc, m, zero_point);
                assert_eq!(found, expected, "{acc} * {m:e} + {zero_point}");
            }
        }
    }
}

/// A positive normal number with its exponent within these bounds.
fn number(random: &mut Random, low: i64, high: i64) -> f32 {
    let exponent = random.within(low, high) + 127;
    let significand = match random.within(0, 3) {
        0 => 0,
        1 => (1 << 23) - 1,
        _ => random.within(0, (1 << 23) - 1),
    };
    f32::from_bits((exponent << 23 | significand) as u32)
}

#[test]
fn any_accumulator_and_multiplier() {
    let mut random = Random(1);
    for _ in 0..300_000 {
        let acc = random.bits().cast_signed() >> random.within(32, 63);
        check(acc, number(&mut random, -126, 23));
    }
}

#[test]
fn outputs_that_are_not_saturated() {
    let mut random = Random(2);
    for _ in 0..300_000 {
        let bits = random.within(1, 31);
        let acc = random.within(1 << (bits - 1), (1 << bits) - 1);
        check(acc, number(&mut random, -bits, 8 - bits));
    }
}

/// Accumulators whose products are as near to a half as they come: the two inner roundings decide some of them.
#[test]
fn products_near_a_half() {
    let mut random = Random(3);
    for _ in 0..300_000 {
        let m = number(&mut random, -24, -1);
        let half = random.within(0, 260) as f64 + 0.5;
        check((half / f64::from(m)).round() as i64, m);
    }
}

#[test]
fn exact_halves_go_to_the_even_neighbour() {
    for shift in 1..30 {
        let m = 1.0 / (1_i64 << shift) as f32;
        for half in 0..256 {
            check((2 * half + 1) << (shift - 1), m);
        }
    }
    let half = Multiplier::from_f32_bits(0.5_f32.to_bits()).unwrap();
    let halves = [1, 3, 5, -1, -3, -5].map(|acc| half.requantize(acc, 0));
    assert_eq!(halves, [0, 2, 2, 0, -2, -2]);
}

/// From 2^24 on, single precision cannot hold every integer: ties between its neighbours go to the even one.
#[test]
fn accumulators_beyond_24_bits() {
    let mut random = Random(4);
    for bits in 24..31 {
        let step = 1 << (bits - 23);
        for _ in 0..20_000 {
            let tie = random.within(1 << 23, (1 << 24) - 1) * step + step / 2;
            check(tie, number(&mut random, -bits, 8 - bits));
        }
    }
}

#[test]
fn the_ends_of_all_ranges() {
    for acc in [0, 1, (1 << 24) - 1, 1 << 24, i64::from(i32::MAX), 1 << 31] {
        for exponent in -126..24 {
            for significand in [0, 1, (1 << 23) - 2, (1 << 23) - 1] {
                let bits = (exponent + 127) << 23 | significand;
                check(acc, f32::from_bits(bits as u32));
            }
        }
    }
}

#[test]
fn a_greater_accumulator_never_gives_less() {
    let mut random = Random(5);
    for _ in 0..100_000 {
        let m = number(&mut random, -40, 2);
        let multiplier = Multiplier::from_f32_bits(m.to_bits()).unwrap();
        let acc = random.bits() as i32 >> random.within(0, 31);
        let greater = acc.saturating_add(random.within(0, 300) as i32);
        let [less, more] = [acc, greater].map(|acc| multiplier.requantize(acc, 3));
        assert!(less <= more, "{acc} {greater} {m:e}");
    }
}

#[test]
fn only_positive_normal_numbers_below_2_to_24_are_multipliers() {
    let numbers = [0.0, -0.0, -1.0, 1e-40, f32::MAX, 16_777_216.0];
    let others = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN];
    for number in numbers.into_iter().chain(others) {
        let multiplier = Multiplier::from_f32_bits(number.to_bits());
        assert_eq!(multiplier, None, "{number}");
    }
    for number in [f32::MIN_POSITIVE, 1e-9, 0.1, 1.0, 16_777_215.0] {
        let multiplier = Multiplier::from_f32_bits(number.to_bits()).unwrap();
        assert_eq!(crate::oracle::value(multiplier).to_bits(), number.to_bits());
        assert_eq!(Multiplier::decode(multiplier.encode()), Some(multiplier));
        let (mantissa, shift) = (multiplier.mantissa(), multiplier.shift());
        assert_eq!(Multiplier::new(mantissa, shift), Some(multiplier));
    }
}

#[test]
fn parts_out_of_range_are_no_multiplier() {
    for (mantissa, shift) in [
        (0, 0),
        ((1 << 23) - 1, 9),
        (1 << 24, 9),
        (u32::MAX, 9),
        (1 << 23, 150),
        (1 << 23, 255),
    ] {
        assert_eq!(Multiplier::new(mantissa, shift), None, "{mantissa} {shift}");
    }
}
