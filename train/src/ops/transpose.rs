//! `Transpose`: a permutation of the axes (<https://onnx.ai/onnx/operators/onnx__Transpose.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator.
pub static TRANSPOSE: Operator = Operator {
    name: "Transpose",
    infer,
    gradient: Gradient::Rule(|graph, node, dy| {
        let permutation = node.attributes.get_sizes("perm");
        let mut inverse = vec![0; permutation.len()];
        for (to, &from) in permutation.iter().enumerate() {
            inverse[from] = to;
        }
        Ok(vec![Some(graph.transpose(dy, &inverse)?)])
    }),
};

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    let permutation = attributes.get_sizes("perm");
    let mut sorted = permutation.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..inputs[0].shape().len()) {
        return Err(format!("expected each axis once, found {permutation:?}"));
    }
    let shape: Vec<usize> = permutation
        .iter()
        .map(|&axis| inputs[0].shape()[axis])
        .collect();
    Ok(TensorType::new(inputs[0].element(), &shape))
}

impl Graph {
    /// Axis `i` of the result is axis `permutation[i]` of `x`.
    pub fn transpose(&mut self, x: ValueId, permutation: &[usize]) -> Result<ValueId, GraphError> {
        self.apply(
            &TRANSPOSE,
            &[x],
            Attributes::none().sizes("perm", permutation),
        )
    }
}
