//! The memory of a run.

use alloc::vec::Vec;

use super::conversion::Conversion;
use super::padding::Padding;
use super::simd::LANES;
use super::windows::UNFOLDED;
use crate::format::{KIND_CONVOLUTION, KIND_DENSE, KIND_DEPTHWISE};
use crate::model::{Model, Operation};

/// What a run of a model needs besides the model: tensors, and one of them widened and padded.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Tensors that are needed at different times share one.
    pub(super) tensors: Vec<Vec<i8>>,
    pub(super) scratch: Scratch,
}

/// Room for an input as the inner loops want it.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    bytes: Converted<i8>,
    half_words: Converted<i16>,
}

/// An input among its padding, and windows over it one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Converted<V> {
    pub padded: Vec<V>,
    pub windows: Vec<V>,
}

impl Scratch {
    /// An input with its padding, converted, and room for windows over it.
    #[inline(always)]
    pub fn padded<C: Conversion>(
        &mut self,
        input: &[i8],
        padding: &Padding,
        zero_point: i8,
    ) -> (&[C::Value], &mut Vec<C::Value>) {
        let Converted { padded, windows } = C::Value::of(self);
        padded.clear();
        padded.resize(padding.len(), C::zero(zero_point));
        for (row, place) in input.chunks_exact(padding.row_len).zip(padding.rows()) {
            C::convert(row, zero_point, &mut padded[place]);
        }
        (padded, windows)
    }
}

/// A value of an input as the inner loops want it.
pub(super) trait Value: Copy + Default {
    fn of(scratch: &mut Scratch) -> &mut Converted<Self>;
}

impl Value for i8 {
    fn of(scratch: &mut Scratch) -> &mut Converted<Self> {
        &mut scratch.bytes
    }
}

impl Value for i16 {
    fn of(scratch: &mut Scratch) -> &mut Converted<Self> {
        &mut scratch.half_words
    }
}

/// At least as many bytes as an operator takes besides what grows with its tensors.
const OPERATOR: u64 = 2048;

/// Bytes that an engine takes for a model at most: whole tensors, one of them widened among its padding, where windows begin,
/// windows one behind the other, and weights, which are filled up. A file holds tensors in part, and one filter alone, so this
/// can be far more than its length and [`Model::arena_len`].
pub fn memory_len(model: &Model<'_>) -> u64 {
    let fixed = OPERATOR + model.input().shape.elements();
    let lens = model.operations().map(|operation| operator_len(&operation));
    lens.fold(fixed, u64::saturating_add)
}

/// Bytes of an operator, what it makes among them.
fn operator_len(operation: &Operation<'_>) -> u64 {
    let (record, input) = (operation.record(), operation.input().shape);
    let output = operation.output().shape;
    let [rows, columns] = [
        record.rows.padded(input.rows),
        record.columns.padded(input.columns),
    ];
    let padded = u64::from(rows) * u64::from(columns) * u64::from(input.channels);
    let tile = u64::from(record.rows.pool.max(1)) * u64::from(record.columns.pool.max(1));
    let places = u64::from(output.rows) * u64::from(output.columns) + tile;
    let (weights, window) = packed_len(operation);
    let windows = UNFOLDED as u64 * window;
    let values = 2 * padded
        .saturating_add(windows)
        .saturating_add(4 * LANES as u64);
    let lens = [4 * places, output.elements(), weights, OPERATOR];
    lens.into_iter().fold(values, u64::saturating_add)
}

/// Bytes of packed weights, with what belongs to each sixteen filters, and values of a window that is unfolded.
fn packed_len(operation: &Operation<'_>) -> (u64, u64) {
    /// At least as much as a block takes besides its weights.
    const BLOCK: u64 = 256;
    /// At least as many values as any instructions take at a time.
    const DEPTH: u64 = 4;
    let (record, lanes) = (operation.record(), LANES as u64);
    let [inputs, filters] =
        [operation.input(), operation.output()].map(|tensor| u64::from(tensor.shape.channels));
    let taps = u64::from(record.rows.kernel) * u64::from(record.columns.kernel);
    let (groups, filters, window) = match record.kind {
        KIND_CONVOLUTION => {
            let groups = u64::from(record.groups.max(1));
            (
                groups,
                filters / groups,
                taps * (inputs / groups).next_multiple_of(DEPTH),
            )
        }
        KIND_DENSE => (
            1,
            filters,
            operation.input().shape.elements().next_multiple_of(DEPTH),
        ),
        KIND_DEPTHWISE => (1, filters, taps.next_multiple_of(2)),
        _ => (0, 0, 0),
    };
    let filled = groups * filters.next_multiple_of(lanes);
    let blocks = filled / lanes;
    (
        filled.saturating_mul(window).saturating_add(blocks * BLOCK),
        window,
    )
}
