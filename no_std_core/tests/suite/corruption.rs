//! Damaged files.

use no_std_core::{Fault, Model};
use proptest::prelude::*;

use crate::harness::load_and_run;
use crate::random::{config, models};
use crate::support::tiny;

#[test]
fn every_damaged_byte_is_seen() {
    let file = tiny().file();
    for at in 0..file.len() {
        let mut damaged = file.clone();
        for change in 1..=255 {
            damaged[at] = file[at] ^ change;
            let error = Model::new(&damaged).expect_err("one byte is different");
            let expected = match at {
                0..8 => (error.fault == Fault::Magic, 0),
                8..10 => (matches!(error.fault, Fault::Version(_)), 8),
                12..16 => (matches!(error.fault, Fault::Length { .. }), 12),
                _ => (matches!(error.fault, Fault::Checksum { .. }), 16),
            };
            assert_eq!(expected, (true, error.at), "byte {at}: {error}");
        }
    }
}

#[test]
fn every_truncation_is_seen() {
    let file = tiny().file();
    for len in 0..file.len() {
        let error = Model::new(&file[..len]).expect_err("the end is missing");
        assert!(
            matches!(error.fault, Fault::Length { found, .. } if found as usize == len),
            "{len}: {error}"
        );
    }
}

/// A cut file stays incomplete when its header says that it is whole, and so does one with something behind it.
#[test]
fn no_other_length_is_whole() {
    let file = tiny().file();
    for len in 0..file.len() {
        assert!(!load_and_run(&file[..len]), "{len}");
    }
    for more in 1..100 {
        assert!(
            !load_and_run(&[&file[..], &vec![0; more]].concat()),
            "{more}"
        );
    }
}

/// With the checksum repaired, some changes are a model as good as the first; most are none. Either way nothing panics.
#[test]
fn every_changed_byte_is_refused_or_runs() {
    let file = tiny().file();
    let mut accepted = 0;
    for at in 0..file.len() {
        let mut changed = file.clone();
        for change in 1..=255 {
            changed[at] = file[at] ^ change;
            accepted += usize::from(load_and_run(&changed));
        }
    }
    assert!(accepted > 0);
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn files_with_several_changes_are_refused_or_run(
        (spec, _) in models(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 1..6),
    ) {
        let mut file = spec.file();
        for (index, early, value) in changes {
            // Half of the changes meet the header and the layer table.
            let end = if early { file.len().min(256) } else { file.len() };
            file[index.index(end)] = value;
        }
        load_and_run(&file);
    }

    #[test]
    fn any_bytes_behind_a_magic_are_refused_or_run(mut file in prop::collection::vec(any::<u8>(), 64..2000)) {
        let start = [&b"BATON-Q8"[..], &[1, 0, 0]].concat();
        file[..start.len()].copy_from_slice(&start);
        load_and_run(&file);
    }
}
