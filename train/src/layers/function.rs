//! Functions of one number, elementary ones and those made of others. Integers have a table of each.

use crate::graph::{Graph, GraphError, ValueId};
use crate::network::Clip;

/// Parts of a function that is made of others, at most; graphs in which functions grow without end are left as they are.
const LARGEST: usize = 64;

/// A function of one number.
#[derive(Clone, Debug, PartialEq)]
pub enum Function {
    /// The number without its sign.
    Abs,
    /// The number times a factor, plus a shift.
    Affine {
        /// The factor.
        factor: f32,
        /// The shift.
        shift: f32,
    },
    /// Functions one after the other.
    Chain(Vec<Function>),
    /// The number, limited.
    Clip {
        /// The least output.
        low: f32,
        /// The greatest output.
        high: f32,
    },
    /// Negative numbers times a factor of `exp(x) - 1`.
    Elu(f32),
    /// The error function.
    Erf,
    /// `exp(x)`.
    Exp,
    /// `alpha * x + beta`, limited to 0 and 1.
    HardSigmoid {
        /// The factor.
        alpha: f32,
        /// The shift.
        beta: f32,
    },
    /// `x * (x / 6 + 1 / 2)`, the second factor limited to 0 and 1.
    HardSwish,
    /// The number itself, which quantising puts where two tensors must have one scale and cannot.
    Identity,
    /// Negative numbers times a factor.
    LeakyRelu(f32),
    /// What two functions of the number give, put together.
    Pair(Combination, Box<[Function; 2]>),
    /// `1 / x`.
    Reciprocal,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x / (1 + exp(-x))`, also called Swish.
    Silu,
    /// `ln(1 + exp(x))`.
    Softplus,
    /// The hyperbolic tangent.
    Tanh,
}

/// How two numbers become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combination {
    /// `a - b`.
    Difference,
    /// `a * b`.
    Product,
    /// `a / b`.
    Quotient,
    /// `a + b`.
    Sum,
}

impl Function {
    /// A function of the number, times the number.
    #[must_use]
    pub fn gate(self) -> Self {
        Self::pair(Combination::Product, Self::Identity, self)
    }

    /// Two functions of the number, put together.
    pub fn pair(combination: Combination, a: Self, b: Self) -> Self {
        let swish = match (combination, &a, &b) {
            (Combination::Product, Self::Identity, gate)
            | (Combination::Product, gate, Self::Identity) => gate.times_number(),
            _ => None,
        };
        swish.unwrap_or_else(|| Self::Pair(combination, Box::new([a, b])))
    }

    /// This function, and another one of what it gives.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let mut parts = Vec::new();
        for function in [self, next] {
            match function {
                Self::Identity => {}
                Self::Chain(more) => parts.extend(more),
                other => parts.push(other),
            }
        }
        match parts.len() {
            0 => Self::Identity,
            1 => parts.remove(0),
            _ => Self::Chain(parts),
        }
    }

    /// Whether it is made of no more parts than it may be.
    pub fn is_small(&self) -> bool {
        self.parts() <= LARGEST
    }

    fn parts(&self) -> usize {
        match self {
            Self::Chain(parts) => 1 + parts.iter().map(Self::parts).sum::<usize>(),
            Self::Pair(_, parts) => 1 + parts.iter().map(Self::parts).sum::<usize>(),
            _ => 1,
        }
    }

    /// The function of a number.
    pub fn of(&self, x: f64) -> f64 {
        match *self {
            Self::Abs => x.abs(),
            Self::Affine { factor, shift } => f64::from(factor) * x + f64::from(shift),
            Self::Chain(ref parts) => parts.iter().fold(x, |x, part| part.of(x)),
            Self::Clip { low, high } => x.clamp(low.into(), high.into()),
            Self::Elu(alpha) if x < 0.0 => f64::from(alpha) * x.exp_m1(),
            Self::Erf => libm::erf(x),
            Self::Exp => x.exp(),
            Self::HardSigmoid { alpha, beta } => {
                (f64::from(alpha) * x + f64::from(beta)).clamp(0.0, 1.0)
            }
            Self::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::LeakyRelu(factor) if x < 0.0 => f64::from(factor) * x,
            Self::Elu(_) | Self::Identity | Self::LeakyRelu(_) => x,
            Self::Pair(combination, ref parts) => combination.of(parts[0].of(x), parts[1].of(x)),
            Self::Reciprocal => x.recip(),
            Self::Sigmoid => (1.0 + (-x).exp()).recip(),
            Self::Silu => x / (1.0 + (-x).exp()),
            Self::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Self::Tanh => x.tanh(),
        }
    }

    /// Adds its nodes.
    pub fn float(&self, graph: &mut Graph, x: ValueId) -> Result<ValueId, GraphError> {
        match *self {
            Self::Abs => graph.abs(x),
            Self::Affine { factor, shift } => {
                let [factor, shift] = [factor, shift].map(|number| graph.scalar(number));
                let product = graph.mul(x, factor)?;
                graph.add(product, shift)
            }
            Self::Chain(ref parts) => parts.iter().try_fold(x, |x, part| part.float(graph, x)),
            Self::Clip { low, high } => graph.clip(x, low.max(f32::MIN), high.min(f32::MAX)),
            Self::Elu(alpha) => graph.elu(x, alpha),
            Self::Erf => graph.erf(x),
            Self::Exp => graph.exp(x),
            Self::HardSigmoid { alpha, beta } => graph.hard_sigmoid(x, alpha, beta),
            Self::HardSwish => graph.hard_swish(x),
            Self::Identity => {
                let one = graph.scalar(1.0);
                graph.mul(x, one)
            }
            Self::LeakyRelu(factor) => graph.leaky_relu(x, factor),
            Self::Pair(combination, ref parts) => {
                let (a, b) = (parts[0].float(graph, x)?, parts[1].float(graph, x)?);
                combination.float(graph, a, b)
            }
            Self::Reciprocal => {
                let one = graph.scalar(1.0);
                graph.div(one, x)
            }
            Self::Sigmoid => graph.sigmoid(x),
            Self::Silu => {
                let gate = graph.sigmoid(x)?;
                graph.mul(x, gate)
            }
            Self::Softplus => graph.softplus(x),
            Self::Tanh => graph.tanh(x),
        }
    }

    /// What names of layers that compute it start with.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Clip { .. } => "clip",
            Self::Elu(_) => "elu",
            Self::HardSigmoid { .. } => "hard_sigmoid",
            Self::HardSwish => "hard_swish",
            Self::Identity => "rescale",
            Self::LeakyRelu(_) => "leaky_relu",
            Self::Sigmoid => "sigmoid",
            Self::Silu => "silu",
            Self::Softplus => "softplus",
            Self::Tanh => "tanh",
            _ => "function",
        }
    }

    /// The limits, if it does nothing but limit, and 0 is within.
    pub fn clip(&self) -> Option<Clip> {
        match *self {
            Self::Clip { low, high } if low <= 0.0 && high >= 0.0 => Some(Clip { low, high }),
            _ => None,
        }
    }

    /// A number times this function of it, where that has a name.
    fn times_number(&self) -> Option<Self> {
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        match *self {
            Self::Sigmoid => Some(Self::Silu),
            Self::HardSigmoid { alpha, beta } if close(alpha, 1.0 / 6.0) && close(beta, 0.5) => {
                Some(Self::HardSwish)
            }
            _ => None,
        }
    }
}

impl Combination {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Difference => a - b,
            Self::Product => a * b,
            Self::Quotient => a / b,
            Self::Sum => a + b,
        }
    }

    fn float(self, graph: &mut Graph, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        match self {
            Self::Difference => graph.sub(a, b),
            Self::Product => graph.mul(a, b),
            Self::Quotient => graph.div(a, b),
            Self::Sum => graph.add(a, b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_as_computed_by_hand() {
        let (low, high) = (-1.0, 2.0);
        let (alpha, beta) = (0.2, 0.5);
        let shifted = Function::Affine {
            factor: 2.0,
            shift: 1.0,
        };
        let quotient = Function::pair(Combination::Quotient, shifted.clone(), Function::Identity);
        for (function, x, expected) in [
            (Function::Abs, -2.5, 2.5),
            (shifted.clone(), 3.0, 7.0),
            (Function::Abs.then(shifted), -3.0, 7.0),
            (Function::Clip { low, high }, 3.0, 2.0),
            (Function::Elu(2.0), -1.0, 2.0 * (-0.632_120_558_8)),
            (Function::Erf, 0.5, 0.520_499_878),
            (Function::Exp, 2.0, 7.389_056_099),
            (Function::HardSigmoid { alpha, beta }, 1.0, 0.7),
            (Function::HardSwish, 1.0, 2.0 / 3.0),
            (Function::HardSwish, -3.5, 0.0),
            (Function::LeakyRelu(0.1), -2.0, -0.2),
            (quotient, 4.0, 2.25),
            (Function::Reciprocal, 4.0, 0.25),
            (Function::Sigmoid, 2.0, 0.880_797_078),
            (Function::Silu, 2.0, 1.761_594_156),
            (Function::Softplus, 1.0, 1.313_261_688),
            (Function::Softplus, 1e9, 1e9),
            (Function::Tanh, 0.5, 0.462_117_157),
        ] {
            let found = function.of(x);
            assert!(
                (found - expected).abs() < 1e-6,
                "{function:?}({x}): {found}"
            );
        }
    }

    #[test]
    fn a_number_times_its_gate_has_a_name() {
        assert_eq!(Function::Sigmoid.gate(), Function::Silu);
        let (alpha, beta) = (1.0 / 6.0, 0.5);
        assert_eq!(
            Function::HardSigmoid { alpha, beta }.gate(),
            Function::HardSwish
        );
        assert!(matches!(Function::Tanh.gate(), Function::Pair(..)));
    }

    #[test]
    fn functions_stay_small() {
        let mut function = Function::Tanh;
        while function.is_small() {
            function = function.clone().then(function);
        }
        assert!(function.parts() < 3 * LARGEST);
    }
}
