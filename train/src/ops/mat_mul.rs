//! `MatMul` of two stacks of matrices (<https://onnx.ai/onnx/operators/onnx__MatMul.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator; only gradient rules use it, on stacks of the same height.
pub static MAT_MUL: Operator = Operator {
    name: "MatMul",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 2)?;
    shape::expect_f32(inputs[0], 3)?;
    shape::expect_f32(inputs[1], 3)?;
    match (inputs[0].shape(), inputs[1].shape()) {
        (&[stack, rows, inner], &[other, same, columns]) if (stack, inner) == (other, same) => {
            Ok(TensorType::f32(&[stack, rows, columns]))
        }
        (a, b) => Err(format!(
            "expected as many matrices of fitting sizes, found {a:?} and {b:?}"
        )),
    }
}

impl Graph {
    /// The products of the matrices of `a` `[N, rows, inner]` and `b` `[N, inner, columns]`, pair by pair.
    pub fn matrix_products(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&MAT_MUL, &[a, b], Attributes::none())
    }
}
