//! The maximum over windows. Padding is never the greatest.

use super::operator::{Operands, Operator, Reach, Sizes};
use super::rows::Rows;
use super::windows::Covered;
use crate::error::Fault;
use crate::format::KIND_MAX_POOL;

pub(super) const OPERATOR: Operator = Operator {
    kind: KIND_MAX_POOL,
    name: "max pool",
    check_second: None,
    reach: Reach::Windows,
    check,
    sizes: |_| Sizes::default(),
    rows_at_once: |_, _| 1,
    spends: |_, _| false,
    step,
};

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_pool()?;
    operands.check_same_meaning()
}

fn step(operands: &Operands<'_>, rows: Rows<'_>, row: u16) -> Option<()> {
    let ([input, _], output) = rows.apart()?;
    let channels = usize::from(operands.output().shape.channels).max(1);
    for (column, place) in (0..).zip(output.chunks_mut(channels)) {
        place.fill(i8::MIN);
        for values in Covered::of(operands, input, [row, column]) {
            for (greatest, &value) in place.iter_mut().zip(values) {
                *greatest = value.max(*greatest);
            }
        }
    }
    Some(())
}
