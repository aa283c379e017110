//! Any model, as a strategy.

use proptest::prelude::*;

use crate::random::Random;
use crate::support::{Contents, shape};

/// Models of one or two convolutions, a dense layer with up to 20 units, and one that gives up to 32 logits.
pub fn models() -> impl Strategy<Value = (Contents, Vec<i8>)> {
    let input = (1..12_u16, 1..12_u16, 1..5_u16);
    let channels = (1..20_u16, 0..10_u16, 1..20_u16, 1..=32_u16);
    (input, channels, any::<u64>()).prop_map(|(input, (filters, more, units, classes), seed)| {
        let input = shape(input.0, input.1, input.2);
        let filters = &[filters, more][..if more > 0 { 2 } else { 1 }];
        Random(seed).model(input, filters, &[units, classes])
    })
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
