//! Running the model step by step.

use core::task::Poll;

use no_std_core::{Model, Run, Scores};

use crate::board::Board;

/// Runs the model on an image, and counts the cycles that it takes. `None` if the image or the arena does not suit the
/// model.
#[inline(never)] // What the callers need before and after is not on the stack meanwhile.
pub fn infer(
    board: &mut impl Board,
    model: &Model<'_>,
    image: &[i8],
    arena: &mut [i8],
) -> Option<(Scores, u32)> {
    let mut run = Run::new(model, image, arena).ok()?;
    let begin = board.cycles();
    loop {
        let step = run.step();
        let cycles = board.cycles().wrapping_sub(begin);
        if let Poll::Ready(scores) = step {
            return Some((scores, cycles));
        }
    }
}
