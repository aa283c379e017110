//! The test of itself that a board makes at its start.

use no_std_core::{Model, Run};
use protocol::{SelfTest, answer, known_value};
use slots::Current;

use crate::board::Board;
use crate::inference::finish;
use crate::model::OPERATORS;

/// Checks the file of a model, and that the model gives what it should for the input of [`known_value`].
pub fn self_test<'f>(
    board: &mut impl Board,
    current: Current<'f>,
    arena: &mut [i8],
) -> Result<Model<'f>, SelfTest> {
    let model = Model::with(current.file, OPERATORS);
    let model = model.map_err(|error| SelfTest::Model { at: error.at })?;
    known_answer(board, &model, current.answer, arena)?;
    Ok(model)
}

/// The part of the test that runs the model.
pub fn known_answer(
    board: &mut impl Board,
    model: &Model<'_>,
    known: u32,
    arena: &mut [i8],
) -> Result<(), SelfTest> {
    let needed = SelfTest::Arena {
        needed: model.arena_len() as u32,
    };
    let mut run = Run::new(model, arena).map_err(|_| needed)?;
    for (index, value) in run.input().iter_mut().enumerate() {
        *value = known_value(index);
    }
    if answer(finish(board, run).0.values()) == known {
        Ok(())
    } else {
        Err(SelfTest::Answer)
    }
}
