//! The method for ranges whose int8 network is right most often, or nearest to the floats.

use super::QuantizeError;
use super::candidate::{Candidate, HeldOut};
use super::groups::Given;
use super::histogram::Histogram;
use super::int8::Int8Network;
use super::range::{METHODS, Range};
use super::run::Runner;
use crate::network::Network;

/// The best candidate; of equal ones that of an earlier method. `seen` is what was seen of each tensor, the input first.
///
/// A method whose ranges no integers can cover is passed over; if none is left, the first one's reason is the error.
pub fn choose(
    runner: &Runner,
    network: &Network,
    (seen, given): (&[Histogram], Given),
    held_out: &HeldOut,
) -> Result<Candidate, QuantizeError> {
    let mut best: Option<Candidate> = None;
    let mut refusals = Vec::new();
    for method in METHODS {
        runner.check_stop()?;
        let ranges: Vec<Range> = seen.iter().map(|seen| Range::of(seen, method)).collect();
        let networks = match Int8Network::new(network, &ranges, given) {
            Ok(networks) => networks,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        let candidate = Candidate::measured(runner, method, networks, held_out)?;
        if best
            .as_ref()
            .is_none_or(|best| candidate.score > best.score)
        {
            best = Some(candidate);
        }
    }
    best.ok_or_else(|| refusals.swap_remove(0))
}
