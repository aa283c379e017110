//! The memory of a run.

use alloc::vec::Vec;

use super::conversion::Conversion;
use super::padding::Padding;

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
