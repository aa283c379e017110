//! Products of matrices.

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::TensorType;

/// The product of two matrices, either of them transposed, plus a bias.
pub static GEMM: Operator = Operator {
    name: "Gemm",
    infer: product,
    gradient: Gradient::Rule(gradient),
};

fn product(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    if inputs.len() != 3 {
        shape::expect_inputs(inputs, 2)?;
    }
    shape::expect_f32(inputs[0], 2)?;
    shape::expect_f32(inputs[1], 2)?;
    let sides = |index: usize, flag: &str| {
        let shape = inputs[index].shape();
        if attributes.get_integer(flag, 0) == 1 {
            [shape[1], shape[0]]
        } else {
            [shape[0], shape[1]]
        }
    };
    let ([rows, inner], [other, columns]) = (sides(0, "transA"), sides(1, "transB"));
    if inner != other {
        return Err(format!(
            "expected equal inner sizes, found {inner} and {other}"
        ));
    }
    if let Some(bias) = inputs.get(2) {
        let result = shape::broadcast(bias.shape(), &[rows, columns])?;
        if result != [rows, columns] {
            return Err(format!(
                "bias {:?} is larger than {rows}x{columns}",
                bias.shape()
            ));
        }
    }
    Ok(TensorType::f32(&[rows, columns]))
}

/// With `Y = A' B'`, where a prime stands for an optional transposition:
/// `dA' = dY B'^T` and `dB' = A'^T dY`, each transposed back when its input was.
fn gradient(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let (a, b) = (node.inputs[0], node.inputs[1]);
    let transposed = |flag| node.attributes.get_integer(flag, 0) == 1;
    let (transpose_a, transpose_b) = (transposed("transA"), transposed("transB"));
    let da = if transpose_a {
        graph.matrix_product(b, dy, transpose_b, true)?
    } else {
        graph.matrix_product(dy, b, false, !transpose_b)?
    };
    let db = if transpose_b {
        graph.matrix_product(dy, a, true, transpose_a)?
    } else {
        graph.matrix_product(a, dy, !transpose_a, false)?
    };
    let gradients = [Some(da), Some(db), Some(dy)].into_iter();
    Ok(gradients.take(node.inputs.len()).collect())
}

/// Of two stacks of matrices; only gradient rules use it, on stacks of the same height.
pub static MAT_MUL: Operator = Operator {
    name: "MatMul",
    infer: stacked_product,
    gradient: Gradient::Missing,
};

fn stacked_product(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
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
    /// `x weight^T + bias` for `x` `[N, inputs]`, `weight` `[outputs, inputs]`, `bias` `[outputs]`.
    pub fn dense(
        &mut self,
        x: ValueId,
        weight: ValueId,
        bias: ValueId,
    ) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none().integer("transB", 1);
        self.apply(&GEMM, &[x, weight, bias], attributes)
    }

    /// The product of two matrices, either of them transposed first.
    pub fn matrix_product(
        &mut self,
        a: ValueId,
        b: ValueId,
        transpose_a: bool,
        transpose_b: bool,
    ) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none()
            .integer("transA", transpose_a.into())
            .integer("transB", transpose_b.into());
        self.apply(&GEMM, &[a, b], attributes)
    }

    /// The products of the matrices of `a` `[N, rows, inner]` and `b` `[N, inner, columns]`, pair by pair.
    pub fn matrix_products(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&MAT_MUL, &[a, b], Attributes::none())
    }
}
