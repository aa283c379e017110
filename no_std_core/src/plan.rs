//! Where in the arena each tensor lies, and the proof that none is overwritten before it has been read.
//!
//! Who writes a file chooses the places (`choose`); here they are checked. A tensor is alive from when it is made to when it
//! has been read for the last time, and no other may lie where it does meanwhile, with one exception: an operator works row
//! by row, so its output may lie on rows of an input that dies there which are not read any more when they are overwritten.
//! How an operator does a row says which those are.
//! Operators work from the first row down or from the last one up, and all rows are counted in that order here.
//!
//! A tensor that one operator reads may be held in part: in memory are the newest of its rows, and a new one pushes the
//! oldest out. Operators that such tensors join are a [`Chain`]: the last one is run row by row, and the others when rows
//! of theirs are needed for that. All outputs but the last one's are held in part.

use core::ops::Range;

use crate::error::Fault;
use crate::format::{MAX_CHAIN, OperatorRecord};
use program::reads;

#[cfg(feature = "write")]
mod choose;
#[cfg(feature = "write")]
mod draft;
mod program;

pub(crate) use program::{Node, Program, place_of};

/// Rows that each operator of a chain has done.
pub(crate) type Done = [u16; MAX_CHAIN];

/// Operators that work together row by row; most are alone.
#[derive(Clone, Copy)]
pub(crate) struct Chain {
    pub first: usize,
    pub last: usize,
}

impl Chain {
    /// The chain that begins with an operator.
    pub fn from(program: &Program<'_>, first: usize) -> Self {
        let mut last = first;
        while program.is_held(last + 1) {
            last += 1;
        }
        Self { first, last }
    }

    /// The chain that an operator is part of.
    fn of(program: &Program<'_>, index: usize) -> Self {
        let mut first = index;
        while first > 0 && program.is_held(first) {
            first -= 1;
        }
        Self::from(program, first)
    }

    /// The operator that runs next, when each has done so many rows: the last one, or one whose rows it lacks.
    pub fn next(self, program: &Program<'_>, done: &Done) -> Option<usize> {
        let mut index = self.last;
        while let Some(maker) = self.lacking(program, done, index)? {
            index = maker;
        }
        Some(index)
    }

    /// The operator of the chain that has not done all rows which another one needs for its next step.
    #[allow(
        clippy::option_option,
        reason = "the outer one is for records that do not exist"
    )]
    fn lacking(self, program: &Program<'_>, done: &Done, index: usize) -> Option<Option<usize>> {
        if self.first == self.last {
            return Some(None);
        }
        let step = *done.get(self.place(index))?;
        let [first, second] = program.node(index)?.record().inputs;
        for tensor in [first, second] {
            let tensor = usize::from(tensor);
            if self.joins(tensor) {
                let made = *done.get(self.place(tensor - 1))?;
                if made < program.rows_read(tensor, index, step).end {
                    return Some(Some(tensor - 1));
                }
            }
        }
        Some(None)
    }

    /// Whether a tensor is made and read by operators of the chain.
    fn joins(self, tensor: usize) -> bool {
        tensor > self.first && tensor <= self.last
    }

    /// The place of an operator in [`Done`].
    pub fn place(self, index: usize) -> usize {
        index - self.first
    }
}

/// Checks all tensors of a program whose operators fit them; if it keeps its input, that is still needed when all have run.
/// An error comes with the tensor that is at fault.
#[inline(never)] // What it needs is not on the stack during other checks.
pub(crate) fn check(program: &Program<'_>, keeps_input: bool) -> Result<(), (Fault, usize)> {
    let output = program.operators.len();
    if program.is_held(output) {
        return Err((Fault::Held, output));
    }
    for tensor in 0..output {
        let last = last_reader(program, tensor).ok_or((Fault::Unread, tensor))?;
        if program.is_held(tensor) && !may_be_held(program, tensor, last).unwrap_or(false) {
            return Err((Fault::Held, tensor));
        }
    }
    for tensor in 0..output {
        let is_kept = tensor == 0 && keeps_input;
        let last = if is_kept {
            output
        } else {
            last_reader(program, tensor).unwrap_or(output)
        };
        if let Some(other) = overwriting(program, tensor, last) {
            return Err((Fault::Overlap, other));
        }
    }
    Ok(())
}

/// The first tensor that is written where another one is still needed, by operators up to `last`.
#[inline(never)] // As above.
fn overwriting(program: &Program<'_>, tensor: usize, last: usize) -> Option<usize> {
    let record = program.tensor(tensor)?;
    for maker in tensor..program.operators.len() {
        let other = program.tensor(maker + 1)?;
        // After the last operator of a chain the rows of all others have been read.
        let is_over = last <= maker && other.held == 0;
        let is_free = are_apart(&record.place(), &other.place())
            || is_over && record.held == 0 && is_read_in_time(program, tensor, maker);
        if !is_free {
            return Some(maker + 1);
        }
        if is_over {
            break;
        }
    }
    None
}

pub(crate) fn are_apart<T: PartialOrd>(one: &Range<T>, other: &Range<T>) -> bool {
    one.end <= other.start || other.end <= one.start
}

/// The first operator that reads a tensor.
fn first_reader(program: &Program<'_>, tensor: usize) -> Option<usize> {
    let mut later = tensor..program.operators.len();
    later.find(|&index| program.reads(index, tensor))
}

/// The last operator that reads a tensor.
#[inline(never)]
fn last_reader(program: &Program<'_>, tensor: usize) -> Option<usize> {
    let mut later = (tensor..program.operators.len()).rev();
    later.find(|&index| program.reads(index, tensor))
}

/// Whether a tensor may be held in part: it is not the input, one operator of its chain alone reads it, works in the same
/// direction, and never reads more rows for a step than there are in memory.
#[inline(never)] // As above.
fn may_be_held(program: &Program<'_>, tensor: usize, last: usize) -> Option<bool> {
    let held = program.tensor(tensor)?.held;
    let upwards =
        |index: usize| Some(OperatorRecord::decode(program.operators.get(index)?).upwards);
    let chain = Chain::of(program, tensor);
    for step in 0..program.rows(last + 1) {
        if program.rows_read(tensor, last, step).len() > held.into() {
            return None;
        }
    }
    Some(
        last <= chain.last
            && first_reader(program, tensor) == Some(last)
            && upwards(tensor.checked_sub(1)?) == upwards(last)
            && chain.last - chain.first < MAX_CHAIN,
    )
}

/// Whether the chain that ends with an operator has read each row of a tensor, for the last time, before it writes where
/// that lies.
fn is_read_in_time(program: &Program<'_>, tensor: usize, last: usize) -> bool {
    let mut in_time = true;
    let all = each_write(
        program,
        tensor,
        Chain::of(program, last),
        |written, unread| {
            in_time &= are_apart(&written, &unread);
        },
    );
    in_time && all.is_some()
}

/// Shows `visit` for each row of the output of a chain where it is written, and where rows of a tensor lie that an operator
/// of the chain still reads then.
pub(crate) fn each_write(
    program: &Program<'_>,
    tensor: usize,
    chain: Chain,
    mut visit: impl FnMut(Range<usize>, Range<usize>),
) -> Option<()> {
    let output = program.tensors.get(chain.last + 1)?;
    let maker = program.operators.get(chain.last)?;
    let mut done = Done::default();
    for row in 0..program.rows(chain.last + 1) {
        loop {
            let index = chain.next(program, &done)?;
            if index == chain.last {
                break;
            }
            *done.get_mut(chain.place(index))? += 1;
        }
        let written = place_of(output, maker, row..row + 1);
        for index in chain.first..=chain.last {
            let step = *done.get(chain.place(index))?;
            let unread = unread(program, tensor, index, step, index == chain.last)?;
            if !unread.is_empty() {
                visit(written.clone(), unread);
            }
        }
        *done.get_mut(chain.place(chain.last))? = row + 1;
    }
    Some(())
}

/// The part of the arena where rows of a tensor lie that an operator still reads when it is at this step; it `writes` the
/// row of that step now, or it has yet to come.
fn unread(
    program: &Program<'_>,
    tensor: usize,
    index: usize,
    step: u16,
    writes: bool,
) -> Option<Range<usize>> {
    let node = program.node(index)?;
    let record = program.tensors.get(tensor)?;
    let [_, second] = node.record().inputs;
    let (is_second, output) = (
        usize::from(second) == tensor,
        program.tensors.get(index + 1)?,
    );
    let is_spent = writes && (node.operator.spends)(is_second, [record, output]);
    let step = step + u16::from(is_spent);
    if !reads(node.record, tensor) || step >= program.rows(index + 1) {
        return Some(0..0);
    }
    let rows = program.rows_read(tensor, index, step).start..program.rows(tensor);
    Some(place_of(record, node.record, rows))
}
