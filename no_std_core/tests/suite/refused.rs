//! Files with a valid checksum that are no models: each check, and the byte it names.

mod operators;
mod plans;
mod tensors;

use no_std_core::format::{self, ONE, OutputKind, Shape};
use no_std_core::prepare::Preparation;
use no_std_core::{Fault, FormatError, Model};

use crate::random::{Random, digits};
use crate::support::{Contents, axis, file, shape, tensor, tiny};

/// Where the records of the tiny model's tensors and operators lie, and its sections.
const IMAGE: usize = 64;
const PLACES: usize = 80;
const LOGITS: usize = 96;
const LINES: usize = 112;
const CLASSES: usize = 160;
const LABELS: usize = 208;
const PROBABILITIES: usize = 224;
const WEIGHTS: usize = 1248;
const BIASES: usize = 1280;
const MULTIPLIERS: usize = 1296;
const LEN: usize = 1360;

/// A check that fails, and the numbers that its error has.
struct Reason {
    fault: Fault,
    expected: u32,
    found: u32,
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        found(fault, 0)
    }
}

fn found(fault: Fault, found: u32) -> Reason {
    other(fault, 0, found)
}

fn other(fault: Fault, expected: u32, found: u32) -> Reason {
    Reason {
        fault,
        expected,
        found,
    }
}

/// That a file is refused by this check at this byte.
#[track_caller]
fn refuse(file: &[u8], at: usize, reason: impl Into<Reason>) {
    let Reason {
        fault,
        expected,
        found,
    } = reason.into();
    let error = FormatError {
        fault,
        at: at as u32,
        expected,
        found,
    };
    assert_eq!(Model::new(file).unwrap_err(), error);
}

/// That the tiny model with other bytes at one place, its length and checksum repaired, is refused.
#[track_caller]
fn refuse_with(place: usize, bytes: &[u8], at: usize, reason: impl Into<Reason>) {
    let mut file = file(&tiny());
    file[place..place + bytes.len()].copy_from_slice(bytes);
    format::seal(&mut file).unwrap();
    refuse(&file, at, reason);
}

/// That a changed tiny model is refused.
#[track_caller]
fn refuse_changed(change: impl FnOnce(&mut Contents), at: usize, reason: impl Into<Reason>) {
    let mut contents = tiny();
    change(&mut contents);
    refuse(&file(&contents), at, reason);
}

/// What of a whole file depends on it alone: length, magic, version, layout and checksum.
#[test]
fn no_file_of_this_format() {
    let tiny = file(&tiny());
    let length = |expected, found| other(Fault::Length, expected, found);
    refuse(&[], 0, length(64, 0));
    refuse(&tiny[..63], 0, length(64, 63));
    let with_length = |len: u32| [&tiny[..12], &len.to_le_bytes(), &tiny[16..]].concat();
    refuse(&with_length(1359), 12, length(1359, 1360));
    refuse(&[&tiny[..], &[0; 16]].concat(), 12, length(1360, 1376));
    let mut longer = [&tiny[..], &[0; 16]].concat();
    format::seal(&mut longer).unwrap();
    refuse(&longer, 12, length(1360, 1376));
    refuse_with(0, b"\x89PNG", 0, Fault::Magic);
    for version in [0, 1, 3] {
        refuse_with(8, &[version, 0], 8, found(Fault::Version, version.into()));
    }
    let mut damaged = tiny.clone();
    damaged[16..20].copy_from_slice(&[1, 2, 3, 4]);
    let checksum = format::checksum(&tiny).unwrap();
    refuse(&damaged, 16, other(Fault::Checksum, checksum, 0x0403_0201));
}

/// More bytes than a header can say. None behind the header is touched, so they take no memory.
#[cfg(target_pointer_width = "64")]
#[test]
fn files_beyond_four_gigabytes() {
    let tiny = file(&tiny());
    for expected in [u32::MAX, u32::MAX - 15, 1360, 0] {
        let mut file = vec![0; (1 << 32) + 1360];
        file[..64].copy_from_slice(&tiny[..64]);
        file[12..16].copy_from_slice(&expected.to_le_bytes());
        refuse(&file, 12, other(Fault::Length, expected, u32::MAX));
    }
}

#[test]
fn bytes_that_must_be_zero() {
    let in_header = [25, 27, 52, 63];
    let in_records = [LINES + 40, LINES + 47, CLASSES + 40, CLASSES + 47];
    let in_labels = [LABELS + 11, LABELS + 15];
    let in_weights = [WEIGHTS + 18, WEIGHTS + 31];
    let others = [BIASES + 8, MULTIPLIERS + 8, LEN - 1];
    let parts: [&[usize]; 5] = [&in_header, &in_records, &in_labels, &in_weights, &others];
    for place in parts.concat() {
        refuse_with(place, &[9], place, found(Fault::NotZero, 9));
    }
}

#[test]
fn a_header_out_of_range() {
    for operators in [0, 1025, u16::MAX] {
        let fault = found(Fault::Operators, operators.into());
        refuse_with(10, &operators.to_le_bytes(), 10, fault);
    }
    // So many are no more than there may be, but the file ends before.
    refuse_with(10, &[200], 10, found(Fault::Operators, 200));
    for kind in [3, 255] {
        refuse_with(24, &[kind], 24, found(Fault::OutputKind, kind.into()));
    }
    for threshold in [ONE + 1, u32::MAX] {
        let fault = found(Fault::Threshold, threshold);
        refuse_with(28, &threshold.to_le_bytes(), 28, fault);
    }
}

#[test]
fn arenas_that_tensors_do_not_fill() {
    let expected = u32::from_le_bytes(file(&tiny())[20..24].try_into().unwrap());
    for found in [0, expected - 1, expected + 1, u32::MAX] {
        let fault = other(Fault::Arena, expected, found);
        refuse_with(20, &found.to_le_bytes(), 20, fault);
    }
}

/// What belongs to classes has no place beside other values.
#[test]
fn outputs_that_are_no_classes() {
    let of = |kind: OutputKind| {
        move |contents: &mut Contents| {
            (contents.output, contents.threshold) = (kind, 0);
            contents.labels.clear();
            contents.probabilities.clear();
        }
    };
    let mut values = tiny();
    of(OutputKind::Values)(&mut values);
    assert!(Model::new(&file(&values)).is_ok());
    let nothing = |offset| found(Fault::Offset, offset);
    let labelled = |contents: &mut Contents| {
        of(OutputKind::Values)(contents);
        contents.labels = tiny().labels;
    };
    refuse_changed(labelled, 32, nothing(LABELS as u32));
    let weighed = |contents: &mut Contents| {
        of(OutputKind::Values)(contents);
        contents.probabilities = tiny().probabilities;
    };
    refuse_changed(weighed, 36, nothing(LABELS as u32));
    let thresholded = |contents: &mut Contents| {
        of(OutputKind::Values)(contents);
        contents.threshold = 1;
    };
    refuse_changed(thresholded, 28, found(Fault::Threshold, 1));
    refuse_changed(of(OutputKind::Reconstruction), 24, Fault::Reconstruction);
}

#[test]
fn more_classes_than_there_may_be() {
    let one = [axis(1, 1, [0, 0], 1); 2];
    let input = shape(1, 256, 1);
    let layer = Random(1).convolution((0, input), one, 256, 1);
    let mut many = Contents::new(tensor(input, 0), vec![layer]);
    many.labels.clear();
    refuse(&file(&many), 24, Fault::Classes);
}

#[test]
fn preparations_that_there_are_none_of() {
    for preparation in [
        [6, 0, 0, 0, 0, 0, 0, 0],
        [3, 1, 0, 0, 0, 0, 0, 0],
        [2, 1, 0, 0, 0, 0, 0, 0],
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
        let layer = Random(1).dense((0, input), 3);
        let mut contents = Contents::new(tensor(input, zero_point), vec![layer]);
        contents.preparation = Preparation::centred(4).unwrap();
        contents
    };
    let good = of_input(shape(28, 28, 1), -128);
    assert!(Model::new(&file(&good)).is_ok());
    for (input, zero_point) in [
        (shape(28, 27, 1), -128),
        (shape(29, 28, 1), -128),
        (shape(28, 28, 3), -128),
        (shape(1, 1, 784), -128),
        (shape(28, 28, 1), 0),
    ] {
        refuse(&file(&of_input(input, zero_point)), 44, Fault::Preparation);
    }
    let mut looked_up = good;
    looked_up.pixels = vec![0; 256];
    refuse(&file(&looked_up), 44, Fault::Preparation);
}

#[test]
fn pixels_of_what_is_no_picture() {
    let with_pixels = |contents: &mut Contents| contents.pixels = vec![1; 256];
    let mut contents = tiny();
    with_pixels(&mut contents);
    assert!(Model::new(&file(&contents)).is_ok());
    let at = WEIGHTS as u32;
    let fault = found(Fault::Offset, at);
    let numbers = |contents: &mut Contents| {
        with_pixels(contents);
        contents.preparation = Preparation::NONE;
    };
    refuse_changed(numbers, 40, fault);
}

#[test]
fn sections_that_overlap_or_leave_gaps() {
    let offsets = [28, 32, 36];
    let fields = [LINES, CLASSES].map(|record| offsets.map(|offset| record + offset));
    let fields = [&[32, 36][..], fields.as_flattened()].concat();
    let places = [208, 224, 1248, 1280, 1296, 1312, 1328, 1344];
    for (&field, expected) in fields.iter().zip(places) {
        let near = [expected - 16, expected - 1, expected + 1, expected + 16];
        for found in near.into_iter().chain([16, 1360, 1 << 31, u32::MAX]) {
            let fault = other(Fault::Offset, expected, found);
            refuse_with(field, &found.to_le_bytes(), field, fault);
        }
    }
}

#[test]
fn sections_beyond_the_end() {
    // 65,535 channels.
    for (operator, record) in [LINES, CLASSES].into_iter().enumerate() {
        let many = |contents: &mut Contents| {
            contents.operators[operator].output.shape.channels = u16::MAX;
            contents.labels.clear();
        };
        refuse_changed(many, record + 28, Fault::Section);
    }
    // The last section, cut off.
    let mut file = file(&tiny());
    file.truncate(1344);
    format::seal(&mut file).unwrap();
    refuse(&file, CLASSES + 36, Fault::Section);
}

#[test]
fn probabilities_that_do_not_fall_from_one() {
    let first = [0, ONE - 1, ONE + 1, u32::MAX].map(|first| (0, first));
    for (entry, value) in first.into_iter().chain([(1, ONE + 1), (255, 1)]) {
        let change = |contents: &mut Contents| contents.probabilities[entry] = value;
        let fault = found(Fault::Probability, value);
        refuse_changed(change, PROBABILITIES + 4 * entry, fault);
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
    for fault in [
        Fault::Length,
        Fault::Magic,
        Fault::Version,
        Fault::Checksum,
        Fault::NotZero,
        Fault::Operators,
        Fault::Arena,
        Fault::OutputKind,
        Fault::Classes,
        Fault::Reconstruction,
        Fault::Threshold,
        Fault::Preparation,
        Fault::Offset,
        Fault::Section,
        Fault::Probability,
        Fault::Label,
        Fault::Kind,
        Fault::Direction,
        Fault::Input,
        Fault::Shape,
        Fault::Scale,
        Fault::Meaning,
        Fault::Window,
        Fault::Padding,
        Fault::Groups,
        Fault::Weight,
        Fault::Multiplier,
        Fault::Accumulator,
        Fault::Memory,
        Fault::Unread,
        Fault::Held,
        Fault::Overlap,
    ] {
        let error = FormatError {
            fault,
            at: 48,
            expected: 1,
            found: 2,
        };
        let message = error.to_string();
        let is_whole = message.starts_with("byte 48: expected ") && message.contains("found ");
        assert!(is_whole && !message.contains('\n'), "{message}");
    }
}
