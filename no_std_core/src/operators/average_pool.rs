//! The mean over windows: a sum that one multiplier, which also divides by the size of the window, makes a value. Padding
//! counts as zeros.

use super::backend::Backend;
use super::operator::{Operands, Operator, Reach, Sizes, ensure};
use super::windows::Places;
use crate::error::Fault;
use crate::format::{KIND_AVERAGE_POOL, OperatorRecord};

/// Channels that are summed at a time.
const BLOCK: usize = 32;

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_AVERAGE_POOL,
        name: "average pool",
        inputs: 1,
        reach: Reach::Windows,
        in_place: false,
        check,
        sizes: |_, _| Sizes {
            multipliers: 1,
            ..Sizes::NONE
        },
        step: step::<B>,
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_pool()?;
    let OperatorRecord { rows, columns, .. } = operands.record();
    let places = u32::from(rows.kernel) * u32::from(columns.kernel);
    // No sum of so many values, nor of those less their zero points, overflows.
    ensure(places < 1 << 23, Fault::Window, OperatorRecord::ROWS_AT)
}

fn step<B: Backend>(operands: &Operands<'_>, [input, _]: [&[i8]; 2], row: u16, output: &mut [i8]) {
    let channels = usize::from(operands.output().shape.channels).max(1);
    let Some(requantizer) = operands.requantizers(0).next() else {
        return;
    };
    for (column, place) in (0..).zip(output.chunks_mut(channels)) {
        for (block, outputs) in place.chunks_mut(BLOCK).enumerate() {
            let mut sums = [0; BLOCK];
            let sums = sums.get_mut(..outputs.len()).unwrap_or_default();
            let mut places = 0;
            for values in Places::of(operands, input, [row, column]) {
                B::accumulate(sums, values.get(block * BLOCK..).unwrap_or_default());
                places += 1;
            }
            let zeros = places * i32::from(operands.input().zero_point);
            for (output, sum) in outputs.iter_mut().zip(sums) {
                *output = requantizer.requantize(*sum - zeros);
            }
        }
    }
}
