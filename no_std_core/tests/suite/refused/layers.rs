//! Layers that cannot be.

use no_std_core::format::{Axis, Shape};
use no_std_core::{Fault, Model};

use super::{BIASES, CLASSES, LINES, MULTIPLIERS, WEIGHTS, refuse, refuse_changed, refuse_with};
use crate::support::{Contents, axis, convolution, file, shape, tiny};

/// That the tiny model is refused where a layer has another output.
#[track_caller]
fn refuse_output(layer: usize, output: Shape, fault: Fault) {
    let at = [LINES, CLASSES][layer] + 10;
    refuse_changed(|contents| contents.layers[layer].output = output, at, fault);
}

#[test]
fn unknown_kinds_of_layers() {
    for kind in [0, 3, 255] {
        refuse_with(CLASSES, &[kind], CLASSES, Fault::Kind(kind));
    }
}

#[test]
fn shapes_of_nothing_or_too_much() {
    let empty = [shape(0, 4, 1), shape(4, 0, 1), shape(4, 4, 0)];
    for empty in empty
        .into_iter()
        .chain([shape(u16::MAX, u16::MAX, u16::MAX)])
    {
        refuse_changed(|contents| contents.input = empty, 20, Fault::Shape);
        refuse_output(0, empty, Fault::Shape);
    }
    let of_channels =
        |channels| move |contents: &mut Contents| contents.input = shape(32_768, 32_768, channels);
    // That is just not too much.
    refuse_changed(of_channels(1), LINES + 10, Fault::Output);
    refuse_changed(of_channels(2), 20, Fault::Shape);
}

#[test]
fn layers_that_do_not_follow_each_other() {
    for (record, size) in [(LINES, 0), (LINES, 2), (CLASSES, 4)] {
        refuse_with(record + 4 + size, &[3, 0], record + 4, Fault::Chain);
    }
    // The input's zero point, that of the first layer's output, and that of the second layer's input.
    refuse_with(26, &[0], LINES + 1, Fault::Chain);
    refuse_with(LINES + 2, &[0], CLASSES + 1, Fault::Chain);
    refuse_with(CLASSES + 1, &[127], CLASSES + 1, Fault::Chain);
}

#[test]
fn windows_that_do_not_move_or_miss_the_input() {
    for axis in [16, 21] {
        let at = LINES + axis;
        for field in [0, 1, 4] {
            refuse_with(at + field, &[0], at, Fault::Window);
        }
        for padding in [3, 4, 255] {
            for field in [2, 3] {
                refuse_with(at + field, &[padding], at, Fault::Padding);
            }
        }
        for field in 0..5 {
            refuse_with(CLASSES + axis + field, &[1], CLASSES + axis, Fault::Window);
        }
    }
}

#[test]
fn outputs_that_do_not_follow_from_the_input() {
    // A kernel that does not fit, strides and tiles that give less, a tile that does not fit.
    let fields: [(usize, &[u8]); 4] = [
        (0, &[7, 255]),
        (1, &[2, 255]),
        (2, &[0]),
        (4, &[1, 3, 5, 255]),
    ];
    for (field, values) in fields {
        for value in values {
            for axis in [16, 21] {
                refuse_with(LINES + axis + field, &[*value], LINES + 10, Fault::Output);
            }
        }
    }
    for (rows, columns) in [(1, 2), (2, 1), (3, 2), (2, u16::MAX)] {
        refuse_output(0, shape(rows, columns, 2), Fault::Output);
    }
    for (rows, columns) in [(1, 2), (2, 1)] {
        refuse_output(1, shape(rows, columns, 1), Fault::Output);
    }
}

#[test]
fn other_numbers_of_classes_and_logits() {
    let more = |contents: &mut Contents| contents.labels.push("neither".into());
    refuse_changed(more, CLASSES + 10, Fault::Logits);
    let fewer = |contents: &mut Contents| drop(contents.labels.pop());
    refuse_changed(fewer, CLASSES + 10, Fault::Logits);
}

#[test]
fn weights_and_multipliers_that_are_none() {
    for at in [WEIGHTS + 17, MULTIPLIERS + 16] {
        refuse_with(at, &[0x80], at, Fault::Weight);
    }
    let mantissas = [[0, 0, 0, 26], [255, 255, 127, 26]];
    let shifts = [[0, 0, 128, 150], [0, 0, 128, 255]];
    for multiplier in [mantissas, shifts].as_flattened() {
        let at = MULTIPLIERS + 4;
        refuse_with(at, multiplier, at, Fault::Multiplier);
    }
}

#[test]
fn sums_that_could_overflow() {
    // The second filter's weights have a sum of 3 * 2 + 6 * 1.
    let most = i32::MAX - 12 * 255;
    let with = |bias| move |contents: &mut Contents| contents.layers[0].biases[1] = bias;
    for bias in [most + 1, -most - 1, i32::MAX, i32::MIN, -i32::MAX] {
        refuse_changed(with(bias), BIASES + 4, Fault::Accumulator);
    }
    for bias in [most, -most] {
        let mut contents = tiny();
        with(bias)(&mut contents);
        assert!(Model::new(&file(&contents)).is_ok(), "{bias}");
    }
}

/// Layers of one weight whose outputs have a billion values each. Of two that follow each other one writes in place.
#[test]
fn more_memory_than_there_is() {
    let layer = |axis: Axis, side: u16| {
        let weights = vec![1; usize::from(axis.kernel).pow(2)];
        convolution(axis, shape(side, side, 1), weights, vec![0], 0.5)
    };
    let same = layer(axis(1, 1, [0, 0], 1), 32_000);
    let last = layer(axis(255, 255, [0, 0], 125), 1);
    let layers = vec![same.clone(), same.clone(), same, last];
    let contents = Contents::new(shape(32_000, 32_000, 1), 0, layers);
    refuse(&file(&contents), 28, Fault::Memory);
}
