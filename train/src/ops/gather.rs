//! `Gather`: picks positions along an axis (<https://onnx.ai/onnx/operators/onnx__Gather.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{ElementType, TensorType};

/// The operator; only gradient rules and inputs without a gradient use it.
pub static GATHER: Operator = Operator {
    name: "Gather",
    infer,
    gradient: Gradient::Missing,
};

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
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
    if let Some(index) = constant
        .iter()
        .find(|&&index| !(0..size as i64).contains(&index))
    {
        return Err(format!("expected indices below {size}, found {index}"));
    }
    let picked = [&shape[..axis], inputs[1].shape(), &shape[axis + 1..]].concat();
    Ok(TensorType::new(inputs[0].element(), &picked))
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
}
