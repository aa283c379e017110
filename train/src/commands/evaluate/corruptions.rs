//! The same pictures made worse.

use indicatif::ProgressBar;

use super::Measured;
use crate::data::corruption::{Corruption, STRENGTHS};
use crate::error::Error;
use crate::report::{Corruptions, correct};

/// Bytes of pictures that are made worse at once.
const BYTES: usize = 1 << 26;

/// What a model gets right of all pictures, made worse in each way and strength.
pub fn measure(measured: Measured<'_>, model: &[u8]) -> Result<Corruptions, Error> {
    let mut counts = [[0; STRENGTHS]; Corruption::ALL.len()];
    // Only where somebody watches.
    let bar = ProgressBar::new((STRENGTHS * counts.len()) as u64);
    for (way, counts) in Corruption::ALL.into_iter().zip(&mut counts) {
        for (strength, count) in (1..).zip(counts) {
            *count = right(measured, model, (way, strength))?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(Corruptions::new(measured.labels().len(), &counts))
}

/// How many are right of one way and strength.
fn right(
    measured: Measured<'_>,
    model: &[u8],
    (way, strength): (Corruption, usize),
) -> Result<usize, Error> {
    let pictures = measured.pictures;
    let all: Vec<usize> = (0..pictures.len()).collect();
    let at_once = (BYTES / pictures.picture_len()).max(1);
    let mut right = 0;
    for part in all.chunks(at_once) {
        let shape = pictures.shape();
        // By their numbers in the test set, so that it is changed the same wherever it is read from.
        let change = |index: usize, bytes: &mut [u8]| {
            way.change(strength, (bytes, shape), part[index] as u64);
        };
        let worse = pictures.select(part).changed(change)?;
        let measured = Measured {
            pictures: &worse,
            ..measured
        };
        let logits = measured.logits(&measured.args.model, model)?;
        right += correct(&measured.labels(), &logits);
    }
    Ok(right)
}
