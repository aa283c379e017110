//! The dense layer: every output is a weighted sum of all inputs.

use super::{Kernel, dot};
use crate::error::Fault;
use crate::format::{Axis, KIND_DENSE, LayerRecord};
use crate::model::Layer;

/// Units that one step computes.
const UNITS: usize = 8;

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
    step_len: |_| UNITS,
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
    let record = layer.record();
    let units = layer.channels(index.saturating_mul(UNITS));
    for (value, unit) in output.iter_mut().zip(units) {
        let acc = unit.bias + dot(input, unit.weights, record.input_zero_point);
        *value = unit.multiplier.requantize(acc, record.output_zero_point);
    }
}
