//! Elementwise functions. Those without a gradient are of imported networks alone.

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::TensorType;

const fn function(name: &'static str) -> Operator {
    Operator {
        name,
        infer: shape::unary,
        gradient: Gradient::Missing,
    }
}

pub static ABS: Operator = function("Abs");
pub static ELU: Operator = function("Elu");
pub static ERF: Operator = function("Erf");
pub static HARD_SIGMOID: Operator = function("HardSigmoid");
pub static HARD_SWISH: Operator = function("HardSwish");
pub static SIGMOID: Operator = function("Sigmoid");
pub static SOFTPLUS: Operator = function("Softplus");
pub static TANH: Operator = function("Tanh");

/// Its gradient at zero is that of negative numbers.
pub static LEAKY_RELU: Operator = Operator {
    name: "LeakyRelu",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| {
        let slope = node.attributes.get_float("alpha", 0.01);
        let zero = graph.scalar(0.0);
        let positive = graph.greater(node.inputs[0], zero)?;
        let positive = graph.cast_to_f32(positive)?;
        let (rise, slope) = (graph.scalar(1.0 - slope), graph.scalar(slope));
        let rise = graph.mul(positive, rise)?;
        let slope = graph.add(rise, slope)?;
        Ok(vec![Some(graph.mul(dy, slope)?)])
    }),
};

/// Inputs: a tensor, and the least and the greatest number that it is limited to.
pub static CLIP: Operator = Operator {
    name: "Clip",
    infer: clipped,
    gradient: Gradient::Rule(inside),
};

/// Its gradient at the limits is zero, and so is that of the limits.
fn inside(graph: &mut Graph, node: &Node, dy: ValueId) -> Result<Vec<Option<ValueId>>, GraphError> {
    let &[_, low, high] = &node.inputs[..] else {
        unreachable!("the shape rule demands three inputs")
    };
    let above = graph.greater(node.output, low)?;
    let below = graph.greater(high, node.output)?;
    let [above, below] = [graph.cast_to_f32(above)?, graph.cast_to_f32(below)?];
    let inside = graph.mul(above, below)?;
    Ok(vec![Some(graph.mul(dy, inside)?), None, None])
}

fn clipped(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    shape::expect_f32(inputs[1], 0)?;
    shape::expect_f32(inputs[2], 0)?;
    Ok(inputs[0].tensor_type.clone())
}

impl Graph {
    pub fn sigmoid(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&SIGMOID, &[x], Attributes::none())
    }

    pub fn tanh(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&TANH, &[x], Attributes::none())
    }

    /// The number without its sign.
    pub fn abs(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&ABS, &[x], Attributes::none())
    }

    /// The error function.
    pub fn erf(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&ERF, &[x], Attributes::none())
    }

    /// `ln(1 + exp(x))`.
    pub fn softplus(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&SOFTPLUS, &[x], Attributes::none())
    }

    /// `x * max(0, min(1, x / 6 + 1 / 2))`.
    pub fn hard_swish(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&HARD_SWISH, &[x], Attributes::none())
    }

    /// `max(0, min(1, alpha * x + beta))`.
    pub fn hard_sigmoid(
        &mut self,
        x: ValueId,
        alpha: f32,
        beta: f32,
    ) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none().float("alpha", alpha).float("beta", beta);
        self.apply(&HARD_SIGMOID, &[x], attributes)
    }

    /// `x` where it is positive, elsewhere `alpha * x`.
    pub fn leaky_relu(&mut self, x: ValueId, alpha: f32) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none().float("alpha", alpha);
        self.apply(&LEAKY_RELU, &[x], attributes)
    }

    /// `x` where it is positive, elsewhere `alpha * (exp(x) - 1)`.
    pub fn elu(&mut self, x: ValueId, alpha: f32) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none().float("alpha", alpha);
        self.apply(&ELU, &[x], attributes)
    }

    /// `x` limited to numbers from `low` to `high`.
    pub fn clip(&mut self, x: ValueId, low: f32, high: f32) -> Result<ValueId, GraphError> {
        let [low, high] = [low, high].map(|bound| self.scalar(bound));
        self.apply(&CLIP, &[x, low, high], Attributes::none())
    }
}
