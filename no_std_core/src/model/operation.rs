//! One operator of a model.

use core::ops::Range;

use crate::format::{OperatorRecord, TENSOR_LEN, TensorRecord};
use crate::operators::{Operands, Operator};
use crate::plan::{Node, place_of};

/// A step of a model's program: an operator, and what it works with.
#[derive(Clone)]
pub struct Operation<'a> {
    pub(crate) operator: &'static Operator,
    pub(crate) operands: Operands<'a>,
    pub(crate) second: Option<&'a [u8; TENSOR_LEN]>,
}

impl Operation<'_> {
    /// What people call the operator: "convolution".
    pub fn name(&self) -> &'static str {
        self.operator.name
    }

    /// Kind, inputs and windows.
    #[inline(always)]
    pub fn record(&self) -> OperatorRecord {
        self.operands.record()
    }

    /// The first tensor that it reads.
    pub fn input(&self) -> TensorRecord {
        self.operands.input()
    }

    /// The tensor that it makes.
    #[inline(always)]
    pub fn output(&self) -> TensorRecord {
        self.operands.output()
    }

    /// Bytes of the file that its weights, biases, multipliers and tables take.
    pub fn flash_len(&self) -> u64 {
        self.sizes().bytes().into_iter().map(u64::from).sum()
    }

    /// Multiplications that it takes; [`u64::MAX`] if they are more.
    pub fn multiply_adds(&self) -> u64 {
        let (record, sizes) = (self.record(), self.sizes());
        if sizes.biases == 0 {
            return 0;
        }
        let tile = u64::from(record.rows.pool.max(1)) * u64::from(record.columns.pool.max(1));
        let windows = self.output().shape.elements().saturating_mul(tile);
        windows.saturating_mul(sizes.weights.into())
    }

    fn sizes(&self) -> crate::operators::Sizes {
        (self.operator.sizes)(&self.operands)
    }

    /// Where in the arena the rows lie that a step reads, of each input.
    pub(crate) fn sources(&self, step: u16) -> [Range<usize>; 2] {
        let source = |tensor| self.source(tensor, step);
        [
            source(self.operands.input),
            self.second.map_or(0..0, source),
        ]
    }

    fn source(&self, record: &[u8; TENSOR_LEN], step: u16) -> Range<usize> {
        let lens = [
            TensorRecord::decode(record).shape.rows,
            self.output().shape.rows,
        ];
        let node = Node {
            operator: self.operator,
            record: self.operands.record,
        };
        place_of(record, node.record, node.rows_read(lens, step))
    }

    /// Computes the row of the output that belongs to a step from the rows of the inputs that it reads.
    pub(crate) fn step(&self, inputs: [&[i8]; 2], step: u16, output: &mut [i8]) {
        let last = self.output().shape.rows.saturating_sub(1);
        let row = if self.record().upwards {
            last.saturating_sub(step)
        } else {
            step
        };
        (self.operator.step)(&self.operands, inputs, row, output);
    }
}
