//! Layers that cannot be.

use no_std_core::format::{Axis, KIND_CONVOLUTION};
use no_std_core::{Fault, Model};

use super::{BIASES, CLASSES, LINES, MULTIPLIERS, WEIGHTS, changed, error, with};
use crate::support::{LayerSpec, ModelSpec, axis, multiplier, shape, tiny};

#[test]
fn unknown_kinds_of_layers() {
    for kind in [0, 3, 255] {
        assert_eq!(with(CLASSES, &[kind]), (CLASSES, Fault::Kind(kind)));
    }
}

#[test]
fn shapes_of_nothing_or_too_much() {
    for empty in [
        shape(0, 4, 1),
        shape(4, 0, 1),
        shape(4, 4, 0),
        shape(u16::MAX, u16::MAX, u16::MAX),
    ] {
        assert_eq!(changed(|spec| spec.input = empty), (20, Fault::Shape));
        assert_eq!(
            changed(|spec| spec.layers[0].output = empty),
            (LINES + 10, Fault::Shape)
        );
    }
    let error = changed(|spec| spec.input = shape(32_768, 32_768, 1));
    assert_eq!(
        error,
        (LINES + 10, Fault::Output),
        "that is just not too much"
    );
    assert_eq!(
        changed(|spec| spec.input = shape(32_768, 32_768, 2)),
        (20, Fault::Shape)
    );
}

#[test]
fn layers_that_do_not_follow_each_other() {
    for (field, place) in [
        (LINES + 4, LINES + 4),
        (LINES + 6, LINES + 4),
        (CLASSES + 8, CLASSES + 4),
    ] {
        assert_eq!(with(field, &[3, 0]), (place, Fault::Chain));
    }
    // The input's zero point, that of the first layer's output, and that of the second layer's input.
    assert_eq!(with(26, &[0]), (LINES + 1, Fault::Chain));
    assert_eq!(with(LINES + 2, &[0]), (CLASSES + 1, Fault::Chain));
    assert_eq!(with(CLASSES + 1, &[127]), (CLASSES + 1, Fault::Chain));
}

#[test]
fn windows_that_do_not_move_or_miss_the_input() {
    for (axis, place) in [(16, LINES + 16), (21, LINES + 21)] {
        for field in [0, 1, 4] {
            assert_eq!(with(LINES + axis + field, &[0]), (place, Fault::Window));
        }
        for field in [2, 3] {
            for padding in [3, 4, 255] {
                assert_eq!(
                    with(LINES + axis + field, &[padding]),
                    (place, Fault::Padding)
                );
            }
        }
        for field in 0..5 {
            assert_eq!(
                with(CLASSES + axis + field, &[1]),
                (CLASSES + axis, Fault::Window)
            );
        }
    }
}

#[test]
fn outputs_that_do_not_follow_from_the_input() {
    // A kernel that does not fit, strides and tiles that give less, a tile that does not fit.
    for (field, value) in [
        (0, 7),
        (0, 255),
        (1, 2),
        (1, 255),
        (2, 0),
        (4, 1),
        (4, 3),
        (4, 5),
        (4, 255),
    ] {
        for axis in [16, 21] {
            let error = with(LINES + axis + field, &[value]);
            assert_eq!(error, (LINES + 10, Fault::Output), "{axis} {field} {value}");
        }
    }
    for output in [
        shape(1, 2, 2),
        shape(2, 1, 2),
        shape(3, 2, 2),
        shape(2, u16::MAX, 2),
    ] {
        assert_eq!(
            changed(|spec| spec.layers[0].output = output),
            (LINES + 10, Fault::Output)
        );
    }
    assert_eq!(
        changed(|spec| spec.layers[1].output = shape(1, 2, 1)),
        (CLASSES + 10, Fault::Output)
    );
    assert_eq!(
        changed(|spec| spec.layers[1].output = shape(2, 1, 1)),
        (CLASSES + 10, Fault::Output)
    );
}

#[test]
fn other_numbers_of_classes_and_logits() {
    let error = changed(|spec| spec.labels.push("neither".into()));
    assert_eq!(error, (CLASSES + 10, Fault::Logits));
    let error = changed(|spec| drop(spec.labels.pop()));
    assert_eq!(error, (CLASSES + 10, Fault::Logits));
}

#[test]
fn weights_and_multipliers_that_are_none() {
    assert_eq!(with(WEIGHTS + 17, &[0x80]), (WEIGHTS + 17, Fault::Weight));
    assert_eq!(
        with(MULTIPLIERS + 16, &[0x80]),
        (MULTIPLIERS + 16, Fault::Weight)
    );
    for multiplier in [
        [0, 0, 0, 26],
        [255, 255, 127, 26],
        [0, 0, 128, 150],
        [0, 0, 128, 255],
    ] {
        assert_eq!(
            with(MULTIPLIERS + 4, &multiplier),
            (MULTIPLIERS + 4, Fault::Multiplier)
        );
    }
}

#[test]
fn sums_that_could_overflow() {
    // The second filter's weights have a sum of 3 * 2 + 6 * 1.
    let most = i32::MAX - 12 * 255;
    for bias in [most + 1, -most - 1, i32::MAX, i32::MIN, -i32::MAX] {
        assert_eq!(
            changed(|spec| spec.layers[0].biases[1] = bias),
            (BIASES + 4, Fault::Accumulator),
            "{bias}"
        );
    }
    for bias in [most, -most] {
        let mut spec = tiny();
        spec.layers[0].biases[1] = bias;
        assert!(Model::new(&spec.file()).is_ok(), "{bias}");
    }
}

/// Layers of one weight whose outputs have a billion values each. Of two that follow each other one writes in place.
#[test]
fn more_memory_than_there_is() {
    let layer = |axis: Axis, side: u16| LayerSpec {
        kind: KIND_CONVOLUTION,
        output: shape(side, side, 1),
        output_zero_point: 0,
        rows: axis,
        columns: axis,
        weights: vec![1; usize::from(axis.kernel).pow(2)],
        biases: vec![0],
        multipliers: vec![multiplier(0.5)],
    };
    let same = layer(axis(1, 1, [0, 0], 1), 32_000);
    let last = layer(axis(255, 255, [0, 0], 125), 1);
    let spec = ModelSpec::new(
        shape(32_000, 32_000, 1),
        0,
        vec![same.clone(), same.clone(), same, last],
    );
    assert_eq!(error(&spec.file()), (28, Fault::Memory));
}
