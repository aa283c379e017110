//! `Expand`: broadcasting to a shape (<https://onnx.ai/onnx/operators/onnx__Expand.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{Tensor, TensorType};

/// The operator. Its gradient has the broadcast shape; the reverse walk sums it.
pub static EXPAND: Operator = Operator {
    name: "Expand",
    infer,
    gradient: Gradient::Rule(|_, _, dy| Ok(vec![Some(dy), None])),
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 2)?;
    let target: Vec<usize> = inputs[1]
        .integers()?
        .iter()
        .map(|&size| size as usize)
        .collect();
    let shape = shape::broadcast(inputs[0].shape(), &target)?;
    Ok(TensorType::new(inputs[0].element(), &shape))
}

impl Graph {
    /// Repeats `x` along axes of size 1 to reach `shape`.
    pub fn expand(&mut self, x: ValueId, shape: &[usize]) -> Result<ValueId, GraphError> {
        let sizes: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        let sizes = self.constant(Tensor::vector(&sizes));
        self.apply(&EXPAND, &[x, sizes], Attributes::none())
    }
}
