//! The channels of two tensors side by side.

use super::backend::Backend;
use super::operator::{Operands, Operator, Reach, Sizes, check_second, ensure};
use super::rows::Rows;
use crate::error::Fault;
use crate::format::{KIND_CONCATENATE, Shape};

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_CONCATENATE,
        name: "concatenate",
        check_second: Some(check_second),
        reach: Reach::Row,
        check,
        sizes: |_| Sizes::default(),
        rows_at_once: |operation, step| operation.pointwise_rows(step),
        spends: |_, _| false,
        step: step::<B>,
    }
}

/// That the output begins with the channels of the first input and means the same; [`check_second`] compares the inputs.
fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_without_windows()?;
    let (input, output) = (operands.input().shape, operands.output().shape);
    let same = Shape {
        channels: input.channels,
        ..output
    };
    let wider = output.channels > input.channels;
    ensure(input == same && wider, Fault::Shape, Operands::OUTPUT)?;
    operands.check_same_meaning()
}

fn step<B: Backend>(operands: &Operands<'_>, rows: Rows<'_>, _: u16) -> Option<()> {
    let ([one, other], output) = rows.apart()?;
    let [all, first] = [operands.output(), operands.input()].map(|t| usize::from(t.shape.channels));
    let second = all.saturating_sub(first).max(1);
    let places = output.chunks_mut(all.max(1));
    let values = one.chunks(first.max(1)).zip(other.chunks(second));
    for (place, (one, other)) in places.zip(values) {
        if let Some((left, right)) = place.split_at_mut_checked(first) {
            B::copy(left, one);
            B::copy(right, other);
        }
    }
    Some(())
}
