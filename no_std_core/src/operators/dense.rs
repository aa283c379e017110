//! The dense layer: every output is a weighted sum of all inputs.

use super::backend::{self, UNITS};
use super::operator::{Operands, Operator};
use crate::error::Fault;
use crate::format::{Axis, KIND_DENSE, LayerRecord};

pub(super) const OPERATOR: Operator = Operator {
    kind: KIND_DENSE,
    name: "dense",
    check,
    channel_weights: |layer| layer.input.elements(),
    multiply_adds: |layer| {
        layer
            .input
            .elements()
            .saturating_mul(layer.output.elements())
    },
    step_len: |_| 2 * UNITS,
    step,
};

fn check(layer: &LayerRecord) -> Result<(), (Fault, usize)> {
    if layer.rows != Axis::default() {
        return Err((Fault::Window, LayerRecord::ROWS_AT));
    }
    if layer.columns != Axis::default() {
        return Err((Fault::Window, LayerRecord::COLUMNS_AT));
    }
    if (layer.output.rows, layer.output.columns) != (1, 1) {
        return Err((Fault::Output, LayerRecord::OUTPUT_AT));
    }
    Ok(())
}

fn step(operands: &Operands<'_>, input: &[i8], index: usize, output: &mut [i8]) {
    let zero_point = operands.record.input_zero_point;
    let mut first = index * 2 * UNITS;
    for outputs in output.chunks_mut(UNITS) {
        let mut sums = [0; UNITS];
        for (sum, bias) in sums.iter_mut().zip(operands.biases(first)) {
            *sum = bias;
        }
        let weights = operands.weights_from(first, 0);
        backend::add_products(input, zero_point, weights, &mut sums);
        for ((output, requantize), sum) in outputs
            .iter_mut()
            .zip(operands.requantizers(first))
            .zip(sums)
        {
            *output = requantize(sum);
        }
        first += UNITS;
    }
}
