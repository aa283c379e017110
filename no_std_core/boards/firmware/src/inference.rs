//! Running the model layer by layer.

use core::task::Poll;

use no_std_core::{Model, Run, Scores};

use crate::board::Board;
use crate::marker;

/// Runs the model on an image, and counts the cycles that it takes. `None` if the image or the arena does not suit the
/// model.
pub fn infer(
    board: &mut impl Board,
    model: &Model<'_>,
    image: &[i8],
    arena: &mut [i8],
) -> Option<(Scores, u32)> {
    let mut run = Run::new(model, image, arena).ok()?;
    let begin = board.cycles();
    marker::begin();
    let scores = loop {
        marker::begin();
        let scores = run_layer(board, &mut run);
        marker::end();
        if let Some(scores) = scores {
            break scores;
        }
    };
    marker::end();
    Some((scores, board.cycles().wrapping_sub(begin)))
}

/// Runs one layer; after the last one, computes the scores.
#[inline(never)] // All of it belongs between the markers.
fn run_layer(board: &mut impl Board, run: &mut Run<'_, '_>) -> Option<Scores> {
    let layer = run.layer();
    while run.layer() == layer {
        if let Poll::Ready(scores) = run.step() {
            return Some(scores);
        }
        board.cycles();
    }
    None
}
