//! A function of one value: a table says what each becomes.

use super::operator::{Operands, Operator, Reach, Sizes, ensure};
use super::rows::Rows;
use crate::error::Fault;
use crate::format::{KIND_TABLE, VALUE_ENTRIES};
use crate::prepare::quantize_pixel;

pub(super) const OPERATOR: Operator = Operator {
    kind: KIND_TABLE,
    name: "table",
    check_second: None,
    reach: Reach::Row,
    check,
    sizes: |_| Sizes::table(VALUE_ENTRIES),
    rows_at_once: |operation, step| operation.pointwise_rows(step),
    spends: |is_second, _| !is_second,
    step,
};

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_without_windows()?;
    let same = operands.input().shape == operands.output().shape;
    ensure(same, Fault::Shape, Operands::OUTPUT)
}

fn step(operands: &Operands<'_>, rows: Rows<'_>, _: u16) -> Option<()> {
    let (_, output) = rows.in_place()?;
    let table = operands.table::<VALUE_ENTRIES>()?;
    for value in output {
        // The entry of -128 is the first.
        let index = quantize_pixel(value.cast_unsigned()).cast_unsigned();
        *value = table[usize::from(index)].cast_signed();
    }
    Some(())
}
