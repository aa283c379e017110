//! One operator of a model.

use core::ops::Range;

use crate::format::{KIND_CONVOLUTION, OperatorRecord, TENSOR_LEN, TensorRecord};
use crate::operators::{Operands, Operator, Rows, form, window_room};
use crate::plan::{Node, are_apart, place_of};

/// Places of rows that are made at once.
const PLACES: u16 = 64;

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

    /// The form of a convolution: [`PLACES`](crate::PLACES), [`TILES`](crate::TILES) or [`OTHERS`](crate::OTHERS). Of other
    /// operators 0.
    pub fn form(&self) -> u8 {
        match self.operator.kind {
            KIND_CONVOLUTION => form(&self.operands),
            _ => 0,
        }
    }

    /// The room that a window of a convolution takes, in values: a tenth more than it has unless it is a point. Of other
    /// operators 0.
    pub fn window(&self) -> usize {
        match self.operator.kind {
            KIND_CONVOLUTION => window_room(&self.operands),
            _ => 0,
        }
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

    /// See [`Operator::rows_at_once`], for pointwise operators: some short rows, unless they lie where what they are made of does.
    pub(crate) fn pointwise_rows(&self, step: u16) -> u16 {
        let shape = self.output().shape;
        let most = PLACES.checked_div(shape.columns).unwrap_or(0);
        let most = most.min(shape.rows.saturating_sub(step));
        if most <= 1 || !self.operator.is_pointwise(self.operands.record) {
            return 1;
        }
        let steps = step..step + most;
        let written = place_of(self.operands.output, self.operands.record, steps.clone());
        let mut sources = self.sources(&steps).into_iter();
        let free = sources.all(|source| source.is_empty() || are_apart(&source, &written));
        if free { most } else { 1 }
    }

    /// Where in the arena the rows lie that some steps read, of each input. Only pointwise operators make several at once.
    pub(crate) fn sources(&self, steps: &Range<u16>) -> [Range<usize>; 2] {
        let source = |tensor| self.source(tensor, steps);
        [
            source(self.operands.input),
            self.second.map_or(0..0, source),
        ]
    }

    fn source(&self, record: &[u8; TENSOR_LEN], steps: &Range<u16>) -> Range<usize> {
        let lens = [
            TensorRecord::decode(record).shape.rows,
            self.output().shape.rows,
        ];
        let node = Node {
            operator: self.operator,
            record: self.operands.record,
        };
        let rows = if steps.len() == 1 {
            node.rows_read(lens, steps.start)
        } else {
            steps.clone()
        };
        place_of(record, node.record, rows)
    }

    /// Computes the rows of the output that belong to some steps, where they are `written` in the arena, from the rows of the
    /// inputs that are read. `None` if they are not all inside.
    pub(crate) fn step(
        &self,
        arena: &mut [i8],
        written: Range<usize>,
        steps: &Range<u16>,
    ) -> Option<()> {
        let rows = Rows {
            memory: arena,
            inputs: self.sources(steps),
            output: written,
        };
        (self.operator.step)(&self.operands, rows, self.row(steps.start))
    }

    /// The row of the output, counted from the top, that belongs to a step.
    #[inline(always)]
    pub(crate) fn row(&self, step: u16) -> u16 {
        let last = self.output().shape.rows.saturating_sub(1);
        if self.record().upwards {
            last.saturating_sub(step)
        } else {
            step
        }
    }
}
