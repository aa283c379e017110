//! Damaged files.

use std::cell::Cell;
use std::fmt::Debug;

use no_std_core::format::{HEADER_LEN, OPERATOR_LEN, TENSOR_LEN};
use no_std_core::{Fault, Model};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

use crate::harness::load_and_run;
use crate::models::{config, models};
use crate::shipped;
use crate::support::{Contents, file, tiny};

#[test]
fn every_damaged_byte_is_seen() {
    let file = file(&tiny());
    for at in 0..file.len() {
        let mut damaged = file.clone();
        for change in 1..=255 {
            damaged[at] = file[at] ^ change;
            let error = Model::new(&damaged).expect_err("one byte is different");
            let expected = match at {
                0..8 => (error.fault == Fault::Magic, 0),
                8..10 => (error.fault == Fault::Version, 8),
                12..16 => (error.fault == Fault::Length, 12),
                _ => (error.fault == Fault::Checksum, 16),
            };
            assert_eq!(expected, (true, error.at), "byte {at}: {error}");
        }
    }
}

/// A cut file stays incomplete when its header says that it is whole, and so does one with something behind it.
#[test]
fn no_other_length_is_whole() {
    let tiny = file(&tiny());
    // Of the shipped file, repairing the checksum takes too long to be tried everywhere.
    for (file, stride) in [(&tiny[..], 1), (shipped::FILE, 1009)] {
        for len in 0..file.len() {
            let error = Model::new(&file[..len]).expect_err("the end is missing");
            let seen = (error.fault, error.found as usize) == (Fault::Length, len);
            assert!(seen, "{len}: {error}");
            assert!(len % stride > 0 || !load_and_run(&file[..len]), "{len}");
        }
    }
    for more in 1..100 {
        let longer = [&tiny[..], &vec![0; more]].concat();
        assert!(!load_and_run(&longer), "{more}");
    }
}

/// With the checksum repaired, some changes are a model as good as the first; most are none. Either way nothing panics.
#[test]
fn every_changed_byte_is_refused_or_runs() {
    let file = file(&tiny());
    let mut accepted = 0;
    for at in 0..file.len() {
        let mut changed = file.clone();
        for change in 1..=255 {
            changed[at] = file[at] ^ change;
            accepted += usize::from(load_and_run(&changed));
        }
    }
    assert!((20_000..100_000).contains(&accepted), "{accepted}");
}

/// Runs `test` on so many cases and returns for which part of them it was true.
fn share<T: Debug>(
    cases: u32,
    strategy: &impl Strategy<Value = T>,
    test: impl Fn(T) -> bool,
) -> f64 {
    let config = config(cases);
    let (count, cases) = (Cell::new(0), config.cases);
    let run = TestRunner::new(config).run(strategy, |case| {
        count.set(count.get() + u32::from(test(case)));
        Ok(())
    });
    run.unwrap();
    f64::from(count.get()) / f64::from(cases)
}

/// Places, each in the first 256 bytes, where header and tables lie, or anywhere, and what is put there.
fn changes() -> impl Strategy<Value = Vec<(Index, bool, u8)>> {
    prop::collection::vec((any::<Index>(), any::<bool>(), any::<u8>()), 1..6)
}

fn change(file: &mut [u8], changes: &[(Index, bool, u8)]) {
    for (index, early, value) in changes {
        let most = if *early { 256 } else { usize::MAX };
        file[index.index(file.len().min(most))] = *value;
    }
}

#[test]
fn files_with_several_changes_are_refused_or_run() {
    let accepted = share(1500, &(models(), changes()), |((contents, _), changes)| {
        let mut file = file(&contents);
        change(&mut file, &changes);
        load_and_run(&file)
    });
    assert!((0.047..0.933).contains(&accepted), "{accepted}");
}

#[test]
fn the_shipped_file_with_several_changes_is_refused_or_runs() {
    let accepted = share(200, &changes(), |changes| {
        let mut file = shipped::FILE.to_vec();
        change(&mut file, &changes);
        load_and_run(&file)
    });
    assert!((0.175..0.95).contains(&accepted), "{accepted}");
}

/// Where the tables of tensors and operators end.
fn tables_end(contents: &Contents) -> usize {
    let operators = contents.operators.len();
    HEADER_LEN + (operators + 1) * TENSOR_LEN + operators * OPERATOR_LEN
}

/// A few bytes of the tables of tensors and operators are replaced by anything.
#[test]
fn any_bytes_in_the_tables_are_refused_or_run() {
    let few = prop::collection::vec((any::<Index>(), any::<u8>()), 1..4);
    let accepted = share(1500, &(models(), few), |((contents, _), changes)| {
        let mut file = file(&contents);
        let tables = &mut file[HEADER_LEN..tables_end(&contents)];
        for (index, value) in changes {
            tables[index.index(tables.len())] = value;
        }
        load_and_run(&file)
    });
    assert!((0.02..0.933).contains(&accepted), "{accepted}");
}

/// A few bytes of what follows the tables, or all of them, are replaced by anything.
#[test]
fn any_bytes_behind_the_tables_are_refused_or_run() {
    let few = (any::<Index>(), prop::collection::vec(any::<u8>(), 1..16));
    let all = prop::collection::vec(any::<u8>(), 3000);
    let part = prop_oneof![
        few.prop_map(|(from, bytes)| (Some(from), bytes)),
        all.prop_map(|bytes| (None, bytes)),
    ];
    let accepted = share(1500, &(models(), part), |((contents, _), (from, bytes))| {
        let mut file = file(&contents);
        let rest = &mut file[tables_end(&contents)..];
        let from = from.map_or(0, |from| from.index(rest.len().max(1)));
        let places = rest[from..].iter_mut();
        places.zip(bytes).for_each(|(place, byte)| *place = byte);
        load_and_run(&file)
    });
    assert!((0.134..0.933).contains(&accepted), "{accepted}");
}
