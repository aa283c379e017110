//! Elementwise functions that imported networks have. No network is trained through them yet.

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, ValueId};
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
pub static LEAKY_RELU: Operator = function("LeakyRelu");
pub static SIGMOID: Operator = function("Sigmoid");
pub static SOFTPLUS: Operator = function("Softplus");
pub static TANH: Operator = function("Tanh");

/// Inputs: a tensor, and the least and the greatest number that it is limited to.
pub static CLIP: Operator = Operator {
    name: "Clip",
    infer: clipped,
    gradient: Gradient::Missing,
};

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
