//! Where in the arena each tensor lies, and the proof that none is overwritten before it has been read.
//!
//! Who writes a file chooses the places (`choose`); here they are checked. A tensor is alive from when it is made to when it
//! has been read for the last time, and no other may lie where it does meanwhile, with one exception: an operator works row
//! by row, so its output may lie on rows of an input that dies there which are not read any more when they are overwritten.
//! Operators work from the first row down or from the last one up, and all rows are counted in that order here.
//!
//! A tensor that one operator reads may be held in part: in memory are the newest of its rows, and a new one pushes the
//! oldest out. Operators that such tensors join are a [`Chain`]: the last one is run row by row, and the others when rows
//! of theirs are needed for that. All outputs but the last one's are held in part.

use core::ops::Range;

use crate::error::Fault;
use crate::format::{Axis, MAX_CHAIN, OperatorRecord, TensorRecord};
use crate::operators::Operator;

#[cfg(feature = "write")]
mod choose;

/// Rows that each operator of a chain has done.
pub(crate) type Done = [u16; MAX_CHAIN];

/// The operators and the tensors of a model.
pub(crate) trait Program {
    /// The number of operators.
    fn operators(&self) -> u16;

    /// What a plan needs to know of the operator at an index.
    fn node(&self, index: u16) -> Option<Node>;

    /// The tensor at an index: 0 is the input, the next one what the first operator makes.
    fn tensor(&self, index: u16) -> Option<TensorRecord>;

    /// Whether the input is still needed when all operators have run.
    fn keeps_input(&self) -> bool;
}

/// An operator as far as it matters where and when rows are made.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub operator: &'static Operator,
    pub inputs: [u16; 2],
    pub rows: Axis,
    pub upwards: bool,
}

impl Node {
    #[inline(always)]
    pub fn new(operator: &'static Operator, record: &OperatorRecord) -> Self {
        Self {
            operator,
            inputs: record.inputs,
            rows: record.rows,
            upwards: record.upwards,
        }
    }

    /// The rows of an input with so many that the step `step` reads, counted in the order in which they are made.
    pub fn rows_read(&self, [len, output_len]: [u16; 2], step: u16) -> Range<u16> {
        if !self.upwards {
            return self.operator.rows_read(self.rows, len, step);
        }
        let row = output_len.saturating_sub(1).saturating_sub(step);
        let rows = self.operator.rows_read(self.rows, len, row);
        len.saturating_sub(rows.end)..len.saturating_sub(rows.start)
    }
}

impl TensorRecord {
    /// The part of the arena that some rows take, counted in the order in which they are made, where memory holds those
    /// from `base` on.
    pub(crate) fn rows(&self, upwards: bool, rows: &Range<u16>, base: u16) -> Option<Range<usize>> {
        let held = self.rows_held();
        let (mut start, mut end) = (rows.start.checked_sub(base)?, rows.end.checked_sub(base)?);
        if upwards {
            (start, end) = (held.checked_sub(end)?, held.checked_sub(start)?);
        }
        let row_len = self.shape.row_len() as usize;
        let at = |row: u16| (self.at as usize).checked_add(row_len.checked_mul(row.into())?);
        Some(at(start)?..at(end)?)
    }
}

/// Operators that work together row by row; most are alone.
#[derive(Clone, Copy)]
pub(crate) struct Chain {
    pub first: u16,
    pub last: u16,
}

impl Chain {
    /// The chain that begins with an operator. `None` after the last one.
    pub fn from(program: &impl Program, first: u16) -> Option<Self> {
        let mut last = first;
        while program.tensor(last.checked_add(1)?)?.held > 0 {
            last += 1;
        }
        Some(Self { first, last })
    }

    /// The operator that runs next, when each has done so many rows: the last one, or one whose rows it lacks.
    pub fn next(self, program: &impl Program, done: &Done) -> Option<u16> {
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
    fn lacking(self, program: &impl Program, done: &Done, index: u16) -> Option<Option<u16>> {
        if self.first == self.last {
            return Some(None);
        }
        let step = *done.get(self.place(index))?;
        let node = program.node(index)?;
        for tensor in node.inputs.into_iter().filter(|&tensor| self.joins(tensor)) {
            let made = *done.get(self.place(tensor - 1))?;
            if made < rows_needed(program, tensor, index, step)? {
                return Some(Some(tensor - 1));
            }
        }
        Some(None)
    }

    /// Whether a tensor is made and read by operators of the chain.
    fn joins(self, tensor: u16) -> bool {
        tensor > self.first && tensor <= self.last
    }

    /// The place of an operator in [`Done`].
    pub fn place(self, index: u16) -> usize {
        usize::from(index - self.first)
    }
}

/// How many rows of a tensor an operator that reads it needs for a step.
fn rows_needed(program: &impl Program, tensor: u16, index: u16, step: u16) -> Option<u16> {
    let lens = [tensor, index + 1].map(|tensor| Some(program.tensor(tensor)?.shape.rows));
    let [Some(len), Some(output_len)] = lens else {
        return None;
    };
    Some(program.node(index)?.rows_read([len, output_len], step).end)
}

/// Why a plan is none, and the tensor that is at fault.
pub(crate) type Refusal = (Fault, u16);

/// Checks all tensors of a program whose operators fit them.
#[inline(never)] // What it needs is not on the stack during other checks.
pub(crate) fn check(program: &impl Program) -> Result<(), Refusal> {
    let output = program.operators();
    let is_held = |record: TensorRecord| record.held > 0;
    if program.tensor(output).is_none_or(is_held) {
        return Err((Fault::Held, output));
    }
    for tensor in 0..output {
        let last = last_reader(program, tensor).ok_or((Fault::Unread, tensor))?;
        let may_be_held = may_be_held(program, tensor, last).unwrap_or(false);
        if program.tensor(tensor).is_some_and(is_held) && !may_be_held {
            return Err((Fault::Held, tensor));
        }
    }
    for tensor in 0..output {
        if let Some(other) = overwriting(program, tensor) {
            return Err((Fault::Overlap, other));
        }
    }
    Ok(())
}

/// The first tensor that is written where another one is still needed.
#[inline(never)] // As above.
fn overwriting(program: &impl Program, tensor: u16) -> Option<u16> {
    let record = program.tensor(tensor)?;
    let mut last = last_reader(program, tensor)?;
    if tensor == 0 && program.keeps_input() {
        last = program.operators();
    }
    let mut chain = chain_of(program, tensor)?;
    while chain.first <= last {
        for maker in chain.first.max(tensor)..=chain.last {
            let dies = record.held == 0 && maker == chain.last && last <= chain.last;
            let other = program.tensor(maker + 1)?.place();
            let is_free = are_apart(&record.place(), &other)
                || dies && is_read_in_time(program, tensor, chain).unwrap_or(false);
            if !is_free {
                return Some(maker + 1);
            }
        }
        chain = Chain::from(program, chain.last + 1)?;
    }
    None
}

fn are_apart<T: PartialOrd>(one: &Range<T>, other: &Range<T>) -> bool {
    one.end <= other.start || other.end <= one.start
}

/// The operators that read a tensor.
fn readers(program: &impl Program, tensor: u16) -> impl DoubleEndedIterator<Item = u16> {
    (tensor..program.operators()).filter(move |&index| {
        let node = program.node(index);
        node.is_some_and(|node| node.inputs.contains(&tensor))
    })
}

/// The first operator that reads a tensor.
fn first_reader(program: &impl Program, tensor: u16) -> Option<u16> {
    readers(program, tensor).next()
}

/// The last operator that reads a tensor.
fn last_reader(program: &impl Program, tensor: u16) -> Option<u16> {
    readers(program, tensor).next_back()
}

/// The chain that an operator is part of.
fn chain_of(program: &impl Program, index: u16) -> Option<Chain> {
    let mut first = index;
    while first > 0 && program.tensor(first)?.held > 0 {
        first -= 1;
    }
    Chain::from(program, first)
}

/// Whether a tensor may be held in part: it is not the input, one operator of its chain alone reads it, works in the same
/// direction, and never reads more rows for a step than there are in memory.
#[inline(never)] // As above.
fn may_be_held(program: &impl Program, tensor: u16, last: u16) -> Option<bool> {
    let (record, output) = (program.tensor(tensor)?, program.tensor(last + 1)?);
    let (maker, reader) = (program.node(tensor.checked_sub(1)?)?, program.node(last)?);
    let chain = chain_of(program, tensor)?;
    let lens = [record.shape.rows, output.shape.rows];
    let fits = |step| reader.rows_read(lens, step).len() <= record.held.into();
    Some(
        last <= chain.last
            && first_reader(program, tensor) == Some(last)
            && maker.upwards == reader.upwards
            && usize::from(chain.last - chain.first) < MAX_CHAIN
            && (0..output.shape.rows).all(fits),
    )
}

/// Whether a chain has read each row of a tensor, for the last time, before it writes where that lies.
fn is_read_in_time(program: &impl Program, tensor: u16, chain: Chain) -> Option<bool> {
    let mut in_time = true;
    each_write(program, tensor, chain, |written, unread| {
        in_time &= are_apart(&written, &unread);
    })?;
    Some(in_time)
}

/// Shows `visit` for each row of the output of a chain where it is written, and where rows of a tensor lie that an operator
/// of the chain still reads then. Of the rows of the chain's own tensors are as many made as it takes.
pub(crate) fn each_write(
    program: &impl Program,
    tensor: u16,
    chain: Chain,
    mut visit: impl FnMut(Range<usize>, Range<usize>),
) -> Option<()> {
    let output = program.tensor(chain.last + 1)?;
    let upwards = program.node(chain.last)?.upwards;
    let mut done = Done::default();
    for row in 0..output.shape.rows {
        *done.get_mut(chain.place(chain.last))? = row;
        for index in (chain.first..chain.last).rev() {
            let reader = first_reader(program, index + 1)?;
            let steps = *done.get(chain.place(reader))?;
            // The last operator is about to do its step, the others have done theirs.
            if let Some(step) = steps.checked_sub((reader < chain.last).into()) {
                let made = done.get_mut(chain.place(index))?;
                *made = (*made).max(rows_needed(program, index + 1, reader, step)?);
            }
        }
        let written = output.rows(upwards, &(row..row + 1), 0)?;
        for index in chain.first..=chain.last {
            let step = *done.get(chain.place(index))?;
            let unread = unread(program, tensor, index, step, index == chain.last)?;
            if !unread.is_empty() {
                visit(written.clone(), unread);
            }
        }
    }
    Some(())
}

/// The part of the arena where rows of a tensor lie that an operator still reads when it is at this step; it `writes` the
/// row of that step now, or it has yet to come.
fn unread(
    program: &impl Program,
    tensor: u16,
    index: u16,
    step: u16,
    writes: bool,
) -> Option<Range<usize>> {
    let node = program.node(index)?;
    let (input, output) = (program.tensor(tensor)?, program.tensor(index + 1)?);
    let [reads_first, reads_second] = node.inputs.map(|input| input == tensor);
    // What changes in place has been copied to where it is written.
    let step = step + u16::from(writes && node.operator.in_place && !reads_second);
    if !(reads_first || reads_second) || step >= output.shape.rows {
        return Some(0..0);
    }
    let len = input.shape.rows;
    let rows = node.rows_read([len, output.shape.rows], step);
    input.rows(node.upwards, &(rows.start..len), 0)
}
