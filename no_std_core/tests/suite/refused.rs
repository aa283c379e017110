//! Files with a valid checksum that are no models: each check, and the byte it names.

use no_std_core::format::{
    self, Axis, KIND_CONVOLUTION, ONE, PREPARE_CENTRED, PREPARE_PLAIN, PreparationRecord,
};
use no_std_core::{Fault, FormatError, Model};

use crate::support::{LayerSpec, ModelSpec, multiplier, shape, tiny};

/// Where the records of the tiny model's layers lie, and some of its sections.
const LINES: usize = 64;
const CLASSES: usize = 112;
const PROBABILITIES: usize = 160;
const LABELS: usize = 1184;
const WEIGHTS: usize = 1200;
const MULTIPLIERS: usize = 1248;
const CLASS_WEIGHTS: usize = 1264;

fn error(file: &[u8]) -> FormatError {
    Model::new(file).expect_err("this is no model")
}

/// The error of the tiny model with other bytes at one place, its length and checksum repaired.
fn with(at: usize, bytes: &[u8]) -> FormatError {
    let mut file = tiny().file();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    format::seal(&mut file).unwrap();
    error(&file)
}

/// The error of a changed tiny model.
fn changed(change: impl FnOnce(&mut ModelSpec)) -> FormatError {
    let mut spec = tiny();
    change(&mut spec);
    error(&spec.file())
}

fn at(at: usize, fault: Fault) -> FormatError {
    FormatError {
        fault,
        at: at as u32,
    }
}

#[test]
fn no_file_of_this_format() {
    assert_eq!(
        error(&[]),
        at(
            0,
            Fault::Length {
                expected: 64,
                found: 0
            }
        )
    );
    assert_eq!(
        error(&tiny().file()[..63]),
        at(
            0,
            Fault::Length {
                expected: 64,
                found: 63
            }
        )
    );
    assert_eq!(with(0, b"\x89PNG"), at(0, Fault::Magic));
    assert_eq!(with(8, &[2, 0]), at(8, Fault::Version(2)));
    assert_eq!(with(10, &[1]), at(10, Fault::WeightLayout(1)));
}

#[test]
fn a_length_that_is_not_the_file_s() {
    let mut file = tiny().file();
    file[12..16].copy_from_slice(&1311_u32.to_le_bytes());
    assert_eq!(
        error(&file),
        at(
            12,
            Fault::Length {
                expected: 1311,
                found: 1312
            }
        )
    );
    let mut longer = [tiny().file(), vec![0; 16]].concat();
    format::seal(&mut longer).unwrap();
    assert_eq!(
        error(&longer),
        at(
            12,
            Fault::Length {
                expected: 1312,
                found: 1328
            }
        )
    );
}

#[test]
fn a_checksum_that_does_not_fit() {
    let mut file = tiny().file();
    let expected = format::checksum(&file).unwrap();
    file[16..20].copy_from_slice(&[1, 2, 3, 4]);
    assert_eq!(
        error(&file),
        at(
            16,
            Fault::Checksum {
                expected,
                found: 0x0403_0201
            }
        )
    );
}

#[test]
fn bytes_that_must_be_zero() {
    let reserved = [
        46,
        63,
        LINES + 3,
        LINES + 26,
        LINES + 27,
        LINES + 40,
        LINES + 47,
        CLASSES + 3,
        CLASSES + 47,
    ];
    let padding = [
        LABELS + 11,
        LABELS + 15,
        WEIGHTS + 18,
        WEIGHTS + 31,
        MULTIPLIERS - 8,
        MULTIPLIERS + 8,
        1311,
    ];
    for place in reserved.into_iter().chain(padding) {
        assert_eq!(with(place, &[9]), at(place, Fault::NotZero(9)));
    }
}

#[test]
fn a_header_out_of_range() {
    assert_eq!(with(11, &[0]), at(11, Fault::NoLayers));
    for classes in [0, 33, 255] {
        assert_eq!(with(27, &[classes]), at(27, Fault::Classes(classes)));
    }
    for threshold in [ONE + 1, u32::MAX] {
        assert_eq!(
            with(40, &threshold.to_le_bytes()),
            at(40, Fault::Threshold(threshold))
        );
    }
    for (mode, box_side) in [
        (2, 0),
        (255, 3),
        (PREPARE_PLAIN, 1),
        (PREPARE_CENTRED, 0),
        (PREPARE_CENTRED, 5),
    ] {
        let error = changed(|spec| spec.preparation = PreparationRecord { mode, box_side });
        assert_eq!(error, at(44, Fault::Preparation), "{mode} {box_side}");
    }
}

#[test]
fn sections_that_overlap_or_leave_gaps() {
    let fields = [
        28,
        32,
        36,
        LINES + 28,
        LINES + 32,
        LINES + 36,
        CLASSES + 28,
        CLASSES + 32,
        CLASSES + 36,
    ];
    let offsets = [64, 160, 1184, 1200, 1232, 1248, 1264, 1280, 1296];
    for (field, expected) in fields.into_iter().zip(offsets) {
        for found in [
            0,
            16,
            expected - 16,
            expected - 1,
            expected + 1,
            expected + 16,
            1312,
            1 << 31,
            u32::MAX,
        ] {
            let error = with(field, &found.to_le_bytes());
            assert_eq!(error, at(field, Fault::Offset { expected, found }));
        }
    }
}

#[test]
fn sections_beyond_the_end() {
    // A table of 255 layers.
    assert_eq!(with(11, &[255]), at(28, Fault::Section));
    // A label of 255 bytes.
    assert_eq!(with(LABELS + 4, &[255]), at(36, Fault::Section));
    // Dense layers of 65,535 units or of 65,535 inputs each.
    let error = changed(|spec| spec.layers[1].output.channels = u16::MAX);
    assert_eq!(error, at(CLASSES + 28, Fault::Section));
    let error = changed(|spec| spec.layers[0].output.channels = u16::MAX);
    assert_eq!(error, at(LINES + 28, Fault::Section));
    // The last section, cut off.
    let mut file = tiny().file();
    file.truncate(1296);
    format::seal(&mut file).unwrap();
    assert_eq!(error_of_cut(&file), at(CLASSES + 36, Fault::Section));
}

fn error_of_cut(file: &[u8]) -> FormatError {
    error(file)
}

#[test]
fn probabilities_that_do_not_fall_from_one() {
    for first in [0, ONE - 1, ONE + 1, u32::MAX] {
        assert_eq!(
            changed(|spec| spec.probabilities[0] = first),
            at(PROBABILITIES, Fault::Probability(first))
        );
    }
    assert_eq!(
        changed(|spec| spec.probabilities[1] = ONE + 1),
        at(PROBABILITIES + 4, Fault::Probability(ONE + 1))
    );
    assert_eq!(
        changed(|spec| spec.probabilities[255] = 1),
        at(PROBABILITIES + 1020, Fault::Probability(1))
    );
}

#[test]
fn labels_that_cannot_be_shown() {
    for label in ["", "a\nb", "\u{7f}", "\0"] {
        assert_eq!(
            changed(|spec| spec.labels[1] = label.into()),
            at(LABELS + 4, Fault::Label),
            "{label:?}"
        );
    }
    assert_eq!(with(LABELS + 1, &[0xFF]), at(LABELS, Fault::Label));
    assert_eq!(
        with(LABELS + 3, "é".as_bytes()[..1].into()),
        at(LABELS, Fault::Label)
    );
}

#[test]
fn unknown_kinds_of_layers() {
    for kind in [0, 3, 255] {
        assert_eq!(with(CLASSES, &[kind]), at(CLASSES, Fault::Kind(kind)));
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
        assert_eq!(changed(|spec| spec.input = empty), at(20, Fault::Shape));
        assert_eq!(
            changed(|spec| spec.layers[0].output = empty),
            at(LINES + 10, Fault::Shape)
        );
    }
    let error = changed(|spec| spec.input = shape(32_768, 65_535, 1));
    assert_eq!(
        error,
        at(LINES + 10, Fault::Output),
        "that is just not too much"
    );
    assert_eq!(
        changed(|spec| spec.input = shape(32_768, 32_768, 2)),
        at(20, Fault::Shape)
    );
}

#[test]
fn layers_that_do_not_follow_each_other() {
    for (field, place) in [
        (LINES + 4, LINES + 4),
        (LINES + 6, LINES + 4),
        (CLASSES + 8, CLASSES + 4),
    ] {
        assert_eq!(with(field, &[3, 0]), at(place, Fault::Chain));
    }
    // The input's zero point, that of the first layer's output, and that of the second layer's input.
    assert_eq!(with(26, &[0]), at(LINES + 1, Fault::Chain));
    assert_eq!(with(LINES + 2, &[0]), at(CLASSES + 1, Fault::Chain));
    assert_eq!(with(CLASSES + 1, &[127]), at(CLASSES + 1, Fault::Chain));
}

#[test]
fn windows_that_do_not_move_or_miss_the_input() {
    for (axis, place) in [(16, LINES + 16), (21, LINES + 21)] {
        for field in [0, 1, 4] {
            assert_eq!(with(LINES + axis + field, &[0]), at(place, Fault::Window));
        }
        for field in [2, 3] {
            for padding in [3, 4, 255] {
                assert_eq!(
                    with(LINES + axis + field, &[padding]),
                    at(place, Fault::Padding)
                );
            }
        }
        for field in 0..5 {
            assert_eq!(
                with(CLASSES + axis + field, &[1]),
                at(CLASSES + axis, Fault::Window)
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
            assert_eq!(
                error,
                at(LINES + 10, Fault::Output),
                "{axis} {field} {value}"
            );
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
            at(LINES + 10, Fault::Output)
        );
    }
    assert_eq!(
        changed(|spec| spec.layers[1].output = shape(1, 2, 1)),
        at(CLASSES + 10, Fault::Output)
    );
    assert_eq!(
        changed(|spec| spec.layers[1].output = shape(2, 1, 1)),
        at(CLASSES + 10, Fault::Output)
    );
}

#[test]
fn other_numbers_of_classes_and_logits() {
    let error = changed(|spec| spec.labels.push("neither".into()));
    assert_eq!(error, at(CLASSES + 10, Fault::Logits));
    let error = changed(|spec| drop(spec.labels.pop()));
    assert_eq!(error, at(CLASSES + 10, Fault::Logits));
}

#[test]
fn weights_and_multipliers_that_are_none() {
    assert_eq!(with(WEIGHTS + 17, &[0x80]), at(WEIGHTS + 17, Fault::Weight));
    assert_eq!(
        with(CLASS_WEIGHTS, &[0x80]),
        at(CLASS_WEIGHTS, Fault::Weight)
    );
    for multiplier in [
        [0, 0, 0, 26],
        [255, 255, 127, 26],
        [0, 0, 128, 150],
        [0, 0, 128, 255],
    ] {
        assert_eq!(
            with(MULTIPLIERS + 4, &multiplier),
            at(MULTIPLIERS + 4, Fault::Multiplier)
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
            at(1236, Fault::Accumulator),
            "{bias}"
        );
    }
    for bias in [most, -most] {
        let mut spec = tiny();
        spec.layers[0].biases[1] = bias;
        assert!(Model::new(&spec.file()).is_ok(), "{bias}");
    }
}

/// Layers of one weight whose outputs have 1.6 billion values each.
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
    let same = layer(
        Axis {
            kernel: 1,
            stride: 1,
            pad_begin: 0,
            pad_end: 0,
            pool: 1,
        },
        40_000,
    );
    let last = layer(
        Axis {
            kernel: 255,
            stride: 255,
            pad_begin: 0,
            pad_end: 0,
            pool: 156,
        },
        1,
    );
    let spec = ModelSpec::new(shape(40_000, 40_000, 1), 0, vec![same.clone(), same, last]);
    assert_eq!(error(&spec.file()), at(28, Fault::Memory));
}

#[test]
fn messages_are_one_line_that_names_the_byte() {
    let faults = [
        Fault::Length {
            expected: 1,
            found: 2,
        },
        Fault::Magic,
        Fault::Version(2),
        Fault::WeightLayout(1),
        Fault::Checksum {
            expected: 1,
            found: 2,
        },
        Fault::NotZero(1),
        Fault::NoLayers,
        Fault::Classes(0),
        Fault::Threshold(ONE + 1),
        Fault::Preparation,
        Fault::Offset {
            expected: 1,
            found: 2,
        },
        Fault::Section,
        Fault::Probability(1),
        Fault::Label,
        Fault::Kind(0),
        Fault::Shape,
        Fault::Chain,
        Fault::Window,
        Fault::Padding,
        Fault::Output,
        Fault::Logits,
        Fault::Weight,
        Fault::Multiplier,
        Fault::Accumulator,
        Fault::Memory,
    ];
    for fault in faults {
        let message = FormatError { fault, at: 48 }.to_string();
        assert!(message.starts_with("byte 48: expected "), "{message}");
        assert!(
            message.contains("found ") && !message.contains('\n'),
            "{message}"
        );
    }
}
