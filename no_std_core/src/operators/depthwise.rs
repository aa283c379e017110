//! The convolution that has a kernel for each channel, and knows nothing of the others.

use super::backend::{Backend, Channels, Sums};
use super::operator::{Operands, Operator, Reach, Sizes};
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
        in_place: false,
        check,
        sizes: |operands| {
            let record = operands.record();
            let kernel = u32::from(record.rows.kernel) * u32::from(record.columns.kernel);
            Sizes::channels(&operands.output(), kernel)
        },
        step: step::<B>,
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_pool()
}

fn step<B: Backend>(operands: &Operands<'_>, [input, _]: [&[i8]; 2], row: u16, output: &mut [i8]) {
    let (record, shape) = (operands.record(), operands.input().shape);
    let place = usize::from(shape.channels).max(1);
    // Rows of the window above the input have weights, too.
    let above = u32::from(record.rows.pad_begin).saturating_sub(record.rows.start(row));
    let skipped = above as usize * usize::from(record.columns.kernel);
    let mut channels = Channels {
        values: input,
        place,
        columns: shape.columns.into(),
        zero_point: operands.input().zero_point,
        rows: record.rows.covered(shape.rows, row).len(),
        kernel: record.columns.kernel.into(),
        stride: record.columns.stride.into(),
        windows: 0,
        first: -usize::from(record.columns.pad_begin).cast_signed(),
        weights: &[],
        weights_len: operands.channel_weights,
    };
    let mut sums = [0; SUMS];
    for places in output.chunks_mut(WINDOWS * place) {
        let windows = (places.len() / place).max(1);
        channels.windows = windows;
        let block = SUMS / windows;
        for begin in (0..place).step_by(block.max(1)) {
            channels.values = input.get(begin..).unwrap_or_default();
            channels.weights = operands.weights_from(begin, skipped);
            let mut len = 0;
            let rows = sums.chunks_exact_mut(windows);
            for (sums, bias) in rows.zip(operands.biases(begin)) {
                if let Some(first) = sums.first_mut() {
                    *first = bias;
                }
                len += sums.len();
            }
            let sums = sums.get_mut(..len).unwrap_or_default();
            B::add_channels(&channels, sums);
            let sums = Sums {
                values: sums,
                group: windows,
                lanes: windows,
            };
            let multipliers = operands.multipliers(begin);
            let zero_point = operands.output().zero_point;
            let outputs = places.get_mut(begin..).unwrap_or_default();
            B::requantize(&sums, multipliers, zero_point, outputs, place);
        }
        channels.first += (WINDOWS * channels.stride).cast_signed();
    }
}
