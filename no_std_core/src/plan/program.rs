//! What a plan is about: operators, tensors, and the rows that they make and read.

use core::ops::Range;

use crate::format::{OPERATOR_LEN, OperatorRecord, TENSOR_LEN, TensorRecord};
use crate::operators::Operator;

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
    /// The tensor at an index: 0 is the input, the next one what the first operator makes.
    #[inline(always)]
    pub fn tensor(&self, index: usize) -> Option<TensorRecord> {
        self.tensors.get(index).map(TensorRecord::decode)
    }

    /// The operator at an index. `None` if there are fewer, or it is none of those that are known.
    #[inline(never)]
    pub fn node(&self, index: usize) -> Option<Node<'a>> {
        let record = self.operators.get(index)?;
        let kind = OperatorRecord::decode(record).kind;
        let mut known = self.known.iter();
        let operator = known.find(|operator| operator.kind == kind)?;
        Some(Node { operator, record })
    }

    /// Whether a tensor is held in part.
    pub(super) fn is_held(&self, tensor: usize) -> bool {
        self.tensor(tensor).is_some_and(|record| record.held > 0)
    }

    /// The number of rows of a tensor.
    pub(super) fn rows(&self, tensor: usize) -> u16 {
        self.tensor(tensor).map_or(0, |tensor| tensor.shape.rows)
    }

    /// The rows of a tensor that the operator at `index` reads for a step, counted in the order in which they are made.
    #[inline(never)]
    pub(super) fn rows_read(&self, tensor: usize, index: usize, step: u16) -> Range<u16> {
        let lens = [self.rows(tensor), self.rows(index + 1)];
        let node = self.node(index);
        node.map_or(0..0, |node| node.rows_read(lens, step))
    }

    /// Whether the operator at an index reads a tensor.
    pub(super) fn reads(&self, index: usize, tensor: usize) -> bool {
        self.operators
            .get(index)
            .is_some_and(|record| reads(record, tensor))
    }
}

impl Node<'_> {
    #[inline(always)]
    pub fn record(&self) -> OperatorRecord {
        OperatorRecord::decode(self.record)
    }

    /// The rows of an input with so many that the step `step` reads, counted in the order in which they are made.
    pub fn rows_read(&self, [len, output_len]: [u16; 2], step: u16) -> Range<u16> {
        if !self.record().upwards {
            return self.rows_covered(len, step);
        }
        let row = output_len.saturating_sub(1).saturating_sub(step);
        let rows = self.rows_covered(len, row);
        len.saturating_sub(rows.end)..len.saturating_sub(rows.start)
    }

    /// The rows of an input with so many that the row `row` of the output is made of.
    #[inline(never)]
    fn rows_covered(&self, len: u16, row: u16) -> Range<u16> {
        self.operator.rows_read(self.record().rows, len, row)
    }
}

/// Whether an operator reads a tensor.
pub(super) fn reads(operator: &[u8; OPERATOR_LEN], tensor: usize) -> bool {
    let [first, second] = OperatorRecord::decode(operator).inputs;
    usize::from(first) == tensor || usize::from(second) == tensor
}

/// The part of the arena that some rows of a tensor take, counted in the order in which the operator makes or reads them. Of
/// one that is held in part there are no later ones.
#[inline(never)]
pub(crate) fn place_of(
    tensor: &[u8; TENSOR_LEN],
    operator: &[u8; OPERATOR_LEN],
    rows: Range<u16>,
) -> Range<usize> {
    let tensor = TensorRecord::decode(tensor);
    let held = tensor.rows_held();
    let before = rows.end.saturating_sub(held);
    let (mut start, mut end) = (rows.start.saturating_sub(before), rows.end - before);
    if OperatorRecord::decode(operator).upwards {
        (start, end) = (held - end, held.saturating_sub(start));
    }
    // The last row ends where a u32 can say.
    let at = |row: u16| (tensor.at + tensor.shape.row_len() * u32::from(row)) as usize;
    at(start)..at(end)
}
