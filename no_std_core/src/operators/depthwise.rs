//! The convolution that has a kernel for each channel, and knows nothing of the others.

use core::ops::Range;

use super::backend::{Backend, Channels, Sums};
use super::operator::{Operands, Operator, Reach, Sizes, Step};
use crate::error::Fault;
use crate::format::KIND_DEPTHWISE;

/// Sums that are worked on at a time, and of how many windows at most.
const SUMS: usize = 160;
const WINDOWS: usize = 48;

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_DEPTHWISE,
        name: "depthwise",
        check_second: None,
        reach: Reach::Windows,
        check,
        sizes: |operands| {
            let record = operands.record();
            let kernel = u32::from(record.rows.kernel) * u32::from(record.columns.kernel);
            Sizes::channels(&operands.output(), kernel)
        },
        step: Step::ByChannel {
            most: WINDOWS as u16,
            step: step::<B>,
        },
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_pool()
}

fn step<B: Backend>(
    operands: &Operands<'_>,
    memory: &mut [i8],
    [input, output]: [Range<usize>; 2],
    row: u16,
) {
    let (record, shape) = (operands.record(), operands.input().shape);
    let place = usize::from(shape.channels).max(1);
    // Rows of the window above the input have weights, too.
    let above = u32::from(record.rows.pad_begin).saturating_sub(record.rows.start(row));
    let skipped = above as usize * usize::from(record.columns.kernel);
    let rows = record.rows.covered(shape.rows, row).len();
    let mut first = -usize::from(record.columns.pad_begin).cast_signed();
    let mut sums = [0; SUMS];
    for begin in output.clone().step_by(WINDOWS * place) {
        let windows = WINDOWS.min((output.end - begin) / place).max(1);
        let block = SUMS / windows;
        for channel in (0..place).step_by(block.max(1)) {
            let mut len = 0;
            let rows_of_sums = sums.chunks_exact_mut(windows);
            for (sums, bias) in rows_of_sums.zip(operands.biases(channel)) {
                if let Some(first) = sums.first_mut() {
                    *first = bias;
                }
                len += sums.len();
            }
            let sums = sums.get_mut(..len).unwrap_or_default();
            let values = memory.get(input.start + channel..input.end);
            let channels = Channels {
                values: values.unwrap_or_default(),
                place,
                columns: shape.columns.into(),
                zero_point: operands.input().zero_point,
                rows,
                kernel: record.columns.kernel.into(),
                stride: record.columns.stride.into(),
                windows,
                first,
                weights: operands.weights_from(channel, skipped),
                weights_len: operands.channel_weights,
            };
            B::add_channels(&channels, sums);
            let sums = Sums {
                values: sums,
                group: windows,
                lanes: windows,
            };
            let multipliers = operands.multipliers(channel);
            let zero_point = operands.output().zero_point;
            let outputs = memory.get_mut(begin + channel..output.end);
            let outputs = outputs.unwrap_or_default();
            B::requantize(&sums, multipliers, zero_point, outputs, place);
        }
        first += (WINDOWS * usize::from(record.columns.stride)).cast_signed();
    }
}
