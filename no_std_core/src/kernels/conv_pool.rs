//! The convolution, and the maximum over tiles of its output where the layer has one.
//!
//! The maximum is taken over the accumulators: requantising never changes their order, so it is the maximum of the int8
//! values as well. The convolution's own output is never stored, and of each tile one value is requantised.

use super::{Kernel, dot};
use crate::error::Fault;
use crate::format::{Axis, KIND_CONVOLUTION, LayerRecord};
use crate::model::{Channel, Layer};

/// Filters that share the work of finding a window in the input.
const BLOCK: usize = 8;

pub(super) const KERNEL: Kernel = Kernel {
    kind: KIND_CONVOLUTION,
    name: "convolution",
    check,
    channel_weights,
    multiply_adds,
    step_len,
    step,
};

fn check(layer: &LayerRecord) -> Result<(), (Fault, usize)> {
    check_axis(
        layer.rows,
        layer.input.rows,
        layer.output.rows,
        LayerRecord::ROWS_AT,
    )?;
    check_axis(
        layer.columns,
        layer.input.columns,
        layer.output.columns,
        LayerRecord::COLUMNS_AT,
    )
}

fn check_axis(axis: Axis, input: u16, output: u16, at: usize) -> Result<(), (Fault, usize)> {
    let expected = axis.output(input).ok_or((Fault::Window, at))?;
    if axis.pad_begin.max(axis.pad_end) >= axis.kernel {
        return Err((Fault::Padding, at));
    }
    if expected != u32::from(output) {
        return Err((Fault::Output, LayerRecord::OUTPUT_AT));
    }
    Ok(())
}

fn channel_weights(layer: &LayerRecord) -> u64 {
    u64::from(layer.rows.kernel) * u64::from(layer.columns.kernel) * u64::from(layer.input.channels)
}

fn multiply_adds(layer: &LayerRecord) -> u64 {
    let tile = u64::from(layer.rows.pool) * u64::from(layer.columns.pool);
    layer
        .output
        .elements()
        .saturating_mul(tile)
        .saturating_mul(channel_weights(layer))
}

/// One row of the output.
fn step_len(layer: &LayerRecord) -> usize {
    usize::from(layer.output.columns) * usize::from(layer.output.channels)
}

fn step(layer: &Layer<'_>, input: &[i8], row: usize, output: &mut [i8]) {
    let record = layer.record();
    let channels = usize::from(record.output.channels).max(1);
    for (column, place) in output.chunks_mut(channels).enumerate() {
        for (block, outputs) in place.chunks_mut(BLOCK).enumerate() {
            let filters = layer.channels(block * BLOCK);
            let maxima = maxima(record, input, [row, column], &filters);
            for ((output, filter), maximum) in outputs.iter_mut().zip(filters).zip(maxima) {
                *output = filter
                    .multiplier
                    .requantize(maximum, record.output_zero_point);
            }
        }
    }
}

/// The greatest sum that each of the first filters has in the tile of one place of the output.
fn maxima<'a>(
    layer: &LayerRecord,
    input: &[i8],
    [row, column]: [usize; 2],
    filters: &(impl Iterator<Item = Channel<'a>> + Clone),
) -> [i32; BLOCK] {
    let mut maxima = [i32::MIN; BLOCK];
    for rows in tile(layer.rows, row, layer.input.rows) {
        for columns in tile(layer.columns, column, layer.input.columns) {
            let patch = Patch {
                input,
                layer,
                rows,
                columns,
            };
            for (maximum, filter) in maxima.iter_mut().zip(filters.clone()) {
                *maximum = (*maximum).max(filter.bias + patch.dot(filter.weights));
            }
        }
    }
    maxima
}

/// The kernel's places in the tile at `index` along one axis.
fn tile(axis: Axis, index: usize, input: u16) -> impl Iterator<Item = Span> {
    let pool = usize::from(axis.pool);
    (index * pool..(index + 1) * pool).map(move |place| Span::new(axis, place, input))
}

/// What the kernel covers of the input along one axis.
#[derive(Clone, Copy)]
struct Span {
    kernel_begin: usize,
    input_begin: usize,
    len: usize,
}

impl Span {
    fn new(axis: Axis, place: usize, input: u16) -> Self {
        let pad = usize::from(axis.pad_begin);
        // Places count from the start of the padding.
        let begin = place * usize::from(axis.stride);
        let kernel_begin = pad.saturating_sub(begin);
        let kernel_end =
            usize::from(axis.kernel).min((usize::from(input) + pad).saturating_sub(begin));
        Self {
            kernel_begin,
            input_begin: begin.saturating_sub(pad),
            len: kernel_end.saturating_sub(kernel_begin),
        }
    }
}

/// What the kernel covers of the input. Padding, which it may cover too, adds nothing.
struct Patch<'a> {
    input: &'a [i8],
    layer: &'a LayerRecord,
    rows: Span,
    columns: Span,
}

impl Patch<'_> {
    fn dot(&self, filter: &[u8]) -> i32 {
        let channels = usize::from(self.layer.input.channels);
        let input_row = usize::from(self.layer.input.columns) * channels;
        let filter_row = usize::from(self.layer.columns.kernel) * channels;
        let len = self.columns.len * channels;
        let inputs = self
            .input
            .chunks(input_row.max(1))
            .skip(self.rows.input_begin);
        let weights = filter
            .chunks(filter_row.max(1))
            .skip(self.rows.kernel_begin);
        let rows = inputs.zip(weights).take(self.rows.len);
        rows.map(|(input, weights)| {
            let input = part(input, self.columns.input_begin * channels, len);
            let weights = part(weights, self.columns.kernel_begin * channels, len);
            dot(input, weights, self.layer.input_zero_point)
        })
        .sum()
    }
}

/// `len` values from `begin` on, which lie inside `values` in every call.
fn part<T>(values: &[T], begin: usize, len: usize) -> &[T] {
    values
        .get(begin..)
        .and_then(|rest| rest.get(..len))
        .unwrap_or_default()
}
