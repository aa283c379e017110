//! `Concat` along the second axis (<https://onnx.ai/onnx/operators/onnx__Concat.html>).

use super::{Attributes, Gradient, Operator};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator; only what follows from gradients uses it.
pub static CONCAT: Operator = Operator {
    name: "Concat",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    let Some(first) = inputs.first().filter(|first| first.shape().len() > 1) else {
        return Err("expected tensors of at least two axes".into());
    };
    let mut result = first.tensor_type.clone();
    result.shape[1] = 0;
    for input in inputs {
        result.shape[1] += input.shape().get(1).copied().unwrap_or(0);
        let mut other = input.tensor_type.clone();
        if let Some(channels) = other.shape.get_mut(1) {
            *channels = first.shape()[1];
        }
        if other != *first.tensor_type {
            return Err("expected types that differ in the second axis only".into());
        }
    }
    Ok(result)
}

impl Graph {
    /// Joins tensors `[N, C, ...]` along their second axis.
    pub fn concat(&mut self, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        self.apply(&CONCAT, inputs, Attributes::none().integer("axis", 1))
    }
}
