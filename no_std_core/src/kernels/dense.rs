//! The dense layer: every output is a weighted sum of all inputs.

use super::{Kernel, dot};
use crate::error::Fault;
use crate::format::{KIND_DENSE, LayerRecord, Window};
use crate::model::Layer;

/// Units that one step computes.
const UNITS: usize = 8;

pub(crate) const KERNEL: Kernel = Kernel {
    kind: KIND_DENSE,
    name: "dense",
    check,
    channel_weights: |layer| layer.input.elements(),
    multiply_adds: |layer| layer.input.elements().saturating_mul(layer.output.elements()),
    step_len: |_| UNITS,
    step,
};

fn check(layer: &LayerRecord) -> Result<(), (Fault, u32)> {
    if layer.window != Window::default() {
        return Err((Fault::Window, LayerRecord::WINDOW_AT));
    }
    if (layer.output.rows, layer.output.columns) != (1, 1) {
        return Err((Fault::Output, LayerRecord::OUTPUT_AT));
    }
    Ok(())
}

fn step(layer: &Layer<'_>, input: &[i8], index: usize, output: &mut [i8]) {
    let zero_point = layer.record().input_zero_point;
    let units = layer.channels(index * UNITS);
    for (logit, unit) in output.iter_mut().zip(units) {
        let acc = unit.bias + dot(input, unit.weights, zero_point);
        *logit = layer.requantize(acc, unit.multiplier);
    }
}
