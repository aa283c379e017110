//! The channels of two tensors side by side.

use super::backend::Backend;
use super::operator::{Operands, Operator, Reach, Sizes, Step, check_second, ensure};
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
        step: Step::Apart(step::<B>),
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

fn step<B: Backend>(operands: &Operands<'_>, [one, other]: [&[i8]; 2], _: u16, output: &mut [i8]) {
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
}
