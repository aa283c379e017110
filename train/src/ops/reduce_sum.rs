//! `ReduceSum`, keeping the summed axes with size 1 (<https://onnx.ai/onnx/operators/onnx__ReduceSum.html>).

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
use crate::tensor::{Tensor, TensorType};

/// The operator.
pub static REDUCE_SUM: Operator = Operator {
    name: "ReduceSum",
    infer,
    gradient: Gradient::Rule(|graph, node, dy| {
        let shape = graph.shape(node.inputs[0]).to_vec();
        Ok(vec![Some(graph.expand(dy, &shape)?), None])
    }),
};

fn infer(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
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

impl Graph {
    /// Sums over `axes`, which stay with size 1. No axes: `x` itself.
    pub fn reduce_sum(&mut self, x: ValueId, axes: &[usize]) -> Result<ValueId, GraphError> {
        if axes.is_empty() {
            return Ok(x);
        }
        let axes: Vec<i64> = axes.iter().map(|&axis| axis as i64).collect();
        let axes = self.constant(Tensor::vector(&axes));
        self.apply(
            &REDUCE_SUM,
            &[x, axes],
            Attributes::none().integer("keepdims", 1),
        )
    }

    /// Sums everything to one number of no dimensions.
    pub fn sum_all(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let axes: Vec<usize> = (0..self.shape(x).len()).collect();
        let total = self.reduce_sum(x, &axes)?;
        self.reshape(total, &[])
    }
}
