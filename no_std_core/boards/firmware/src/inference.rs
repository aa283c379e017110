//! Running the model layer by layer.

use core::task::Poll;

use no_std_core::{Model, Run, Scores};

use crate::board::Board;
use crate::marker;

/// Runs the model on an image, and counts the cycles that it takes. `None` if the image or the arena does not suit the
/// model.
///
/// There are markers around each layer, around the making of the scores, and around all of it.
#[inline(never)] // What the callers need before and after is not on the stack meanwhile.
pub fn infer(
    board: &mut impl Board,
    model: &Model<'_>,
    image: &[i8],
    arena: &mut [i8],
) -> Option<(Scores, u32)> {
    let mut run = Run::new(model, image, arena).ok()?;
    let begin = board.cycles();
    marker::begin();
    loop {
        let layer = run.layer();
        marker::begin();
        while run.layer() == layer {
            if let Poll::Ready(scores) = run.step() {
                marker::end();
                marker::end();
                return Some((scores, board.cycles().wrapping_sub(begin)));
            }
            board.cycles();
        }
        marker::end();
    }
}
