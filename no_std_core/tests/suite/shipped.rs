//! The model that is shipped: it loads, and no damage to it goes unseen.

use no_std_core::format::{self, HEADER_LEN, OPERATOR_LEN, TENSOR_LEN};
use no_std_core::prepare::Preparation;
use no_std_core::{Fault, Model, arena_len};

use crate::harness::load_and_run;
use crate::support::shape;

pub const FILE: &[u8] = include_bytes!("../../../models/digits.q8");
const ARENA_LEN: usize = arena_len(FILE);

/// Bytes of the header and of the tables of five tensors and four operators.
const TABLES_END: usize = HEADER_LEN + 5 * TENSOR_LEN + 4 * OPERATOR_LEN;

/// Bytes of the checksum, which are not part of what it is taken over.
const CHECKSUM: std::ops::Range<usize> = 16..20;

/// Changes that take too long to be tried everywhere are tried at one byte of so many.
const STRIDE: usize = 1009;

#[test]
fn it_is_the_digits_network() {
    let model = Model::new(FILE).unwrap();
    assert_eq!(model.arena_len(), ARENA_LEN);
    const { assert!(ARENA_LEN <= 3584) };
    let input = model.input();
    assert_eq!((input.shape, input.zero_point), (shape(28, 28, 1), -128));
    assert_eq!(model.preparation(), Preparation::PLAIN);
    assert!(model.labels().eq((0..10).map(|digit| digit.to_string())));
    let names: Vec<&str> = model.operations().map(|one| one.name()).collect();
    assert_eq!(names, ["convolution", "convolution", "dense", "dense"]);
    assert!(load_and_run(FILE));
}

/// Damage to one byte changes the checksum by what that byte leaves when it is followed by zeros instead of the rest of
/// the file, since a CRC of a sum (exclusive or) is the sum of the CRCs. No byte leaves nothing.
#[test]
fn every_damaged_byte_changes_the_checksum() {
    let table = table();
    for damage in 1..=u8::MAX {
        let mut remainder = table[usize::from(damage)];
        for zeros in 0..FILE.len() {
            assert_ne!(remainder, 0, "{damage} and {zeros} zeros");
            remainder = push(&table, remainder, 0);
        }
    }
}

/// That the checksum is the one that the proof above is about.
#[test]
fn the_checksum_is_a_crc() {
    let table = table();
    let crc_of = |parts: &[&[u8]]| {
        let bytes = parts.concat();
        !bytes
            .iter()
            .fold(u32::MAX, |crc, &byte| push(&table, crc, byte))
    };
    // The check value of the standard.
    assert_eq!(crc_of(&[b"123456789"]), 0xCBF4_3926);
    let crc = |file: &[u8]| crc_of(&[&file[..CHECKSUM.start], &file[CHECKSUM.end..]]);
    assert_eq!(format::stored_checksum(FILE), Some(crc(FILE)));
    let mut damaged = FILE.to_vec();
    for at in (0..FILE.len()).step_by(STRIDE) {
        let damage = 1 + (at % 255) as u8;
        damaged[at] ^= damage;
        assert_eq!(format::checksum(&damaged), Some(crc(&damaged)));
        let error = Model::new(&damaged).expect_err("one byte is different");
        let seen = matches!(error.fault, Fault::Checksum | Fault::Magic);
        assert!(seen, "byte {at}: {error}");

        let behind = FILE.len() - at - 1 - if at < CHECKSUM.start { 4 } else { 0 };
        let left = (0..behind).fold(table[usize::from(damage)], |crc, _| push(&table, crc, 0));
        assert_eq!(crc(&damaged), crc(FILE) ^ left, "byte {at}");
        damaged[at] = FILE[at];
    }
}

/// With a checksum that fits again, a change of what the header and the tables say is refused or harmless: each bit
/// alone and all of a byte. (All values of all bytes are tried with the tiny model.)
#[test]
fn changed_headers_are_refused_or_run() {
    let mut accepted = 0;
    for at in 0..TABLES_END {
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            accepted += usize::from(loads_with(at, change));
        }
    }
    // Length and checksum are repaired: that is 8 bytes. The threshold has 16 bits that may change, the last zero point 8,
    // and each of the five scales 8 in the byte that is least.
    assert!(accepted >= 8 * 9 + 16 + 8 + 5 * 8, "{accepted}");
}

#[test]
fn changed_contents_are_refused_or_run() {
    let places = (TABLES_END..FILE.len()).step_by(STRIDE);
    let all = places.clone().count();
    let accepted = places.filter(|&at| loads_with(at, 0x11)).count();
    // Nearly all are weights, and weights may be nearly anything.
    assert!(2 * accepted > all, "{accepted} of {all}");
}

/// Whether the file loads, and then runs, with a byte changed and the checksum repaired.
fn loads_with(at: usize, change: u8) -> bool {
    let mut changed = FILE.to_vec();
    changed[at] ^= change;
    load_and_run(&changed)
}

/// What each byte leaves when divided by the polynomial of CRC-32, lowest bit first.
fn table() -> [u32; 256] {
    let bit = |crc: u32, _| {
        if crc % 2 == 1 {
            crc >> 1 ^ 0xEDB8_8320
        } else {
            crc >> 1
        }
    };
    std::array::from_fn(|byte| (0..8).fold(byte as u32, bit))
}

/// What is left after one byte more.
fn push(table: &[u32; 256], crc: u32, byte: u8) -> u32 {
    table[(crc as u8 ^ byte) as usize] ^ crc >> 8
}
