//! Running a model, at once or step by step.

use core::ops::Range;
use core::task::Poll;

use crate::error::RunError;
use crate::model::{Model, Operation};
use crate::operators::move_within;
use crate::output::Output;
use crate::plan::{Chain, Done, place_of};

mod observe;

pub use observe::OutputRow;

/// Runs a model on an image, `[row][column][channel]`, in an arena of at least [`Model::arena_len`] bytes, whatever they
/// hold.
///
/// # Errors
///
/// If the image has another size than the model's input, or the arena is too small.
pub fn run<'r>(
    model: &'r Model<'_>,
    image: &[i8],
    arena: &'r mut [i8],
) -> Result<Output<'r>, RunError> {
    let mut run = Run::new(model, arena)?;
    let input = run.input();
    if input.len() != image.len() {
        return Err(RunError::Image {
            expected: input.len(),
            found: image.len(),
        });
    }
    input.copy_from_slice(image);
    while run.step().is_pending() {}
    Ok(run.into_output())
}

/// A run that is made of short steps, for a loop that has other things to do in between.
///
/// ```
/// # use no_std_core::{Model, RunError, Run, Output};
/// # use core::task::Poll;
/// # fn take_picture(input: &mut [i8]) {}
/// # fn answer_the_radio() {}
/// fn classify(model: &Model, arena: &mut [i8]) -> Result<bool, RunError> {
///     let mut run = Run::new(model, arena)?;
///     take_picture(run.input());
///     while run.step().is_pending() {
///         answer_the_radio();
///     }
///     Ok(run.into_output().accepted())
/// }
/// ```
pub struct Run<'r, 'a> {
    model: &'r Model<'a>,
    arena: &'r mut [i8],
    /// The operators that work now, and the rows of its output that each has done; none is left after the last ones.
    chain: Chain,
    done: Done,
}

impl<'r, 'a> Run<'r, 'a> {
    /// A run that has not begun, in an arena of at least [`Model::arena_len`] bytes.
    ///
    /// # Errors
    ///
    /// If the arena is too small.
    pub fn new(model: &'r Model<'a>, arena: &'r mut [i8]) -> Result<Self, RunError> {
        let found = arena.len();
        match arena.get_mut(..model.arena_len()) {
            Some(arena) => Ok(Self {
                model,
                arena,
                chain: Chain::from(&model.program, 0),
                done: Done::default(),
            }),
            None => Err(RunError::Arena {
                expected: model.arena_len(),
                found,
            }),
        }
    }

    /// The model's input, `[row][column][channel]`, to be filled before the first step; other tensors take its place
    /// afterwards.
    pub fn input(&mut self) -> &mut [i8] {
        let place = self.model.input_place();
        self.arena.get_mut(place).unwrap_or_default()
    }

    /// The index of an operator whose turn it is; the number of operators after the last step.
    pub fn operator(&self) -> u16 {
        let next = self.chain.next(&self.model.program, &self.done);
        next.map_or(self.model.operators_len(), |index| index as u16)
    }

    /// Computes one row of an operator's output, or some short ones. Ready after the last one, and whenever called again.
    pub fn step(&mut self) -> Poll<()> {
        match self.advance() {
            Some(()) => Poll::Pending,
            None => Poll::Ready(()),
        }
    }

    /// What the model gives; of a run that is not ready anything.
    pub fn into_output(self) -> Output<'r> {
        let model = self.model;
        let arena: &'r [i8] = self.arena;
        let input = arena.get(model.input_place()).unwrap_or_default();
        let values = arena.get(model.output_place()).unwrap_or_default();
        Output::new(model, values, input)
    }

    /// Computes the next row. `None` after the last operator.
    #[inline(never)] // What the output needs is not on the stack while operators run.
    fn advance(&mut self) -> Option<()> {
        let chain = self.chain;
        let index = chain.next(&self.model.program, &self.done)?;
        let Some(operation) = &self.model.operation(index) else {
            return None;
        };
        let done = self.done.get_mut(chain.place(index))?;
        let mut steps = *done..*done + 1;
        if chain.first == chain.last {
            steps.end = *done + (operation.operator.rows_at_once)(operation, *done);
        }
        *done = steps.end;
        let written = self.make_room(operation, &steps)?;
        operation.step(self.arena, written, &steps)?;
        if index == chain.last && steps.end == operation.output().shape.rows {
            self.chain = Chain::from(&self.model.program, chain.last + 1);
            self.done = Done::default();
        }
        Some(())
    }

    /// Where in the arena the rows of some steps go. If the tensor is held in part, its oldest row makes way.
    fn make_room(&mut self, operation: &Operation<'_>, steps: &Range<u16>) -> Option<Range<usize>> {
        let (output, maker) = (operation.operands.output, operation.operands.record);
        let held = operation.output().rows_held();
        if steps.end <= held {
            return Some(place_of(output, maker, steps.clone()));
        }
        let last = held.checked_sub(1)?;
        let newer = place_of(output, maker, 1..held);
        let place = place_of(output, maker, 0..last).start;
        move_within(self.arena, newer, place)?;
        Some(place_of(output, maker, last..held))
    }
}
