//! Files with a valid checksum that are no models: each check, and the byte it names.

mod layers;

use no_std_core::format::{self, ONE, Shape};
use no_std_core::prepare::Preparation;
use no_std_core::{Fault, FormatError, Model};

use crate::random::{Random, digits};
use crate::support::{Contents, file, shape, tiny};

/// Where the records of the tiny model's layers lie, and some of its sections.
const LINES: usize = 64;
const CLASSES: usize = 112;
const PROBABILITIES: usize = 160;
const LABELS: usize = 1184;
const WEIGHTS: usize = 1200;
const BIASES: usize = 1232;
const MULTIPLIERS: usize = 1248;
const LEN: usize = 1312;

/// That a file is refused by this check at this byte.
#[track_caller]
fn refuse(file: &[u8], at: usize, fault: Fault) {
    let at = at as u32;
    assert_eq!(Model::new(file).unwrap_err(), FormatError { fault, at });
}

/// That the tiny model with other bytes at one place, its length and checksum repaired, is refused.
#[track_caller]
fn refuse_with(place: usize, bytes: &[u8], at: usize, fault: Fault) {
    let mut file = file(&tiny());
    file[place..place + bytes.len()].copy_from_slice(bytes);
    format::seal(&mut file).unwrap();
    refuse(&file, at, fault);
}

/// That a changed tiny model is refused.
#[track_caller]
fn refuse_changed(change: impl FnOnce(&mut Contents), at: usize, fault: Fault) {
    let mut contents = tiny();
    change(&mut contents);
    refuse(&file(&contents), at, fault);
}

/// What of a whole file depends on it alone: length, magic, version, layout and checksum.
#[test]
fn no_file_of_this_format() {
    let tiny = file(&tiny());
    let length = |expected, found| Fault::Length { expected, found };
    refuse(&[], 0, length(64, 0));
    refuse(&tiny[..63], 0, length(64, 63));
    let with_length = |len: u32| [&tiny[..12], &len.to_le_bytes(), &tiny[16..]].concat();
    refuse(&with_length(1311), 12, length(1311, 1312));
    refuse(&[&tiny[..], &[0; 16]].concat(), 12, length(1312, 1328));
    let mut longer = [&tiny[..], &[0; 16]].concat();
    format::seal(&mut longer).unwrap();
    refuse(&longer, 12, length(1312, 1328));
    refuse_with(0, b"\x89PNG", 0, Fault::Magic);
    refuse_with(8, &[2, 0], 8, Fault::Version(2));
    refuse_with(10, &[1], 10, Fault::WeightLayout(1));
    let mut damaged = tiny.clone();
    damaged[16..20].copy_from_slice(&[1, 2, 3, 4]);
    let checksum = Fault::Checksum {
        expected: format::checksum(&tiny).unwrap(),
        found: 0x0403_0201,
    };
    refuse(&damaged, 16, checksum);
}

/// More bytes than a header can say. None behind the header is touched, so they take no memory.
#[cfg(target_pointer_width = "64")]
#[test]
fn files_beyond_four_gigabytes() {
    let tiny = file(&tiny());
    for expected in [u32::MAX, u32::MAX - 15, 1312, 0] {
        let mut file = vec![0; (1 << 32) + 1312];
        file[..64].copy_from_slice(&tiny[..64]);
        file[12..16].copy_from_slice(&expected.to_le_bytes());
        let found = u32::MAX;
        refuse(&file, 12, Fault::Length { expected, found });
    }
}

#[test]
fn bytes_that_must_be_zero() {
    let in_records = [3, 26, 27, 40, 47].map(|at| LINES + at);
    let reserved = [52, 63, CLASSES + 3, CLASSES + 47];
    let in_labels = [LABELS + 11, LABELS + 15];
    let in_weights = [WEIGHTS + 18, WEIGHTS + 31];
    let others = [BIASES + 8, MULTIPLIERS + 8, LEN - 1];
    let parts: [&[usize]; 5] = [&in_records, &reserved, &in_labels, &in_weights, &others];
    for place in parts.concat() {
        refuse_with(place, &[9], place, Fault::NotZero(9));
    }
}

#[test]
fn a_header_out_of_range() {
    refuse_with(11, &[0], 11, Fault::NoLayers);
    for classes in [0, 33, 255] {
        refuse_with(27, &[classes], 27, Fault::Classes(classes));
    }
    for threshold in [ONE + 1, u32::MAX] {
        let fault = Fault::Threshold(threshold);
        refuse_with(40, &threshold.to_le_bytes(), 40, fault);
    }
}

#[test]
fn preparations_that_there_are_none_of() {
    for preparation in [
        [2, 0, 0, 0, 0, 0, 0, 0],
        [255, 3, 0, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0, 0, 0],
        [1, 29, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0],
        [1, 20, 0, 0, 0, 0, 0, 1],
    ] {
        let mut file = file(&digits(&mut Random(1)));
        file[44..52].copy_from_slice(&preparation);
        format::seal(&mut file).unwrap();
        refuse(&file, 44, Fault::Preparation);
    }
}

#[test]
fn centred_pictures_for_another_input() {
    let of_input = |input: Shape, zero_point: i8| {
        let layer = Random(1).dense(input, 3);
        let mut contents = Contents::new(input, zero_point, vec![layer]);
        contents.preparation = Preparation::centred(4).unwrap();
        file(&contents)
    };
    assert!(Model::new(&of_input(shape(28, 28, 1), -128)).is_ok());
    for (input, zero_point) in [
        (shape(28, 27, 1), -128),
        (shape(29, 28, 1), -128),
        (shape(28, 28, 3), -128),
        (shape(1, 1, 784), -128),
        (shape(28, 28, 1), 0),
    ] {
        refuse(&of_input(input, zero_point), 44, Fault::Preparation);
    }
}

#[test]
fn sections_that_overlap_or_leave_gaps() {
    let offsets = [28, 32, 36];
    let fields = [0, LINES, CLASSES].map(|record| offsets.map(|offset| record + offset));
    let places = [64, 160, 1184, 1200, 1232, 1248, 1264, 1280, 1296];
    for (&field, expected) in fields.as_flattened().iter().zip(places) {
        let near = [expected - 16, expected - 1, expected + 1, expected + 16];
        for found in near.into_iter().chain([0, 16, 1312, 1 << 31, u32::MAX]) {
            let fault = Fault::Offset { expected, found };
            refuse_with(field, &found.to_le_bytes(), field, fault);
        }
    }
}

#[test]
fn sections_beyond_the_end() {
    // A table of 255 layers, and a label of 255 bytes.
    refuse_with(11, &[255], 28, Fault::Section);
    refuse_with(LABELS + 4, &[255], 36, Fault::Section);
    // 65,535 channels.
    for (layer, record) in [LINES, CLASSES].into_iter().enumerate() {
        let many = |contents: &mut Contents| contents.layers[layer].output.channels = u16::MAX;
        refuse_changed(many, record + 28, Fault::Section);
    }
    // The last section, cut off.
    let mut file = file(&tiny());
    file.truncate(1296);
    format::seal(&mut file).unwrap();
    refuse(&file, CLASSES + 36, Fault::Section);
}

#[test]
fn probabilities_that_do_not_fall_from_one() {
    let first = [0, ONE - 1, ONE + 1, u32::MAX].map(|first| (0, first));
    for (entry, value) in first.into_iter().chain([(1, ONE + 1), (255, 1)]) {
        let change = |contents: &mut Contents| contents.probabilities[entry] = value;
        refuse_changed(change, PROBABILITIES + 4 * entry, Fault::Probability(value));
    }
}

#[test]
fn labels_that_cannot_be_shown() {
    for label in ["", "a\nb", "\u{7f}", "\0"] {
        let change = |contents: &mut Contents| contents.labels[1] = label.into();
        refuse_changed(change, LABELS + 4, Fault::Label);
    }
    refuse_with(LABELS + 1, &[0xFF], LABELS, Fault::Label);
    refuse_with(LABELS + 3, &[0xC3], LABELS, Fault::Label);
}

#[test]
fn messages_are_one_line_that_names_the_byte() {
    let (expected, found) = (1, 2);
    for fault in [
        Fault::Length { expected, found },
        Fault::Magic,
        Fault::Version(2),
        Fault::WeightLayout(1),
        Fault::Checksum { expected, found },
        Fault::NotZero(1),
        Fault::NoLayers,
        Fault::Classes(0),
        Fault::Threshold(ONE + 1),
        Fault::Preparation,
        Fault::Offset { expected, found },
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
    ] {
        let message = FormatError { fault, at: 48 }.to_string();
        let is_whole = message.starts_with("byte 48: expected ") && message.contains("found ");
        assert!(is_whole && !message.contains('\n'), "{message}");
    }
}
