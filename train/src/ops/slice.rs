//! `Slice` with positive steps (<https://onnx.ai/onnx/operators/onnx__Slice.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{Tensor, TensorType};

/// The operator. No gradient flows through it: gradient rules use it, and what parameters are read from.
pub static SLICE: Operator = Operator {
    name: "Slice",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 5)?;
    let [starts, ends, axes, steps] = [1, 2, 3, 4].map(|index| inputs[index].integers());
    let (starts, ends, axes, steps) = (starts?, ends?, axes?, steps?);
    let mut tensor_type = inputs[0].tensor_type.clone();
    if [starts.len(), ends.len(), steps.len()] != [axes.len(); 3] {
        return Err("expected a start, an end and a step for each axis".into());
    }
    for (index, &axis) in axes.iter().enumerate() {
        let (start, end, step) = (starts[index], ends[index], steps[index]);
        let size = inputs[0].shape().get(axis as usize).copied().unwrap_or(0) as i64;
        if !(0 <= start && start < end && end <= size && step > 0) {
            return Err(format!(
                "range {start}..{end} by {step} does not fit size {size} of axis {axis}"
            ));
        }
        tensor_type.shape[axis as usize] = ((end - start - 1) / step + 1) as usize;
    }
    Ok(tensor_type)
}

/// A range of positions along an axis.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    /// First position.
    pub start: usize,
    /// Position behind the last one.
    pub end: usize,
    /// Distance between positions.
    pub step: usize,
}

impl Graph {
    /// Cuts ranges out of the last two axes of `x`, rows first.
    pub fn crop(&mut self, x: ValueId, ranges: [Range; 2]) -> Result<ValueId, GraphError> {
        let rank = self.shape(x).len();
        let mut numbers =
            |values: [usize; 2]| self.constant(Tensor::vector(&values.map(|value| value as i64)));
        let starts = numbers(ranges.map(|range| range.start));
        let ends = numbers(ranges.map(|range| range.end));
        let axes = numbers([rank - 2, rank - 1]);
        let steps = numbers(ranges.map(|range| range.step));
        self.apply(&SLICE, &[x, starts, ends, axes, steps], Attributes::none())
    }
}
