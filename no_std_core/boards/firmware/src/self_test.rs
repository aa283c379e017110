//! The test of itself that a board makes at its start.

use no_std_core::format::Shape;
use no_std_core::{Model, Run, quantize_pixel};
use protocol::{SelfTest, known_pixel};

use crate::board::Board;
use crate::inference::finish;

const INPUT: Shape = Shape {
    rows: 28,
    columns: 28,
    channels: 1,
};

/// Checks the file of a model and that the model gives the `known` logits for the image of [`known_pixel`].
pub fn self_test<'f>(
    board: &mut impl Board,
    file: &'f [u8],
    known: &[i8],
    arena: &mut [i8],
) -> Result<Model<'f>, SelfTest> {
    let model = Model::new(file).map_err(|error| SelfTest::Model { at: error.at })?;
    known_answer(board, &model, known, arena)?;
    Ok(model)
}

/// The part of the test that runs the model.
pub fn known_answer(
    board: &mut impl Board,
    model: &Model<'_>,
    known: &[i8],
    arena: &mut [i8],
) -> Result<(), SelfTest> {
    let input = model.input();
    if input.shape != INPUT || input.zero_point != quantize_pixel(0) {
        return Err(SelfTest::Input);
    }
    let mut run = Run::new(model, arena).map_err(|_| SelfTest::Input)?;
    for (index, value) in run.input().iter_mut().enumerate() {
        *value = quantize_pixel(known_pixel(index));
    }
    if finish(board, run).0.values() == known {
        Ok(())
    } else {
        Err(SelfTest::Scores)
    }
}
