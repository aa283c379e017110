//! The mean over windows: a sum that one multiplier, which also divides by the size of the window, makes a value. Padding
//! counts as zeros.

use super::backend::{Backend, Places, Sums};
use super::operator::{Operands, Operator, Reach, Sizes, ensure};
use super::rows::Rows;
use crate::error::Fault;
use crate::format::{KIND_AVERAGE_POOL, OperatorRecord};

/// Channels that are summed at a time.
const BLOCK: usize = 32;

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_AVERAGE_POOL,
        name: "average pool",
        check_second: None,
        reach: Reach::Windows,
        check,
        sizes: |_| Sizes {
            multipliers: 1,
            ..Sizes::default()
        },
        rows_at_once: |_, _| 1,
        spends: |_, _| false,
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

fn step<B: Backend>(operands: &Operands<'_>, rows: Rows<'_>, row: u16) -> Option<()> {
    let ([input, _], output) = rows.apart()?;
    let (record, shape) = (operands.record(), operands.input().shape);
    let stride = usize::from(shape.channels).max(1);
    let rows = record.rows.covered(shape.rows, row).len();
    let zero_point = i32::from(operands.input().zero_point);
    for (column, place) in (0..).zip(output.chunks_mut(stride)) {
        let columns = record.columns.covered(shape.columns, column);
        // Rows that are covered from end to end are one.
        let [rows, count] = if columns.len() == usize::from(shape.columns) {
            [1, rows * columns.len()]
        } else {
            [rows, columns.len()]
        };
        // The check has seen that no sum overflows.
        let places = i32::try_from(rows * count).unwrap_or(0);
        for (block, outputs) in place.chunks_mut(BLOCK).enumerate() {
            let mut sums = [-places * zero_point; BLOCK];
            let sums = sums.get_mut(..outputs.len()).unwrap_or_default();
            let mut first = usize::from(columns.start) * stride + block * BLOCK;
            for _ in 0..rows {
                let places = Places {
                    values: input.get(first..).unwrap_or_default(),
                    stride,
                    count,
                };
                B::accumulate(sums, &places);
                first += usize::from(shape.columns) * stride;
            }
            // As one filter in so many windows, side by side.
            let sums = Sums {
                values: sums,
                group: outputs.len(),
                lanes: outputs.len(),
            };
            B::requantize(
                &sums,
                operands.multipliers,
                operands.output().zero_point,
                outputs,
                1,
            );
        }
    }
    Some(())
}
