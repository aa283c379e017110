//! Any model, as a strategy.

use proptest::prelude::*;

use crate::network;
use crate::random::Random;
use crate::support::Contents;

/// Networks of all operators, with branches, and an image for each.
pub fn models() -> impl Strategy<Value = (Contents, Vec<i8>)> {
    any::<u64>().prop_map(|seed| network::network(&mut Random(seed)))
}

/// The same cases in every run; a quarter of them in an emulator, which takes ten times as long for each.
pub fn config(cases: u32) -> ProptestConfig {
    let is_emulated = std::env::var_os("QEMU_CPU").is_some();
    ProptestConfig {
        cases: if is_emulated { cases / 4 } else { cases },
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8),
        ..ProptestConfig::default()
    }
}
