//! The dense layer: every output is a weighted sum of all inputs.

use super::backend::{Backend, Sums, UNITS};
use super::operator::{Operands, Operator, Reach, Sizes, ensure};
use crate::error::Fault;
use crate::format::KIND_DENSE;

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_DENSE,
        name: "dense",
        check_second: None,
        reach: Reach::Whole,
        in_place: false,
        check,
        sizes: |operands| {
            Sizes::channels(&operands.output(), operands.input().shape.elements() as u32)
        },
        step: step::<B>,
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_without_windows()?;
    let output = operands.output().shape;
    let flat = (output.rows, output.columns) == (1, 1);
    ensure(flat, Fault::Shape, Operands::OUTPUT)
}

fn step<B: Backend>(operands: &Operands<'_>, [input, _]: [&[i8]; 2], _: u16, output: &mut [i8]) {
    let mut first = 0;
    for outputs in output.chunks_mut(UNITS) {
        let mut sums = [0; UNITS];
        for (sum, bias) in sums.iter_mut().zip(operands.biases(first)) {
            *sum = bias;
        }
        let weights = operands.weights_from(first, 0);
        B::add_products(input, operands.input().zero_point, weights, &mut sums);
        let sums = Sums {
            values: sums.get(..outputs.len()).unwrap_or_default(),
            group: 1,
            lanes: 1,
        };
        let multipliers = operands.multipliers(first);
        B::requantize(&sums, multipliers, operands.output().zero_point, outputs, 1);
        first += UNITS;
    }
}
