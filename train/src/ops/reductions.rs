//! Operators that make one element of many.

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::{ElementType, Tensor, TensorType};

/// Keeps the summed axes with size 1.
pub static REDUCE_SUM: Operator = Operator {
    name: "ReduceSum",
    infer: sums,
    gradient: Gradient::Rule(|graph, node, dy| {
        let shape = graph.shape(node.inputs[0]).to_vec();
        Ok(vec![Some(graph.expand(dy, &shape)?), None])
    }),
};

fn sums(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 2)?;
    let mut tensor_type = inputs[0].tensor_type.clone();
    for axis in inputs[1].integers()? {
        let rank = tensor_type.shape.len();
        match tensor_type.shape.get_mut(axis as usize) {
            Some(size) => *size = 1,
            None => return Err(format!("expected axes below {rank}, found {axis}")),
        }
    }
    Ok(tensor_type)
}

/// Sums over the last axes, then over the first ones by a product with ones: for both CUDA has fast kernels that add in
/// the same order every time. The one that ONNX Runtime takes for the first axes does not if there is much to
/// add.
pub(super) fn by_product(
    graph: &mut Graph,
    inputs: &[ValueId],
    _: &Attributes,
) -> Result<Option<ValueId>, GraphError> {
    let shape = graph.shape(inputs[0]).to_vec();
    let axes = graph.operand(inputs[1]).integers().unwrap_or_default();
    let is_summed = |axis: &usize| axes.contains(&(*axis as i64));
    let first = (0..shape.len()).take_while(is_summed).count();
    if first == 0 || first == shape.len() {
        return Ok(None);
    }
    let last: Vec<usize> = (first..shape.len()).filter(is_summed).collect();
    let x = graph.reduce_sum(inputs[0], &last)?;
    let mut result = graph.shape(x).to_vec();
    let rows = result[..first].iter().product();
    let columns = result[first..].iter().product();
    let matrix = graph.reshape(x, &[rows, columns])?;
    let ones = graph.constant(Tensor::filled(&[1, rows], 1.0));
    let sums = graph.matrix_product(ones, matrix, false, false)?;
    result[..first].fill(1);
    graph.reshape(sums, &result).map(Some)
}

/// Over the last axis, which stays with size 1. Equal maxima share the gradient equally.
pub static REDUCE_MAX: Operator = Operator {
    name: "ReduceMax",
    infer: |inputs, _| Ok(TensorType::f32(&[without_last(inputs)?, &[1]].concat())),
    gradient: Gradient::Rule(share_of_maxima),
};

/// Over the last axis, which goes.
pub static ARG_MAX: Operator = Operator {
    name: "ArgMax",
    infer: |inputs, _| Ok(TensorType::new(ElementType::I64, without_last(inputs)?)),
    gradient: Gradient::Zero,
};

/// The shape of floats without their last axis, which must have an element.
fn without_last<'a>(inputs: &'a [Operand]) -> Result<&'a [usize], String> {
    shape::expect_inputs(inputs, 1)?;
    shape::expect_f32(inputs[0], inputs[0].shape().len())?;
    match inputs[0].tensor_type.shape.split_last() {
        Some((size, rest)) if *size > 0 => Ok(rest),
        _ => Err(format!(
            "expected at least one element in the last axis, found {:?}",
            inputs[0].shape()
        )),
    }
}

fn share_of_maxima(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let last_axis = graph.shape(node.inputs[0]).len() - 1;
    let winners = graph.equal(node.inputs[0], node.output)?;
    let winners = graph.cast_to_f32(winners)?;
    let count = graph.reduce_sum(winners, &[last_axis])?;
    let share = graph.div(dy, count)?;
    Ok(vec![Some(graph.mul(winners, share)?)])
}

impl Graph {
    /// Sums over `axes`, which stay with size 1. No axes: `x` itself.
    pub fn reduce_sum(&mut self, x: ValueId, axes: &[usize]) -> Result<ValueId, GraphError> {
        if axes.is_empty() {
            return Ok(x);
        }
        let axes = self.sizes(axes);
        let attributes = Attributes::none().integer("keepdims", 1);
        self.apply(&REDUCE_SUM, &[x, axes], attributes)
    }

    /// Sums everything to one number of no dimensions.
    pub fn sum_all(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let axes: Vec<usize> = (0..self.shape(x).len()).collect();
        let total = self.reduce_sum(x, &axes)?;
        self.reshape(total, &[])
    }

    /// The largest element along the last axis.
    pub fn reduce_max(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let last_axis = self.shape(x).len().saturating_sub(1);
        let attributes = Attributes::none()
            .sizes("axes", &[last_axis])
            .integer("keepdims", 1);
        self.apply(&REDUCE_MAX, &[x], attributes)
    }

    /// The index of the largest element along the last axis, the first one on a tie.
    pub fn arg_max(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none()
            .integer("axis", -1)
            .integer("keepdims", 0);
        self.apply(&ARG_MAX, &[x], attributes)
    }
}
