//! A plan while it is chosen.

use alloc::vec::Vec;

use super::{Chain, Program, first_reader, last_reader};
use crate::format::{
    Contents, MAX_ELEMENTS, NO_TENSOR, OPERATOR_LEN, OperatorRecord, OutputKind, TENSOR_LEN,
    TensorRecord,
};
use crate::operators::Operators;
use crate::operators::backend::Native;

/// Operators and tensors of a model that has no plan yet: everything is held as a whole and starts at 0.
pub struct Draft {
    pub operators: Vec<[u8; OPERATOR_LEN]>,
    pub tensors: Vec<[u8; TENSOR_LEN]>,
    /// The last operator that reads a tensor.
    pub last_readers: Vec<Option<usize>>,
    pub keeps_input: bool,
}

impl Draft {
    /// `None` if operators are unknown or read what has not been made before them, or a tensor is too large.
    pub fn of(contents: &Contents) -> Option<Self> {
        let operators = contents.operators.iter().map(|operator| {
            let downwards = OperatorRecord {
                upwards: false,
                ..operator.record
            };
            downwards.encode()
        });
        let tensors = contents.tensors().map(|tensor| {
            let whole = TensorRecord {
                held: 0,
                at: 0,
                ..*tensor
            };
            let fits = tensor.shape.elements() <= MAX_ELEMENTS.into();
            fits.then(|| whole.encode())
        });
        let mut draft = Self {
            operators: operators.collect(),
            tensors: tensors.collect::<Option<_>>()?,
            last_readers: Vec::new(),
            keeps_input: contents.output == OutputKind::Reconstruction,
        };
        let count = draft.operators.len();
        let last_readers = (0..=count).map(|tensor| last_reader(&draft.program(), tensor));
        draft.last_readers = last_readers.collect();
        let are_sound = (0..count).all(|index| draft.is_sound(index));
        are_sound.then_some(draft)
    }

    /// Whether an operator is known and reads what has been made before it.
    fn is_sound(&self, index: usize) -> bool {
        self.program().node(index).is_some_and(|node| {
            let [first, second] = node.record().inputs;
            let is_made = |input| usize::from(input) <= index;
            is_made(first) && (is_made(second) || second == NO_TENSOR)
        })
    }

    pub fn program(&self) -> Program<'_> {
        Program {
            tensors: &self.tensors,
            operators: &self.operators,
            known: Operators::<Native>::ALL,
        }
    }

    pub fn tensor(&self, index: usize) -> Option<TensorRecord> {
        self.program().tensor(index)
    }

    /// Says how many rows of a tensor are held, 0 for all.
    pub fn hold(&mut self, tensor: usize, held: u8) -> Option<()> {
        let record = self.tensors.get_mut(tensor)?;
        let held = TensorRecord {
            held,
            ..TensorRecord::decode(record)
        };
        *record = held.encode();
        Some(())
    }

    /// Says in which direction operators work.
    pub fn direct(&mut self, Chain { first, last }: Chain, upwards: bool) {
        for record in &mut self.operators[first..=last] {
            let directed = OperatorRecord {
                upwards,
                ..OperatorRecord::decode(record)
            };
            *record = directed.encode();
        }
    }

    /// Bytes of a tensor of which so many rows are held, 0 for all.
    pub fn bytes(&self, tensor: usize, held: u8) -> Option<i64> {
        let tensor = self.tensor(tensor)?;
        i64::try_from(TensorRecord { held, ..tensor }.end()).ok()
    }

    /// Holds as few rows of a tensor as the operator reads that does. `None` if those are all, or several do.
    pub fn hold_in_part(&mut self, tensor: usize) -> Option<()> {
        let program = self.program();
        let reader = first_reader(&program, tensor)?;
        if self.last_readers[tensor] != Some(reader) {
            return None;
        }
        let steps = 0..program.tensor(reader + 1)?.shape.rows;
        let rows = steps.map(|step| program.rows_read(tensor, reader, step).len());
        let held = u8::try_from(rows.max()?).ok()?;
        if u16::from(held) >= program.tensor(tensor)?.shape.rows {
            return None;
        }
        self.hold(tensor, held)
    }
}
