//! Random networks, from the tests of the core.
#![allow(clippy::cast_possible_wrap, reason = "as in the core's tests")]

#[path = "../../../../no_std_core/tests/suite/network.rs"]
mod network;
#[path = "../../../../no_std_core/tests/suite/random.rs"]
#[allow(dead_code, reason = "tests of the core use the rest")]
mod random;
#[path = "../../../../no_std_core/tests/suite/support.rs"]
#[allow(dead_code, reason = "tests of the core use the rest")]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

pub use random::Random;

use super::subject::Subject;

/// The kinds of operators that there are.
const KINDS: usize = no_std_core::Operators::<no_std_core::backend::Portable>::ALL.len();

/// Kinds that a network must have to be tried.
const SEVERAL: usize = 6;

/// How many are looked at.
const SEEDS: u64 = 5_000;

/// Bytes that the smallest board has room for.
const FILE_LEN: usize = 100_000;
const ARENA_LEN: usize = 8_000;

/// Networks of several kinds of operators each, which have all kinds together, as files in a folder.
pub fn of_all_kinds(folder: &Path) -> Result<Vec<Subject>> {
    let (mut subjects, mut seen) = (Vec::new(), BTreeSet::new());
    for seed in 1..SEEDS {
        let subject = network(folder, seed)?;
        let model = subject.model();
        let kinds = model.operations().map(|operation| operation.record().kind);
        let kinds: BTreeSet<u8> = kinds.collect();
        let fits = subject.file.len() <= FILE_LEN && model.arena_len() <= ARENA_LEN;
        if fits && kinds.len() >= SEVERAL && !kinds.is_subset(&seen) {
            seen.extend(kinds);
            subjects.push(subject);
        }
        if seen.len() == KINDS {
            return Ok(subjects);
        }
    }
    bail!(
        "expected networks of all {KINDS} kinds of operators, found some of {} only",
        seen.len()
    )
}

/// The network of a seed, as a file in a folder.
pub fn network(folder: &Path, seed: u64) -> Result<Subject> {
    let (contents, _) = network::network(&mut Random(seed));
    let path = folder.join(format!("network-{seed}.q8"));
    fs::write(&path, support::file(&contents))?;
    Subject::open(&path)
}
