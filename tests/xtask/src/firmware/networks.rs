//! Random networks, from the tests of the core.

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

use anyhow::Result;

pub use random::Random;

use super::subject::Subject;

/// The kinds of operators that there are.
const KINDS: usize = no_std_core::Operators::<no_std_core::backend::Portable>::ALL.len();

/// Bytes that the smallest board has room for.
const FILE_LEN: usize = 100_000;
const ARENA_LEN: usize = 8_000;

/// The first network with operators of every kind, as a file in a folder.
pub fn every_kind(folder: &Path) -> Result<Subject> {
    let mut seeds = 1..;
    loop {
        let subject = network(folder, seeds.next().unwrap_or_default())?;
        let model = subject.model();
        let kinds = model.operations().map(|operation| operation.record().kind);
        let kinds: BTreeSet<u8> = kinds.collect();
        let fits = subject.file.len() <= FILE_LEN && model.arena_len() <= ARENA_LEN;
        if kinds.len() == KINDS && fits {
            return Ok(subject);
        }
    }
}

/// The network of a seed, as a file in a folder.
pub fn network(folder: &Path, seed: u64) -> Result<Subject> {
    let (contents, _) = network::network(&mut Random(seed));
    let path = folder.join("network.q8");
    fs::write(&path, support::file(&contents))?;
    Subject::open(&path)
}
