//! The sum of two tensors: of a value and another one a table says what they become.

use super::backend::Backend;
use super::operator::{Operands, Operator, Reach, Sizes, check_second, ensure};
use super::rows::Rows;
use crate::error::Fault;
use crate::format::{KIND_ADD, SUM_ENTRIES};

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_ADD,
        name: "add",
        check_second: Some(check_second),
        reach: Reach::Row,
        check,
        sizes: |_| Sizes::table(SUM_ENTRIES),
        rows_at_once: |operation, step| operation.pointwise_rows(step),
        spends: |is_second, _| !is_second,
        step: step::<B>,
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_without_windows()?;
    let same = operands.input().shape == operands.output().shape;
    ensure(same, Fault::Shape, Operands::OUTPUT)
}

fn step<B: Backend>(operands: &Operands<'_>, rows: Rows<'_>, _: u16) -> Option<()> {
    let (other, output) = rows.in_place()?;
    B::add(output, other, operands.table()?);
    Some(())
}
