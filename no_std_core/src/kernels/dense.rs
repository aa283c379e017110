//! The dense layer: every output is a weighted sum of all inputs.

use super::Kernel;
use super::twin::{self, UNITS};
use crate::error::Fault;
use crate::format::{Axis, KIND_DENSE, LayerRecord};
use crate::model::Layer;

pub(super) const KERNEL: Kernel = Kernel {
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

fn step(layer: &Layer<'_>, input: &[i8], index: usize, output: &mut [i8]) {
    let zero_point = layer.record().input_zero_point;
    let mut first = index * 2 * UNITS;
    for outputs in output.chunks_mut(UNITS) {
        let mut sums = [0; UNITS];
        for (sum, bias) in sums.iter_mut().zip(layer.biases(first)) {
            *sum = bias;
        }
        let weights = layer.weights_from(first, 0);
        twin::add_products(input, zero_point, weights, &mut sums);
        for ((output, requantize), sum) in
            outputs.iter_mut().zip(layer.requantizers(first)).zip(sums)
        {
            *output = requantize(sum);
        }
        first += UNITS;
    }
}
