//! The convolution, and the maximum over tiles of its output where the layer has one.
//!
//! The maximum is taken over the sums: requantising never changes their order, so it is the maximum of the int8 values as
//! well. The convolution's own output is never stored, and of four windows one value is requantised.
//!
//! Windows are worked on four at a time: those of a tile, which make one place of the output, or four places where there
//! are no tiles. What they cover is laid out side by side once and meets all filters there.

use core::array;

use super::backend::{LANES, Patch};
use super::operator::{Operands, Operator};
use super::windows::{Staging, Window, Windows};
use crate::error::Fault;
use crate::format::{Axis, KIND_CONVOLUTION, LayerRecord};

/// Filters that share the work of laying out windows.
const BLOCK: usize = 32;

/// What the work on four windows needs besides them.
struct Scratch {
    patch: Patch,
    staging: Staging,
    /// The sums of each filter in the four windows.
    sums: [[i32; LANES]; BLOCK],
}

pub(super) const OPERATOR: Operator = Operator {
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

fn step(operands: &Operands<'_>, input: &[i8], row: usize, output: &mut [i8]) {
    let record = &operands.record;
    let windows = Windows::new(record, input, row);
    let mut scratch = Scratch::EMPTY;
    if (record.rows.pool, record.columns.pool) == (1, 1) {
        convolve(operands, &windows, &mut scratch, output);
    } else {
        convolve_and_pool(operands, &windows, &mut scratch, output);
    }
}

/// A row of the output with a window for each of its places.
fn convolve(
    operands: &Operands<'_>,
    windows: &Windows<'_>,
    scratch: &mut Scratch,
    output: &mut [i8],
) {
    let channels = usize::from(operands.record.output.channels).max(1);
    for (quad, places) in output.chunks_mut(LANES * channels).enumerate() {
        let last = (places.len() / channels).saturating_sub(1);
        let four = array::from_fn(|lane| windows.window(0, quad * LANES + lane.min(last)));
        for first in (0..channels).step_by(BLOCK) {
            let sums = scratch.sums(operands, windows, four, first);
            for (lane, place) in places.chunks_mut(channels).enumerate() {
                let outputs = place.get_mut(first..).unwrap_or_default().iter_mut();
                let sums = sums.iter().filter_map(|sums| sums.get(lane));
                for ((output, requantize), &sum) in
                    outputs.zip(operands.requantizers(first)).zip(sums)
                {
                    *output = requantize(sum);
                }
            }
        }
    }
}

/// A row of the output with a tile of windows for each of its places.
fn convolve_and_pool(
    operands: &Operands<'_>,
    windows: &Windows<'_>,
    scratch: &mut Scratch,
    output: &mut [i8],
) {
    let record = &operands.record;
    let channels = usize::from(record.output.channels).max(1);
    let width = usize::from(record.columns.pool);
    for (column, place) in output.chunks_mut(channels).enumerate() {
        for (block, outputs) in place.chunks_mut(BLOCK).enumerate() {
            let first = block * BLOCK;
            let rows = 0..usize::from(record.rows.pool);
            let columns = column * width..(column + 1) * width;
            let mut tile = rows.flat_map(|row| {
                columns
                    .clone()
                    .map(move |column| windows.window(row, column))
            });
            outputs.fill(i8::MIN);
            while let Some(mut window) = tile.next() {
                let four = array::from_fn(|lane| {
                    if lane > 0 {
                        // A tile with too few windows has its last one several times.
                        window = tile.next().unwrap_or(window);
                    }
                    window
                });
                let sums = scratch.sums(operands, windows, four, first);
                let requantizers = operands.requantizers(first);
                for ((output, requantize), &[a, b, c, d]) in
                    outputs.iter_mut().zip(requantizers).zip(sums)
                {
                    *output = requantize(a.max(b).max(c.max(d))).max(*output);
                }
            }
        }
    }
}

impl Scratch {
    /// A constant, which takes no second place on the stack while it is built.
    const EMPTY: Self = Self {
        patch: Patch::new(),
        staging: [0; Patch::LEN],
        sums: [[0; LANES]; BLOCK],
    };

    /// The sums of a block of filters, from `first` on, in four windows.
    fn sums(
        &mut self,
        operands: &Operands<'_>,
        windows: &Windows<'_>,
        four: [Window; LANES],
        first: usize,
    ) -> &[[i32; LANES]] {
        let mut filters = 0;
        for ([a, b, c, d], bias) in self.sums.iter_mut().zip(operands.biases(first)) {
            [*a, *b, *c, *d] = [bias; LANES];
            filters += 1;
        }
        let sums = self.sums.get_mut(..filters).unwrap_or_default();
        let len = operands.channel_weights;
        let zero_point = operands.record.input_zero_point;
        for part in windows
            .parts(len)
            .filter_map(|part| windows.trim(part, &four))
        {
            for (lane, &window) in four.iter().enumerate() {
                let values = windows.read(window, part, &mut self.staging);
                self.patch.set(lane, values, zero_point);
            }
            let weights = operands.weights_from(first, part.first);
            self.patch.add_products(part.len, weights, len, sums);
        }
        sums
    }
}
