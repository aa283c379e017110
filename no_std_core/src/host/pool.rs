//! The maximum and the mean over windows, sixteen channels at a time.

use super::channels::store;
use super::simd::{LANES, Simd};
use crate::format::{KIND_MAX_POOL, OperatorRecord, TensorRecord};
use crate::operators::Operands;

/// What becomes of the values of a window.
pub(super) struct Pool {
    record: OperatorRecord,
    input: TensorRecord,
    output: TensorRecord,
    /// What makes a sum a mean.
    multiplier: f32,
}

/// Where the places of a window lie in the input, and how many there are: of each row the first value.
struct Places {
    start: usize,
    rows: usize,
    row_len: usize,
    columns: usize,
    channels: usize,
}

impl Pool {
    pub fn new(operands: &Operands<'_>) -> Self {
        let record = operands.record();
        Self {
            record,
            input: operands.input(),
            output: operands.output(),
            multiplier: if record.kind == KIND_MAX_POOL {
                0.0
            } else {
                operands.multiplier(0)
            },
        }
    }

    /// Makes the output of the input.
    #[inline(always)]
    pub fn run<S: Simd>(&self, simd: S, input: &[i8], output: &mut [i8]) {
        let shape = self.output.shape;
        let channels = usize::from(shape.channels);
        let places = (0..shape.rows).flat_map(|row| (0..shape.columns).map(move |c| [row, c]));
        for (place, output) in places.zip(output.chunks_exact_mut(channels)) {
            let places = self.places(place);
            for first in (0..channels).step_by(LANES) {
                let values = if self.record.kind == KIND_MAX_POOL {
                    places.max(&input[first..])
                } else {
                    self.mean(simd, &places, &input[first..])
                };
                let output = &mut output[first..];
                store(&values, LANES.min(output.len()), output);
            }
        }
    }

    /// The places that the window for a place of the output covers.
    fn places(&self, [row, column]: [u16; 2]) -> Places {
        let shape = self.input.shape;
        let rows = self.record.rows.covered(shape.rows, row);
        let columns = self.record.columns.covered(shape.columns, column);
        let (channels, row_len) = (usize::from(shape.channels), shape.row_len() as usize);
        Places {
            start: usize::from(rows.start) * row_len + usize::from(columns.start) * channels,
            rows: rows.len(),
            row_len,
            columns: columns.len(),
            channels,
        }
    }

    /// The means of sixteen channels; padding counts as zeros.
    #[inline(always)]
    fn mean<S: Simd>(&self, simd: S, places: &Places, values: &[i8]) -> [i8; LANES] {
        let count = places.rows * places.columns;
        // The check of the model has seen that no sum overflows.
        let count = i32::try_from(count).unwrap_or(0);
        let mut sums = [-count * i32::from(self.input.zero_point); LANES];
        places.each(values, |values| {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += i32::from(value);
            }
        });
        let sums = simd.load(&S::ORDER.map(|channel| sums[channel]));
        simd.requantize(sums, &[self.multiplier; LANES], self.output.zero_point)
    }
}

impl Places {
    /// The greatest values of sixteen channels.
    #[inline(always)]
    fn max(&self, values: &[i8]) -> [i8; LANES] {
        let mut greatest = [i8::MIN; LANES];
        self.each(values, |values| {
            for (greatest, value) in greatest.iter_mut().zip(values) {
                *greatest = value.max(*greatest);
            }
        });
        greatest
    }

    /// Shows the values of sixteen channels in each place; those of fewer come with any others.
    #[inline(always)]
    fn each(&self, values: &[i8], mut show: impl FnMut([i8; LANES])) {
        for row in 0..self.rows {
            let mut at = self.start + row * self.row_len;
            for _ in 0..self.columns {
                let values = &values[at..];
                show(values.first_chunk().copied().unwrap_or_else(|| {
                    // Fewer channels, at the end of the input.
                    let mut all = [0; LANES];
                    all[..values.len()].copy_from_slice(values);
                    all
                }));
                at += self.channels;
            }
        }
    }
}
