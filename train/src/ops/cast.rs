//! `Cast` to 32-bit float (<https://onnx.ai/onnx/operators/onnx__Cast.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, TensorType};

/// The operator. Casts from integers and truth values carry no gradient.
pub static CAST: Operator = Operator {
    name: "Cast",
    infer,
    gradient: Gradient::Zero,
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    if inputs[0].element() == ElementType::F32 {
        return Err("expected integers or truth values".into());
    }
    Ok(TensorType::f32(inputs[0].shape()))
}

impl Graph {
    /// Integers or truth values as floats; true is 1.
    pub fn cast_to_f32(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let to = i64::from(ElementType::F32.onnx());
        self.apply(&CAST, &[x], Attributes::none().integer("to", to))
    }
}
