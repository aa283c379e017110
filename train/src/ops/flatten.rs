//! `Flatten`: all axes but the first become one (<https://onnx.ai/onnx/operators/onnx__Flatten.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator.
pub static FLATTEN: Operator = Operator {
    name: "Flatten",
    infer,
    gradient: Gradient::Rule(|graph, node, dy| {
        let shape = graph.shape(node.inputs[0]).to_vec();
        Ok(vec![Some(graph.reshape(dy, &shape)?)])
    }),
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    match inputs[0].shape() {
        [batch, rest @ ..] => Ok(TensorType::new(
            inputs[0].element(),
            &[*batch, rest.iter().product()],
        )),
        [] => Err("expected at least one axis, found a scalar".into()),
    }
}

impl Graph {
    /// `[N, ...]` to `[N, features]`, row-major.
    pub fn flatten(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&FLATTEN, &[x], Attributes::none().integer("axis", 1))
    }
}
