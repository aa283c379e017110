//! Running the model step by step.

use no_std_core::{Output, Run};
use protocol::Outcome;

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
