//! The convolution, and the maximum over tiles of its output where the layer has one.
//!
//! The maximum is taken over the accumulators: requantising never changes their order, so it is the maximum of the int8
//! values as well. The convolution's own output is never stored, and of each tile one value is requantised.

use super::{Kernel, dot};
use crate::error::Fault;
use crate::format::{Axis, KIND_CONVOLUTION, LayerRecord};
use crate::model::Layer;

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
    check_axis(layer.rows, layer.input.rows, layer.output.rows, LayerRecord::ROWS_AT)?;
    check_axis(layer.columns, layer.input.columns, layer.output.columns, LayerRecord::COLUMNS_AT)
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
    layer.output.elements().saturating_mul(tile).saturating_mul(channel_weights(layer))
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
            let mut maxima = [i32::MIN; BLOCK];
            for down in tile(record.rows, row, record.input.rows) {
                for right in tile(record.columns, column, record.input.columns) {
                    let patch = Patch { input, record, down, right };
                    for (maximum, filter) in maxima.iter_mut().zip(filters.clone()) {
                        *maximum = (*maximum).max(filter.bias + patch.dot(filter.weights));
                    }
                }
            }
            for ((output, filter), maximum) in outputs.iter_mut().zip(filters).zip(maxima) {
                *output = filter.multiplier.requantize(maximum, record.output_zero_point);
            }
        }
    }
}

/// The kernel's places in the tile at `index` along one axis.
fn tile(axis: Axis, index: usize, input: u16) -> impl Iterator<Item = Span> {
    let first = index as i32 * i32::from(axis.pool);
    (first..first + i32::from(axis.pool)).map(move |place| Span::new(axis, place, input))
}

/// The part of a kernel's place that lies inside the input, along one axis; padding adds nothing to the sum.
#[derive(Clone, Copy)]
struct Span {
    /// Its first index in the kernel.
    kernel: usize,
    /// Its first index in the input.
    input: usize,
    len: usize,
}

impl Span {
    fn new(axis: Axis, place: i32, input: u16) -> Self {
        let start = place * i32::from(axis.stride) - i32::from(axis.pad_begin);
        let begin = (-start).max(0);
        let end = i32::from(axis.kernel).min(i32::from(input) - start);
        Self { kernel: begin as usize, input: (start + begin) as usize, len: (end - begin).max(0) as usize }
    }

    /// These parts of an input row and a kernel row with `channels` values at each place.
    fn cut<'a>(self, input: &'a [i8], kernel: &'a [u8], channels: usize) -> (&'a [i8], &'a [u8]) {
        let len = self.len * channels;
        (part(input, self.input * channels, len), part(kernel, self.kernel * channels, len))
    }
}
