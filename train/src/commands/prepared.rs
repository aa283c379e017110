//! How pictures become the input of the network that a fit trains.

use no_std_core::format::OutputKind;

use super::fit::Start;
use crate::checkpoint::Checkpoint;
use crate::cli::FitArgs;
use crate::console::note;
use crate::data::{Loaded, Statistics};
use crate::error::Error;
use crate::net::Network;
use crate::prepared::{Pictures, Prepared};

/// What the run to resume says of pictures, if there is one.
pub fn pictures_of(resume: Option<&(Checkpoint, Network)>) -> Result<Pictures, Error> {
    let Some((checkpoint, network)) = resume else {
        return Ok(Pictures::default());
    };
    Ok(checkpoint.record.pictures(network)?)
}

/// That of the run to resume or of the trained network to begin with, or what follows from the pictures to learn from.
pub fn prepared(
    network: &Network,
    (resume, start): (Option<&Checkpoint>, Option<&Start>),
    loaded: &Loaded,
    args: &FitArgs,
) -> Result<Option<Prepared>, Error> {
    let prepared = match (resume, start) {
        (Some(checkpoint), _) => checkpoint.record.prepared.clone(),
        (None, Some(start)) => match start.prepared() {
            Some(prepared) => Some(prepared.clone()),
            None => return Ok(Prepared::unchanged(loaded)),
        },
        (None, None) => {
            let prepared = Prepared::new(network, loaded)?;
            if prepared.is_some() && network.output == OutputKind::Classes && !network.is_digits() {
                note_constants(&loaded.sets.train.statistics()?);
            }
            return Ok(prepared);
        }
    };
    let expected = prepared.as_ref().map(|prepared| prepared.fit);
    match (expected, args.data.pictures.wanted().fit) {
        (Some(expected), Some(found)) if expected != found => Err(Error::OtherFit {
            expected: expected.name(),
            found: found.name(),
        }),
        _ => Ok(prepared),
    }
}

/// Tells of channels that say nothing.
fn note_constants(statistics: &[Statistics]) {
    for (channel, _) in statistics
        .iter()
        .enumerate()
        .filter(|(_, one)| one.is_constant())
    {
        note(format_args!(
            "channel {channel} has nearly the same value in all pictures to learn from; it is not divided by its deviation"
        ));
    }
}
