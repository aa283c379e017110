//! What pictures of no class are to a fit: learnt with those of the classes, and what answers must be surer than.

use no_std_core::format::OutputKind;

use super::logits;
use super::picture_input::options;
use super::start::Start;
use super::task::Task;
use crate::architecture::Network;
use crate::certainty::{self, Certainty};
use crate::checkpoint::Checkpoint;
use crate::cli::FitArgs;
use crate::commands::learnt;
use crate::commands::negatives::{self, Given};
use crate::console::{Console, note};
use crate::data::Sets;
use crate::error::Error;
use crate::runtime::Runtime;

/// The samples to learn from that say how sure answers are where none are kept to choose by.
const JUDGED: usize = 10_000;
/// The same ones in each fit.
const SEED: u64 = 0;

/// Adds pictures of no class to those to learn from: the user's, and as many drawn ones as the recipe says. Fails if a run to
/// resume learnt others.
pub fn add(
    task: &mut Task,
    args: &FitArgs,
    start: &Start,
    console: &mut Console,
) -> Result<(), Error> {
    if args.negatives.is_some() && task.network.output != OutputKind::Classes {
        return Err(learnt::not_for("--negatives", "classes", &task.network));
    }
    if args.negatives.as_ref() == Some(&args.data.data) {
        return Err(Error::SameNegatives);
    }
    let train = &mut task.sets.train;
    let mut pixels = negatives::learning(task.recipe.negatives as usize, train)?;
    if let Some(source) = &args.negatives {
        let given = Given::open(source, train, options(start, args)?)?;
        let (own, digest) = given.to_learn()?;
        pixels.extend(own);
        task.negatives_sha256 = Some(digest);
    }
    task.negatives = pixels.len() / train.picture_len();
    if task.negatives > 0 {
        *train = train.clone().with_negatives(pixels);
    }
    expect_those_of(start.resumed(), task)?;
    if task.negatives > 0 {
        console.line(format_args!(
            "{} pictures of no class are learnt, too",
            task.negatives
        ));
    } else if start.refuses() {
        note(
            "no pictures of no class are learnt, so that the network will accept every answer, which the one of `--from` does \
             not (`--negatives`, or `negatives` in a recipe)",
        );
    }
    Ok(())
}

/// Fails if a run to resume learnt other pictures of no class than these.
fn expect_those_of(resumed: Option<&Checkpoint>, task: &Task) -> Result<(), Error> {
    let Some(Checkpoint { record, .. }) = resumed else {
        return Ok(());
    };
    let expected = (record.negatives, record.negatives_sha256.as_deref());
    let found = (task.negatives, task.negatives_sha256.as_deref());
    if expected == found {
        return Ok(());
    }
    let describe = |(count, digest): (usize, Option<&str>)| match digest {
        Some(digest) => format!("{count} pictures of no class (those given: SHA-256 {digest})"),
        None => format!("{count} pictures of no class (none given)"),
    };
    Err(Error::OtherNegatives {
        expected: describe(expected),
        found: describe(found),
    })
}

/// Says how sure answers must be where pictures of no class were learnt: as sure as those are of nearly all samples to choose
/// by, else of some to learn from. The test set decides nothing.
pub fn set_certainty(
    runtime: &Runtime,
    network: &Network,
    checkpoint: &mut Checkpoint,
    sets: &Sets,
    console: &mut Console,
) -> Result<(), Error> {
    let given = checkpoint.record.given(&sets.train);
    let train = || sets.train.clone().take(given);
    let judged = || train().split_stratified(JUDGED, SEED).0;
    let samples = sets.validation.clone().unwrap_or_else(judged);
    let variants = checkpoint.record.polarities().variants();
    let logits = logits((runtime, network, checkpoint), &samples, variants)?;
    let certainty = Certainty::of(&logits);
    if let Some(found) = &certainty {
        console.line(format_args!(
            "answers are accepted from a probability of {:.4} on, {} of {} for samples of the classes",
            found.least_probability,
            found.samples - found.rejected,
            found.samples
        ));
        certainty::note(found.samples).iter().for_each(note);
    }
    checkpoint.record.certainty = certainty;
    Ok(())
}
