//! Looking on while a model runs: what each operator makes, before anything takes its place.

use core::task::Poll;

use super::Run;
use crate::model::Operation;
use crate::plan::place_of;

/// A row of an operator's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputRow<'r> {
    /// The index of the operator.
    pub operator: u16,
    /// The row, counted from the top.
    pub row: u16,
    /// Its values, `[column][channel]`.
    pub values: &'r [i8],
}

impl Run<'_, '_> {
    /// Like [`Self::step`], and shows `see` each row that was made, in the order in which the operator makes them: from the
    /// first one down, or from the last one up. Of a tensor that is held in part, the last rows are not made if nothing is
    /// made of them.
    pub fn step_observed(&mut self, mut see: impl FnMut(OutputRow<'_>)) -> Poll<()> {
        let (chain, model) = (self.chain, self.model);
        let begin = chain.next(&model.program, &self.done).and_then(|index| {
            let done = *self.done.get(chain.place(index))?;
            Some((model.operation(index)?, index, done))
        });
        let outcome = self.step();
        if let Some((operation, index, begin)) = begin {
            // After its last row a chain makes way for the next one.
            let is_over = self.chain.first != chain.first;
            let done = self.done.get(chain.place(index)).copied();
            let end = done.filter(|_| !is_over);
            let end = end.unwrap_or(operation.output().shape.rows);
            for step in begin..end {
                see(self.output_row(&operation, index, step));
            }
        }
        outcome
    }

    /// The row that a step has made; nothing has been made since that would take its place.
    fn output_row(&self, operation: &Operation<'_>, index: usize, step: u16) -> OutputRow<'_> {
        let (record, tensor) = (operation.operands.record, operation.operands.output);
        let place = place_of(tensor, record, step..step + 1);
        OutputRow {
            operator: index as u16,
            row: operation.row(step),
            values: self.arena.get(place).unwrap_or_default(),
        }
    }
}
