//! `OneHot` along a new last axis (<https://onnx.ai/onnx/operators/onnx__OneHot.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, Tensor, TensorType};

/// The operator.
pub static ONE_HOT: Operator = Operator {
    name: "OneHot",
    infer,
    gradient: Gradient::Zero,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    if inputs[0].element() != ElementType::I64 {
        return Err("expected I64 class indices".into());
    }
    let [depth] = inputs[1].integers()?[..] else {
        return Err("expected one number of classes".into());
    };
    let shape: Vec<usize> = inputs[0]
        .shape()
        .iter()
        .copied()
        .chain([depth as usize])
        .collect();
    Ok(TensorType::f32(&shape))
}

impl Graph {
    /// For each index a row of `classes` zeros with a one at the index.
    pub fn one_hot(&mut self, indices: ValueId, classes: usize) -> Result<ValueId, GraphError> {
        let depth = self.constant(Tensor::vector(&[classes as i64]));
        let off_and_on = self.constant(ndarray::arr1(&[0.0f32, 1.0]).into());
        let attributes = Attributes::none().integer("axis", -1);
        self.apply(&ONE_HOT, &[indices, depth, off_and_on], attributes)
    }
}
