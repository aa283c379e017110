//! How pictures become the input of the network that a fit trains.

use super::start::Start;
use crate::architecture::Network;
use crate::cli::FitArgs;
use crate::console::note;
use crate::data::{self, Loaded, Statistics};
use crate::error::Error;
use crate::picture_input::PictureInput;
use crate::recipe::{Pixels, Recipe};

/// What is to be loaded: pictures as the run or the trained network takes them, unless the user says otherwise.
pub fn options(start: &Start, args: &FitArgs) -> Result<data::Options, Error> {
    Ok(match start {
        Start::New(_) => args.data.options(),
        Start::Resumed(resumed) => {
            let (checkpoint, network) = &**resumed;
            args.data.options_for(&checkpoint.record.pictures(network)?)
        }
        Start::Tuned(tuning) => {
            let options = args.data.options();
            data::Options {
                wanted: tuning.wanted(options.wanted),
                ..options
            }
        }
    })
}

/// That of the run to resume or of the trained network to begin with, or what follows from the pictures to learn from.
pub fn picture_input(
    (network, recipe): (&Network, &Recipe),
    start: &Start,
    loaded: &Loaded,
    args: &FitArgs,
) -> Result<Option<PictureInput>, Error> {
    let kept = match start {
        Start::New(_) => return new(network, recipe.pixels, loaded),
        Start::Resumed(resumed) => resumed.0.record.picture_input.as_ref(),
        Start::Tuned(tuning) => tuning.picture_input(),
    };
    let Some(kept) = kept else {
        return Ok(PictureInput::unchanged(loaded));
    };
    match args.data.pictures.wanted().fit {
        Some(found) if found != kept.fit => Err(Error::OtherFit {
            expected: kept.fit.name(),
            found: found.name(),
        }),
        _ => Ok(Some(kept.clone())),
    }
}

fn new(network: &Network, pixels: Pixels, loaded: &Loaded) -> Result<Option<PictureInput>, Error> {
    let input = PictureInput::new(network, pixels, loaded)?;
    if input.as_ref().is_some_and(PictureInput::is_normalized) {
        note_constants(&loaded.sets.train.statistics()?);
    }
    Ok(input)
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
