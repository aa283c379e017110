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
use crate::format::{MAX_CHAIN, OPERATOR_LEN, OperatorRecord, TENSOR_LEN, TensorRecord};
use crate::operators::Operator;

#[cfg(feature = "write")]
mod choose;

/// Rows that each operator of a chain has done.
pub(crate) type Done = [u16; MAX_CHAIN];

/// The operators and the tensors of a model, as its file has them.
#[derive(Clone)]
pub(crate) struct Program<'a> {
    /// The input first, then what each operator makes.
    pub tensors: &'a [[u8; TENSOR_LEN]],
    pub operators: &'a [[u8; OPERATOR_LEN]],
    /// The operators that it may run with.
    pub known: &'static [&'static Operator],
}

/// An operator, and its record.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub operator: &'static Operator,
    pub record: &'a [u8; OPERATOR_LEN],
}

impl<'a> Program<'a> {
    /// The number of operators.
    pub fn operators(&self) -> u16 {
        self.operators.len() as u16
    }

    /// The tensor at an index: 0 is the input, the next one what the first operator makes.
    #[inline(always)]
    pub fn tensor(&self, index: u16) -> Option<TensorRecord> {
        self.tensors
            .get(usize::from(index))
            .map(TensorRecord::decode)
    }

    /// The operator at an index. `None` if there are fewer, or it is none of those that are known.
    #[inline(never)]
    pub fn node(&self, index: u16) -> Option<Node<'a>> {
        let record = self.operators.get(usize::from(index))?;
        let kind = OperatorRecord::decode(record).kind;
        let mut known = self.known.iter();
        let operator = known.find(|operator| operator.kind == kind)?;
        Some(Node { operator, record })
    }

    /// The number of rows of a tensor.
    fn rows(&self, tensor: u16) -> u16 {
        self.tensor(tensor).map_or(0, |tensor| tensor.shape.rows)
    }

    /// The rows of a tensor that the operator at `index` reads for a step, counted in the order in which they are made.
    #[inline(never)]
    fn rows_read(&self, tensor: u16, index: u16, step: u16) -> Range<u16> {
        let lens = [self.rows(tensor), self.rows(index + 1)];
        self.node(index)
            .map_or(0..0, |node| node.rows_read(lens, step))
    }
}

impl Node<'_> {
    #[inline(always)]
    pub fn record(&self) -> OperatorRecord {
        OperatorRecord::decode(self.record)
    }

    /// The rows of an input with so many that the step `step` reads, counted in the order in which they are made.
    pub fn rows_read(&self, [len, output_len]: [u16; 2], step: u16) -> Range<u16> {
        let OperatorRecord { rows, upwards, .. } = self.record();
        let row = if upwards {
            output_len.saturating_sub(1).saturating_sub(step)
        } else {
            step
        };
        let rows = self.operator.rows_read(rows, len, row);
        if upwards {
            len.saturating_sub(rows.end)..len.saturating_sub(rows.start)
        } else {
            rows
        }
    }
}

/// The part of the arena that some rows of a tensor take, counted in the order in which they are made, where memory holds
/// those from `base` on.
#[inline(never)]
pub(crate) fn place_of(
    tensor: &[u8; TENSOR_LEN],
    upwards: bool,
    rows: Range<u16>,
    base: u16,
) -> Range<usize> {
    let tensor = TensorRecord::decode(tensor);
    let (mut start, mut end) = (
        rows.start.saturating_sub(base),
        rows.end.saturating_sub(base),
    );
    if upwards {
        let held = tensor.rows_held();
        (start, end) = (held.saturating_sub(end), held.saturating_sub(start));
    }
    // The last row ends where a u32 can say.
    let at = |row: u16| (tensor.at + tensor.shape.row_len() * u32::from(row)) as usize;
    at(start)..at(end)
}

/// Operators that work together row by row; most are alone.
#[derive(Clone, Copy)]
pub(crate) struct Chain {
    pub first: u16,
    pub last: u16,
}

impl Chain {
    /// The chain that begins with an operator.
    pub fn from(program: &Program<'_>, first: u16) -> Self {
        let mut last = first;
        while is_held(program, last + 1) {
            last += 1;
        }
        Self { first, last }
    }

    /// The chain that an operator is part of.
    fn of(program: &Program<'_>, index: u16) -> Self {
        let mut first = index;
        while first > 0 && is_held(program, first) {
            first -= 1;
        }
        Self::from(program, first)
    }

    /// The operator that runs next, when each has done so many rows: the last one, or one whose rows it lacks.
    pub fn next(self, program: &Program<'_>, done: &Done) -> Option<u16> {
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
    fn lacking(self, program: &Program<'_>, done: &Done, index: u16) -> Option<Option<u16>> {
        if self.first == self.last {
            return Some(None);
        }
        let step = *done.get(self.place(index))?;
        let [first, second] = program.node(index)?.record().inputs;
        for tensor in [first, second] {
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
    fn joins(self, tensor: u16) -> bool {
        tensor > self.first && tensor <= self.last
    }

    /// The place of an operator in [`Done`].
    pub fn place(self, index: u16) -> usize {
        usize::from(index - self.first)
    }
}

/// Whether a tensor is held in part.
fn is_held(program: &Program<'_>, tensor: u16) -> bool {
    program.tensor(tensor).is_some_and(|record| record.held > 0)
}

/// Why a plan is none, and the tensor that is at fault.
pub(crate) type Refusal = (Fault, u16);

/// Checks all tensors of a program whose operators fit them, and whose input may still be needed when all have run.
#[inline(never)] // What it needs is not on the stack during other checks.
pub(crate) fn check(program: &Program<'_>, keeps_input: bool) -> Result<(), Refusal> {
    let output = program.operators();
    if is_held(program, output) {
        return Err((Fault::Held, output));
    }
    for tensor in 0..output {
        let last = last_reader(program, tensor).ok_or((Fault::Unread, tensor))?;
        if is_held(program, tensor) && !may_be_held(program, tensor, last).unwrap_or(false) {
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
fn overwriting(program: &Program<'_>, tensor: u16, last: u16) -> Option<u16> {
    let record = program.tensor(tensor)?;
    for maker in tensor..program.operators() {
        let other = program.tensor(maker + 1)?;
        // After the last operator of a chain the rows of all others have been read.
        let ends_chain = other.held == 0;
        let dies = record.held == 0 && ends_chain && last <= maker;
        let is_free = are_apart(&record.place(), &other.place())
            || dies && is_read_in_time(program, tensor, maker).unwrap_or(false);
        if !is_free {
            return Some(maker + 1);
        }
        if ends_chain && last <= maker {
            break;
        }
    }
    None
}

fn are_apart<T: PartialOrd>(one: &Range<T>, other: &Range<T>) -> bool {
    one.end <= other.start || other.end <= one.start
}

/// The first operator that reads a tensor.
fn first_reader(program: &Program<'_>, tensor: u16) -> Option<u16> {
    let later = program.operators.get(usize::from(tensor)..)?;
    let index = later.iter().position(|record| reads(record, tensor))?;
    Some(tensor + index as u16)
}

/// The last operator that reads a tensor.
fn last_reader(program: &Program<'_>, tensor: u16) -> Option<u16> {
    let later = program.operators.get(usize::from(tensor)..)?;
    let index = later.iter().rposition(|record| reads(record, tensor))?;
    Some(tensor + index as u16)
}

fn reads(record: &[u8; OPERATOR_LEN], tensor: u16) -> bool {
    let [first, second] = OperatorRecord::decode(record).inputs;
    first == tensor || second == tensor
}

/// Whether a tensor may be held in part: it is not the input, one operator of its chain alone reads it, works in the same
/// direction, and never reads more rows for a step than there are in memory.
#[inline(never)] // As above.
fn may_be_held(program: &Program<'_>, tensor: u16, last: u16) -> Option<bool> {
    let (record, output) = (program.tensor(tensor)?, program.tensor(last + 1)?);
    let (maker, reader) = (program.node(tensor.checked_sub(1)?)?, program.node(last)?);
    let chain = Chain::of(program, tensor);
    let fits = |step| program.rows_read(tensor, last, step).len() <= record.held.into();
    Some(
        last <= chain.last
            && first_reader(program, tensor) == Some(last)
            && maker.record().upwards == reader.record().upwards
            && usize::from(chain.last - chain.first) < MAX_CHAIN
            && (0..output.shape.rows).all(fits),
    )
}

/// Whether the chain that ends with an operator has read each row of a tensor, for the last time, before it writes where
/// that lies.
fn is_read_in_time(program: &Program<'_>, tensor: u16, last: u16) -> Option<bool> {
    let mut in_time = true;
    each_write(
        program,
        tensor,
        Chain::of(program, last),
        |written, unread| {
            in_time &= are_apart(&written, &unread);
        },
    )?;
    Some(in_time)
}

/// Shows `visit` for each row of the output of a chain where it is written, and where rows of a tensor lie that an operator
/// of the chain still reads then.
pub(crate) fn each_write(
    program: &Program<'_>,
    tensor: u16,
    chain: Chain,
    mut visit: impl FnMut(Range<usize>, Range<usize>),
) -> Option<()> {
    let output = program.tensors.get(usize::from(chain.last) + 1)?;
    let upwards = program.node(chain.last)?.record().upwards;
    let mut done = Done::default();
    for row in 0..program.rows(chain.last + 1) {
        loop {
            let index = chain.next(program, &done)?;
            if index == chain.last {
                break;
            }
            *done.get_mut(chain.place(index))? += 1;
        }
        let written = place_of(output, upwards, row..row + 1, 0);
        for index in chain.first..chain.last + 1 {
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
    tensor: u16,
    index: u16,
    step: u16,
    writes: bool,
) -> Option<Range<usize>> {
    let node = program.node(index)?;
    let [first, second] = node.record().inputs;
    // What changes in place has been copied to where it is written.
    let step = step + u16::from(writes && node.operator.in_place && second != tensor);
    if first != tensor && second != tensor || step >= program.rows(index + 1) {
        return Some(0..0);
    }
    let rows = program.rows_read(tensor, index, step).start..program.rows(tensor);
    let record = program.tensors.get(usize::from(tensor))?;
    Some(place_of(record, node.record().upwards, rows, 0))
}
