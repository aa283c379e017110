//! Files with a valid checksum that are no models: each check, and the byte it names.

mod layers;

use no_std_core::format::{self, ONE, Shape};
use no_std_core::prepare::Preparation;
use no_std_core::{Fault, FormatError, Model};

use crate::random::{Random, digits};
use crate::support::{ModelSpec, shape, tiny};

/// Where the records of the tiny model's layers lie, and some of its sections.
const LINES: usize = 64;
const CLASSES: usize = 112;
const PROBABILITIES: usize = 160;
const LABELS: usize = 1184;
const WEIGHTS: usize = 1200;
const BIASES: usize = 1232;
const MULTIPLIERS: usize = 1248;

/// The byte that the error of a file names, and the check.
fn error(file: &[u8]) -> (usize, Fault) {
    let FormatError { fault, at } = Model::new(file).expect_err("this is no model");
    (at as usize, fault)
}

/// The error of the tiny model with other bytes at one place, its length and checksum repaired.
fn with(at: usize, bytes: &[u8]) -> (usize, Fault) {
    let mut file = tiny().file();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    format::seal(&mut file).unwrap();
    error(&file)
}

/// The error of a changed tiny model.
fn changed(change: impl FnOnce(&mut ModelSpec)) -> (usize, Fault) {
    let mut spec = tiny();
    change(&mut spec);
    error(&spec.file())
}

#[test]
fn no_file_of_this_format() {
    assert_eq!(
        error(&[]),
        (
            0,
            Fault::Length {
                expected: 64,
                found: 0
            }
        )
    );
    assert_eq!(
        error(&tiny().file()[..63]),
        (
            0,
            Fault::Length {
                expected: 64,
                found: 63
            }
        )
    );
    assert_eq!(with(0, b"\x89PNG"), (0, Fault::Magic));
    assert_eq!(with(8, &[2, 0]), (8, Fault::Version(2)));
    assert_eq!(with(10, &[1]), (10, Fault::WeightLayout(1)));
}

#[test]
fn a_length_that_is_not_the_file_s() {
    let mut file = tiny().file();
    file[12..16].copy_from_slice(&1311_u32.to_le_bytes());
    assert_eq!(
        error(&file),
        (
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
        (
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
        (
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
        52,
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
        BIASES + 8,
        MULTIPLIERS + 8,
        1311,
    ];
    for place in reserved.into_iter().chain(padding) {
        assert_eq!(with(place, &[9]), (place, Fault::NotZero(9)));
    }
}

#[test]
fn a_header_out_of_range() {
    assert_eq!(with(11, &[0]), (11, Fault::NoLayers));
    for classes in [0, 33, 255] {
        assert_eq!(with(27, &[classes]), (27, Fault::Classes(classes)));
    }
    for threshold in [ONE + 1, u32::MAX] {
        assert_eq!(
            with(40, &threshold.to_le_bytes()),
            (40, Fault::Threshold(threshold))
        );
    }
}

#[test]
fn preparations_that_there_are_none_of() {
    let none = [
        [2, 0, 0, 0, 0, 0, 0, 0],
        [255, 3, 0, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0, 0, 0],
        [1, 29, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0],
        [1, 20, 0, 0, 0, 0, 0, 1],
    ];
    for preparation in none {
        let mut spec = digits(&mut Random(1));
        spec.preparation = preparation;
        assert_eq!(error(&spec.file()), (44, Fault::Preparation));
    }
}

#[test]
fn centred_pictures_for_another_input() {
    let of_input = |input: Shape, zero_point: i8| {
        let layer = Random(1).dense(input, 3);
        let mut spec = ModelSpec::new(input, zero_point, vec![layer]);
        spec.preparation = Preparation::centred(4).unwrap().to_bytes();
        spec.file()
    };
    assert!(Model::new(&of_input(shape(28, 28, 1), -128)).is_ok());
    for (input, zero_point) in [
        (shape(28, 27, 1), -128),
        (shape(29, 28, 1), -128),
        (shape(28, 28, 3), -128),
        (shape(1, 1, 784), -128),
        (shape(28, 28, 1), 0),
    ] {
        assert_eq!(
            error(&of_input(input, zero_point)),
            (44, Fault::Preparation)
        );
    }
}

/// More bytes than a header can say. None behind the header is touched, so they take no memory.
#[cfg(target_pointer_width = "64")]
#[test]
fn files_beyond_four_gigabytes() {
    for total_len in [u32::MAX, u32::MAX - 15, 1312, 0] {
        let mut file = vec![0; (1 << 32) + 1312];
        file[..64].copy_from_slice(&tiny().file()[..64]);
        file[12..16].copy_from_slice(&total_len.to_le_bytes());
        let length = Fault::Length {
            expected: total_len,
            found: u32::MAX,
        };
        assert_eq!(error(&file), (12, length));
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
            assert_eq!(error, (field, Fault::Offset { expected, found }));
        }
    }
}

#[test]
fn sections_beyond_the_end() {
    // A table of 255 layers.
    assert_eq!(with(11, &[255]), (28, Fault::Section));
    // A label of 255 bytes.
    assert_eq!(with(LABELS + 4, &[255]), (36, Fault::Section));
    // 65,535 channels.
    for (layer, record) in [LINES, CLASSES].into_iter().enumerate() {
        let error = changed(|spec| spec.layers[layer].output.channels = u16::MAX);
        assert_eq!(error, (record + 28, Fault::Section));
    }
    // The last section, cut off.
    let mut file = tiny().file();
    file.truncate(1296);
    format::seal(&mut file).unwrap();
    assert_eq!(error(&file), (CLASSES + 36, Fault::Section));
}

#[test]
fn probabilities_that_do_not_fall_from_one() {
    for first in [0, ONE - 1, ONE + 1, u32::MAX] {
        assert_eq!(
            changed(|spec| spec.probabilities[0] = first),
            (PROBABILITIES, Fault::Probability(first))
        );
    }
    assert_eq!(
        changed(|spec| spec.probabilities[1] = ONE + 1),
        (PROBABILITIES + 4, Fault::Probability(ONE + 1))
    );
    assert_eq!(
        changed(|spec| spec.probabilities[255] = 1),
        (PROBABILITIES + 1020, Fault::Probability(1))
    );
}

#[test]
fn labels_that_cannot_be_shown() {
    for label in ["", "a\nb", "\u{7f}", "\0"] {
        assert_eq!(
            changed(|spec| spec.labels[1] = label.into()),
            (LABELS + 4, Fault::Label),
            "{label:?}"
        );
    }
    assert_eq!(with(LABELS + 1, &[0xFF]), (LABELS, Fault::Label));
    assert_eq!(with(LABELS + 3, &[0xC3]), (LABELS, Fault::Label));
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
