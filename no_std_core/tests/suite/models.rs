//! Any model, as a strategy.

use proptest::prelude::*;

use crate::network;
use crate::random::Random;
use crate::support::Contents;

/// Networks of all operators, with branches, and an image for each.
pub fn models() -> impl Strategy<Value = (Contents, Vec<i8>)> {
    any::<u64>().prop_map(|seed| network::network(&mut Random(seed)))
}

/// The same cases in every run.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8),
        ..ProptestConfig::default()
    }
}
