//! What is computed of constants before the model runs.

use super::written::{Written, image, ints, plain};
use super::*;
use crate::ops::Quantization;

/// A graph over an image whose value is the constant that these nodes made; the image is put into these sizes, and back.
fn reshaped_to(constant: impl FnOnce(&mut Written)) -> Written {
    let mut written = image();
    constant(&mut written);
    let sizes = written.value.clone();
    written.node("Reshape", &["x".into(), sizes], &[]);
    let sizes = written.integers(&[1, 2, 6, 5]);
    written
        .then("Reshape", &[sizes], &[])
        .conv(&[])
        .then("Relu", &[], &[]);
    written
}

#[test]
fn slices_say_where_they_begin_by_inputs_some_left_out_or_by_attributes() {
    // 1, 9, 12, 9, 5, 9 by steps of 2 from the first.
    let by_inputs = reshaped_to(|written| {
        let all = written.integers(&[1, 9, 12, 9, 5, 9]);
        let [start, end, step] = [0, 6, 2].map(|number| written.integers(&[number]));
        written.node("Slice", &[all, start, end, String::new(), step], &[]);
    });
    assert_eq!(by_inputs.layers(), plain());
    let by_attributes = reshaped_to(|written| {
        let all = written.integers(&[9, 1, 12, 5, 9]);
        let [starts, ends] = [ints("starts", &[1]), ints("ends", &[-1])];
        written.node("Slice", &[all], &[starts, ends, ints("axes", &[0])]);
    });
    assert_eq!(by_attributes.layers(), plain());
}

#[test]
fn casts_keep_the_bits_that_there_is_room_for() {
    // 257 is 1 in 8 bits, and so is 2^32 + 12 one of 12 in 32.
    for (to, numbers) in [
        (2, [257, 12, 5]),
        (3, [257, 12, 5]),
        (6, [1, 12 + (1 << 32), 5]),
    ] {
        let written = reshaped_to(|written| {
            let sizes = written.integers(&numbers);
            written.node("Cast", &[sizes], &[integer("to", to)]);
            written.then("Cast", &[], &[integer("to", 7)]);
        });
        assert_eq!(written.layers(), plain(), "{to}");
    }
}

#[test]
fn the_least_integer_has_no_negative() {
    let mut written = image();
    let least = written.integers(&[i64::MIN]);
    written.node("Neg", &[least], &[]);
    let least = written.value.clone();
    written.node("Reshape", &["x".into(), least], &[]);
    assert!(written.network().is_err());
}

/// An I8 zero point of -100 as exporters may make it.
fn zero_points(written: &mut Written) -> Vec<String> {
    let raw = |numbers: &[i32]| numbers.iter().flat_map(|one| one.to_le_bytes()).collect();
    let wide = written.constant(&[], 6, raw(&[-100]));
    let byte = written.constant(&[], 3, vec![156]);
    let several = written.constant(&[2], 3, vec![0, 156]);
    let one = written.constant(&[], 7, 1_i64.to_le_bytes().into());
    let like = written.constant(&[], 3, vec![0]);
    written.node("Cast", std::slice::from_ref(&wide), &[integer("to", 3)]);
    let cast = written.value.clone();
    written.node("CastLike", &[wide, like], &[]);
    let cast_like = written.value.clone();
    written.node("Identity", &[byte], &[]);
    let same = written.value.clone();
    written.node("Gather", &[several, one], &[]);
    let gathered = written.value.clone();
    vec![cast, cast_like, same, gathered]
}

#[test]
fn computed_zero_points_are_of_the_type_that_nodes_make() {
    let all = zero_points(&mut image()).len();
    for way in 0..all {
        let mut written = image();
        let zero = zero_points(&mut written).swap_remove(way);
        let scale = written.floats(&[], 0.0, 0.5);
        written.value = "x".into();
        for operator in ["QuantizeLinear", "DequantizeLinear"] {
            written.then(operator, &[scale.clone(), zero.clone()], &[]);
        }
        let given = written.conv(&[]).network().unwrap().input.given;
        let (scale, zero_point) = (0.5, -100);
        assert_eq!(given, Some(Quantization { scale, zero_point }), "{way}");
    }
}

#[test]
fn weights_between_pairs_are_rounded() {
    let mut written = image();
    let weight = written.floats(&[3, 2, 3, 3], 0.1, 0.0);
    let bias = written.floats(&[3], 1.0, 0.0);
    let scale = written.floats(&[3], 0.03, 0.4);
    let zero = written.constant(&[3], 3, vec![0, 1, 2]);
    let meaning = [scale, zero];
    let axis = [integer("axis", 0)];
    written.node("QuantizeLinear", &[&[weight][..], &meaning].concat(), &axis);
    written.then("DequantizeLinear", &meaning, &axis);
    let weight = written.value.clone();
    written.node("Conv", &["x".into(), weight, bias], &[]);
    let (found, ..) = parameters(&written.layers()[0].0);
    let number = |index: usize| (index * 7 % 11) as f32 - 5.0;
    for (index, found) in found.into_iter().enumerate() {
        let scale = 0.4 + 0.03 * number(index / 18);
        let expected = (0.1 * number(index) / scale).round_ties_even() * scale;
        assert!((found - expected).abs() < 1e-6, "{found}, {expected}");
    }
}
