//! The dense layer: every output is a weighted sum of all inputs.

use super::backend::Backend;
use super::operator::{Operands, Operator, Reach, Sizes, ensure};
use super::rows::Rows;
use crate::error::Fault;
use crate::format::KIND_DENSE;

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_DENSE,
        name: "dense",
        check_second: None,
        reach: Reach::Whole,
        check,
        sizes: |operands| {
            Sizes::channels(&operands.output(), operands.input().shape.elements() as u32)
        },
        rows_at_once: |_, _| 1,
        spends: |_, _| false,
        step: step::<B>,
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_without_windows()?;
    let output = operands.output().shape;
    let flat = (output.rows, output.columns) == (1, 1);
    ensure(flat, Fault::Shape, Operands::OUTPUT)
}

fn step<B: Backend>(operands: &Operands<'_>, rows: Rows<'_>, _: u16) -> Option<()> {
    let ([input, _], output) = rows.apart()?;
    let units = operands.filters(0, output.len());
    B::dense(input, operands.input().zero_point, &units, output);
    Some(())
}
