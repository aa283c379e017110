//! Running the model step by step.

use no_std_core::{Output, Run};

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
