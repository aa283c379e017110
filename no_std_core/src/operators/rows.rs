//! The rows that a step of an operator reads and writes.

use core::ops::Range;

use super::backend::{Backend, Native};

/// The memory of a run, and where in it the rows lie that a step reads and writes.
pub(crate) struct Rows<'m> {
    pub memory: &'m mut [i8],
    pub inputs: [Range<usize>; 2],
    pub output: Range<usize>,
}

impl<'m> Rows<'m> {
    /// The inputs and the output, which lie apart. `None` if they do not.
    #[inline(never)] // Every operator needs it, and where they lie is not on the stack while it works.
    pub fn apart(self) -> Option<([&'m [i8]; 2], &'m mut [i8])> {
        let [first, second] = self.inputs;
        let parts = self.memory.get_disjoint_mut([first, second, self.output]);
        let [first, second, output] = parts.ok()?;
        Some(([first, second], output))
    }

    /// The second input, and the output with a copy of the first one. `None` if second input and output do not lie apart.
    pub fn in_place(mut self) -> Option<(&'m [i8], &'m mut [i8])> {
        let first = core::mem::take(&mut self.inputs[0]);
        move_within(self.memory, first, self.output.start)?;
        let ([_, second], output) = self.apart()?;
        Some((second, output))
    }
}

/// Moves values to another place, which may overlap theirs. `None` if they are not all inside.
pub(crate) fn move_within(arena: &mut [i8], from: Range<usize>, to: usize) -> Option<()> {
    let distance = from.start.abs_diff(to);
    let mut left = from.len();
    while left > 0 && distance > 0 {
        // What is moved at once does not overlap its place. Up, the last values go first.
        let count = left.min(distance);
        let at = if to < from.start {
            from.len() - left
        } else {
            left - count
        };
        let [value, place] = [from.start + at, to + at];
        let parts = arena.get_disjoint_mut([value..value + count, place..place + count]);
        let [values, places] = parts.ok()?;
        Native::copy(places, values);
        left -= count;
    }
    Some(())
}
