//! The convolution that has a kernel for each channel, and knows nothing of the others.

use super::backend::{Backend, Channel};
use super::operator::{Operands, Operator, Reach, Sizes};
use crate::error::Fault;
use crate::format::KIND_DEPTHWISE;

/// Windows of a channel that are summed at a time.
const BLOCK: usize = 32;

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_DEPTHWISE,
        name: "depthwise",
        inputs: 1,
        reach: Reach::Windows,
        in_place: false,
        check,
        sizes: |record, [_, output]| {
            let kernel = u64::from(record.rows.kernel) * u64::from(record.columns.kernel);
            Sizes::channels(output, kernel)
        },
        step: step::<B>,
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_pool()
}

fn step<B: Backend>(operands: &Operands<'_>, [input, _]: [&[i8]; 2], row: u16, output: &mut [i8]) {
    let (record, shape) = (operands.record(), operands.input().shape);
    let channels = usize::from(shape.channels);
    let covered = record.rows.covered(shape.rows, row);
    // Rows of the window above the input have weights, too.
    let above = u32::from(record.rows.pad_begin).saturating_sub(record.rows.start(row));
    let skipped = above as usize * usize::from(record.columns.kernel);
    for (index, (bias, requantizer)) in operands.biases(0).zip(operands.requantizers(0)).enumerate()
    {
        let mut channel = Channel {
            values: input,
            index,
            channels,
            zero_point: operands.input().zero_point,
            rows: covered.len(),
            columns: shape.columns.into(),
            kernel: record.columns.kernel.into(),
            stride: record.columns.stride.into(),
            first: -usize::from(record.columns.pad_begin).cast_signed(),
        };
        let weights = operands.weights_from(index, skipped);
        for places in output.chunks_mut(BLOCK * channels.max(1)) {
            let mut sums = [bias; BLOCK];
            let sums = sums.get_mut(..places.len() / channels.max(1));
            let sums = sums.unwrap_or_default();
            B::add_channel(&channel, weights, sums);
            let values = places.iter_mut().skip(index).step_by(channels.max(1));
            for (value, &sum) in values.zip(&*sums) {
                *value = requantizer.requantize(sum);
            }
            channel.first += (BLOCK * channel.stride).cast_signed();
        }
    }
}
