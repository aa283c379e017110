//! `ArgMax` over the last axis (<https://onnx.ai/onnx/operators/onnx__ArgMax.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, TensorType};

/// The operator.
pub static ARG_MAX: Operator = Operator {
    name: "ArgMax",
    infer,
    gradient: Gradient::Zero,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    shape::expect_f32(inputs[0], inputs[0].shape().len())?;
    match inputs[0].shape() {
        [rest @ .., classes] if *classes > 0 => Ok(TensorType::new(ElementType::I64, rest)),
        found => Err(format!(
            "expected at least one class in the last axis, found {found:?}"
        )),
    }
}

impl Graph {
    /// The index of the largest element along the last axis, the first one on a tie.
    pub fn arg_max(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none()
            .integer("axis", -1)
            .integer("keepdims", 0);
        self.apply(&ARG_MAX, &[x], attributes)
    }
}
