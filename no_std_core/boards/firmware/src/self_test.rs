//! The test of itself that a board makes at its start.

use no_std_core::format::Shape;
use no_std_core::{Model, quantize_pixel};
use protocol::{SelfTest, known_pixel};

use crate::board::Board;
use crate::inference::infer;

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
    image: &mut [i8],
    arena: &mut [i8],
) -> Result<Model<'f>, SelfTest> {
    let model = Model::new(file).map_err(|error| SelfTest::Model { at: error.at })?;
    known_answer(board, &model, known, image, arena)?;
    Ok(model)
}

/// The part of the test that runs the model.
pub fn known_answer(
    board: &mut impl Board,
    model: &Model<'_>,
    known: &[i8],
    image: &mut [i8],
    arena: &mut [i8],
) -> Result<(), SelfTest> {
    if model.input() != INPUT || model.input_zero_point() != quantize_pixel(0) {
        return Err(SelfTest::Input);
    }
    for (index, value) in image.iter_mut().enumerate() {
        *value = quantize_pixel(known_pixel(index));
    }
    match infer(board, model, image, arena) {
        Some((scores, _)) if scores.logits() == known => Ok(()),
        _ => Err(SelfTest::Scores),
    }
}
