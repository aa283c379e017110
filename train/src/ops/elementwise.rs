//! Elementwise operators; those of several inputs broadcast them.

use super::{Attributes, Gradient, Operator, shape};
use crate::graph::{Graph, GraphError, Operand, Target, ValueId};
use crate::tensor::{ElementType, TensorType};

pub static ADD: Operator = Operator {
    name: "Add",
    infer: shape::binary,
    gradient: Gradient::Rule(|_, _, dy| Ok(vec![Some(dy), Some(dy)])),
};

pub static SUB: Operator = Operator {
    name: "Sub",
    infer: shape::binary,
    gradient: Gradient::Rule(|graph, _, dy| {
        let minus_one = graph.scalar(-1.0);
        Ok(vec![Some(dy), Some(graph.mul(dy, minus_one)?)])
    }),
};

pub static MUL: Operator = Operator {
    name: "Mul",
    infer: shape::binary,
    gradient: Gradient::Rule(|graph, node, dy| {
        let (a, b) = (node.inputs[0], node.inputs[1]);
        Ok(vec![Some(graph.mul(dy, b)?), Some(graph.mul(dy, a)?)])
    }),
};

pub static DIV: Operator = Operator {
    name: "Div",
    infer: shape::binary,
    gradient: Gradient::Rule(|graph, node, dy| {
        // d(a/b)/db = -(a/b)/b
        let b = node.inputs[1];
        let da = graph.div(dy, b)?;
        let product = graph.mul(da, node.output)?;
        let minus_one = graph.scalar(-1.0);
        Ok(vec![Some(da), Some(graph.mul(product, minus_one)?)])
    }),
};

pub static SQRT: Operator = Operator {
    name: "Sqrt",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| {
        let two = graph.scalar(2.0);
        let twice = graph.mul(node.output, two)?;
        Ok(vec![Some(graph.div(dy, twice)?)])
    }),
};

pub static EXP: Operator = Operator {
    name: "Exp",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| Ok(vec![Some(graph.mul(dy, node.output)?)])),
};

pub static LOG: Operator = Operator {
    name: "Log",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| Ok(vec![Some(graph.div(dy, node.inputs[0])?)])),
};

/// Its gradient at zero is zero.
pub static RELU: Operator = Operator {
    name: "Relu",
    infer: shape::unary,
    gradient: Gradient::Rule(|graph, node, dy| {
        let zero = graph.scalar(0.0);
        let active = graph.greater(node.output, zero)?;
        let dx = if graph.target() == Target::Cuda {
            graph.where_select(active, dy, zero)?
        } else {
            // CPUs multiply in one pass and select in several.
            let active = graph.cast_to_f32(active)?;
            graph.mul(dy, active)?
        };
        Ok(vec![Some(dx)])
    }),
};

pub static EQUAL: Operator = Operator {
    name: "Equal",
    infer: comparison,
    gradient: Gradient::Zero,
};

pub static GREATER: Operator = Operator {
    name: "Greater",
    infer: comparison,
    gradient: Gradient::Zero,
};

fn comparison(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    Ok(TensorType {
        element: ElementType::Bool,
        ..shape::binary(inputs, attributes)?
    })
}

pub static WHERE: Operator = Operator {
    name: "Where",
    infer: choice,
    gradient: Gradient::Rule(|graph, node, dy| {
        let zero = graph.scalar(0.0);
        let chosen = graph.where_select(node.inputs[0], dy, zero)?;
        let refused = graph.where_select(node.inputs[0], zero, dy)?;
        Ok(vec![None, Some(chosen), Some(refused)])
    }),
};

fn choice(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    if inputs[0].element() != ElementType::Bool {
        return Err("expected truth values as the first input".into());
    }
    let branches = shape::binary(&inputs[1..], attributes)?;
    let shape = shape::broadcast(inputs[0].shape(), &branches.shape)?;
    Ok(TensorType::new(branches.element, &shape))
}

/// From integers and truth values, to 32-bit floats or 64-bit integers. It carries no gradient.
pub static CAST: Operator = Operator {
    name: "Cast",
    infer: cast,
    gradient: Gradient::Zero,
};

fn cast(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    if inputs[0].element() == ElementType::F32 {
        return Err("expected integers or truth values".into());
    }
    let to = attributes.get_integer("to", 0);
    let known = [ElementType::F32, ElementType::I64];
    let element = known.into_iter().find(|one| i64::from(one.onnx()) == to);
    let element = element.ok_or_else(|| format!("expected F32 or I64 to cast to, found {to}"))?;
    Ok(TensorType::new(element, inputs[0].shape()))
}

impl Graph {
    pub fn add(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&ADD, &[a, b], Attributes::none())
    }

    pub fn sub(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&SUB, &[a, b], Attributes::none())
    }

    pub fn mul(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&MUL, &[a, b], Attributes::none())
    }

    pub fn div(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&DIV, &[a, b], Attributes::none())
    }

    pub fn sqrt(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&SQRT, &[x], Attributes::none())
    }

    pub fn exp(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&EXP, &[x], Attributes::none())
    }

    /// The natural logarithm.
    pub fn log(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&LOG, &[x], Attributes::none())
    }

    pub fn relu(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&RELU, &[x], Attributes::none())
    }

    /// Truth values.
    pub fn equal(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&EQUAL, &[a, b], Attributes::none())
    }

    /// Truth values.
    pub fn greater(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&GREATER, &[a, b], Attributes::none())
    }

    /// `a` where `condition` is true, `b` elsewhere.
    pub fn where_select(
        &mut self,
        condition: ValueId,
        a: ValueId,
        b: ValueId,
    ) -> Result<ValueId, GraphError> {
        self.apply(&WHERE, &[condition, a, b], Attributes::none())
    }

    /// Integers or truth values as floats; true is 1.
    pub fn cast_to_f32(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.cast(x, ElementType::F32)
    }

    /// Integers or truth values as elements of another type: [`CAST`] says which there are.
    pub fn cast(&mut self, x: ValueId, to: ElementType) -> Result<ValueId, GraphError> {
        let to = i64::from(to.onnx());
        self.apply(&CAST, &[x], Attributes::none().integer("to", to))
    }
}
