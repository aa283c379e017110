//! Operators that take elements by their positions, or make positions of them.

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, TensorType};

/// Along an axis; only gradient rules and inputs without a gradient use it.
pub static GATHER: Operator = Operator {
    name: "Gather",
    infer: gathered,
    gradient: Gradient::Missing,
};

fn gathered(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 2)?;
    shape::expect(inputs[1], &[ElementType::I64], inputs[1].shape().len())?;
    let axis = attributes.get_integer("axis", 0) as usize;
    let shape = inputs[0].shape();
    let Some(&size) = shape.get(axis) else {
        return Err(format!(
            "expected an axis below {}, found {axis}",
            shape.len()
        ));
    };
    let constant = inputs[1].integers().unwrap_or_default();
    let is_beyond = |index: &&i64| !(0..size as i64).contains(*index);
    if let Some(index) = constant.iter().find(is_beyond) {
        return Err(format!("expected indices below {size}, found {index}"));
    }
    let picked = [&shape[..axis], inputs[1].shape(), &shape[axis + 1..]].concat();
    Ok(TensorType::new(inputs[0].element(), &picked))
}

/// With positive steps. No gradient flows through it: gradient rules use it, and what parameters are read from.
pub static SLICE: Operator = Operator {
    name: "Slice",
    infer: sliced,
    gradient: Gradient::Missing,
};

fn sliced(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
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
    pub start: usize,
    /// Position behind the last one.
    pub end: usize,
    pub step: usize,
}

impl Range {
    /// All positions before `end`.
    pub fn up_to(end: usize) -> Self {
        Self {
            start: 0,
            end,
            step: 1,
        }
    }
}

/// Along a new last axis.
pub static ONE_HOT: Operator = Operator {
    name: "OneHot",
    infer: one_hot,
    gradient: Gradient::Zero,
};

fn one_hot(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    if inputs[0].element() != ElementType::I64 {
        return Err("expected I64 class indices".into());
    }
    let [depth] = inputs[1].sizes()?[..] else {
        return Err("expected one number of classes".into());
    };
    Ok(TensorType::f32(&[inputs[0].shape(), &[depth]].concat()))
}

impl Graph {
    /// The slices of `x` along `axis` at `indices`, which must be below its size; their shape takes the axis's place.
    pub fn gather(
        &mut self,
        x: ValueId,
        indices: ValueId,
        axis: usize,
    ) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none().integer("axis", axis as i64);
        self.apply(&GATHER, &[x, indices], attributes)
    }

    /// Cuts ranges out of the last two axes of `x`, rows first.
    pub fn crop(&mut self, x: ValueId, ranges: [Range; 2]) -> Result<ValueId, GraphError> {
        let rank = self.shape(x).len();
        let starts = self.sizes(&ranges.map(|range| range.start));
        let ends = self.sizes(&ranges.map(|range| range.end));
        let axes = self.sizes(&[rank - 2, rank - 1]);
        let steps = self.sizes(&ranges.map(|range| range.step));
        self.apply(&SLICE, &[x, starts, ends, axes, steps], Attributes::none())
    }

    /// Cuts a range out of one axis of `x`.
    pub fn slice(&mut self, x: ValueId, axis: usize, range: Range) -> Result<ValueId, GraphError> {
        let operands = [range.start, range.end, axis, range.step];
        let [start, end, axis, step] = operands.map(|size| self.sizes(&[size]));
        self.apply(&SLICE, &[x, start, end, axis, step], Attributes::none())
    }

    /// For each index a row of `classes` zeros with a one at the index.
    pub fn one_hot(&mut self, indices: ValueId, classes: usize) -> Result<ValueId, GraphError> {
        let depth = self.sizes(&[classes]);
        let off_and_on = self.constant(ndarray::arr1(&[0.0f32, 1.0]).into());
        let attributes = Attributes::none().integer("axis", -1);
        self.apply(&ONE_HOT, &[indices, depth, off_and_on], attributes)
    }
}
