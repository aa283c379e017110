//! `Reshape` to a constant shape (<https://onnx.ai/onnx/operators/onnx__Reshape.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{Tensor, TensorType};

/// The operator.
pub static RESHAPE: Operator = Operator {
    name: "Reshape",
    infer,
    gradient: Gradient::Rule(|graph, node, dy| {
        let shape = graph.shape(node.inputs[0]).to_vec();
        Ok(vec![Some(graph.reshape(dy, &shape)?), None])
    }),
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 2)?;
    let shape: Vec<usize> = inputs[1]
        .integers()?
        .iter()
        .map(|&size| size as usize)
        .collect();
    let result = TensorType::new(inputs[0].element(), &shape);
    if result.len() != inputs[0].tensor_type.len() {
        let found = inputs[0].tensor_type.len();
        return Err(format!(
            "expected {} elements for {shape:?}, found {found}",
            result.len()
        ));
    }
    Ok(result)
}

impl Graph {
    /// The same elements in another shape.
    pub fn reshape(&mut self, x: ValueId, shape: &[usize]) -> Result<ValueId, GraphError> {
        let sizes: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        let sizes = self.constant(Tensor::vector(&sizes));
        self.apply(&RESHAPE, &[x, sizes], Attributes::none())
    }
}
