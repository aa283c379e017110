//! The convolution that has a kernel for each channel, and knows nothing of the others.

use super::backend::{Backend, Channels, Sums};
use super::operator::{Operands, Operator, Reach, Sizes};
use super::rows::Rows;
use crate::error::Fault;
use crate::format::{KIND_DEPTHWISE, TENSOR_LEN, TensorRecord};

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
        rows_at_once: |_, _| 1,
        spends,
        step: step::<B>,
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_pool()
}

/// If a row is not longer than what is summed at once, it may lie on what it is made of, channel on channel: of a channel all
/// has been read then.
fn spends(_: bool, records: [&[u8; TENSOR_LEN]; 2]) -> bool {
    let [input, output] = records.map(TensorRecord::decode);
    let channels = u32::from(output.shape.channels);
    let distance = input.at.abs_diff(output.at);
    usize::from(output.shape.columns) <= WINDOWS && distance.is_multiple_of(channels)
}

fn step<B: Backend>(operands: &Operands<'_>, rows: Rows<'_>, row: u16) -> Option<()> {
    let Rows {
        memory,
        inputs: [input, _],
        output,
    } = rows;
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
            let channels = Channels {
                values: memory.get(input.start + channel..input.end)?,
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
            let outputs = memory.get_mut(begin + channel..output.end)?;
            B::requantize(&sums, multipliers, zero_point, outputs, place);
        }
        first += (WINDOWS * usize::from(record.columns.stride)).cast_signed();
    }
    Some(())
}
