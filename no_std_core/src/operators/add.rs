//! The sum of two tensors: of a value and another one a table says what they become.

use super::backend::Backend;
use super::operator::{Operands, Operator, Reach, Sizes, Step, check_second, ensure};
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
        step: Step::InPlace(step::<B>),
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_without_windows()?;
    let same = operands.input().shape == operands.output().shape;
    ensure(same, Fault::Shape, Operands::OUTPUT)
}

fn step<B: Backend>(operands: &Operands<'_>, [_, other]: [&[i8]; 2], _: u16, output: &mut [i8]) {
    if let Some(table) = operands.table() {
        B::add(output, other, table);
    }
}
