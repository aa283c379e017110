//! Running the model step by step.

use no_std_core::{Output, Run};
use protocol::{Outcome, answer_continued};

use crate::board::Board;

/// Runs a model whose input is there, and counts the cycles that it takes.
#[inline(never)] // What the callers need before and after is not on the stack meanwhile.
pub fn finish<'r>(board: &mut impl Board, mut run: Run<'r, '_>) -> (Output<'r>, u32) {
    let begin = board.cycles();
    loop {
        let step = run.step();
        let cycles = board.cycles().wrapping_sub(begin);
        if step.is_ready() {
            return (run.into_output(), cycles);
        }
    }
}

/// The same, and leaves the checksum of what each operator makes, in little-endian bytes.
#[inline(never)] // As above.
pub fn finish_observed<'r>(
    board: &mut impl Board,
    mut run: Run<'r, '_>,
    checksums: &mut [[u8; 4]],
) -> (Output<'r>, u32) {
    let begin = board.cycles();
    checksums.fill([0; 4]);
    loop {
        let step = run.step_observed(|row| {
            if let Some(checksum) = checksums.get_mut(usize::from(row.operator)) {
                let before = u32::from_le_bytes(*checksum);
                *checksum = answer_continued(before, row.values).to_le_bytes();
            }
        });
        let cycles = board.cycles().wrapping_sub(begin);
        if step.is_ready() {
            return (run.into_output(), cycles);
        }
    }
}

/// What is said of an output, without its values.
pub fn report(output: &Output<'_>, cycles: u32, stack: u32) -> protocol::Output {
    let outcome = match output {
        Output::Classes(classes) => Outcome::Class {
            class: classes.class() as u16,
            probability: classes.probability(),
        },
        Output::Values(values) => match values.difference() {
            Some(difference) => Outcome::Difference {
                mean: difference.mean,
            },
            None => Outcome::Values,
        },
    };
    protocol::Output {
        len: output.values().len() as u32,
        outcome,
        accepted: output.accepted(),
        cycles,
        stack,
    }
}
