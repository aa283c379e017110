//! A computation with static shapes, built node by node and written as an ONNX model.
//!
//! The forward pass, the loss, the gradients and the optimiser are all nodes of one [`Graph`]. Shapes are
//! checked as nodes are added, so a mistake is reported where it is made and not by the runtime.

mod forms;
mod standardize;
mod write;

use std::rc::Rc;

use crate::ops::{Attributes, Operator};
use crate::tensor::{ElementType, Tensor, TensorType};
pub use forms::{Candidate, Chosen, Forms, Place};
pub(crate) use forms::{Computed, Form};

/// Refers to a value of one [`Graph`]; ids of different graphs must not be mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(usize);

#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    #[error("operator {operator} of inputs ({inputs}): {reason}")]
    Operator {
        operator: &'static str,
        inputs: String,
        reason: String,
    },
    #[error("value name `{0}` is taken; every input and output needs a name of its own")]
    DuplicateName(String),
    #[error("output `{0}` is computed by no operator; inputs and constants cannot be outputs")]
    NotComputed(String),
    #[error("value `{0}` is an output already; one value has one name")]
    AlreadyOutput(String),
    #[error("layer {0} needs a weight and a bias; give the parameters in the network's order")]
    MissingParameter(String),
    #[error(
        "operator {operator} has no gradient rule, and the loss depends on `{value}` through it"
    )]
    MissingGradient {
        operator: &'static str,
        value: String,
    },
    #[error("the loss does not depend on `{0}`, so it cannot be trained; remove it or use it")]
    Unconnected(String),
    #[error("the loss must be one number, found {0}; reduce it first")]
    LossNotScalar(TensorType),
    #[error("no form of {0} fits")]
    NoForm(String),
}

enum Source {
    Input,
    Constant(Tensor),
    Node,
}

struct Value {
    name: String,
    tensor_type: TensorType,
    source: Source,
}

/// What a graph will run on, for operators and gradients that can be written in several forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// ONNX Runtime on a GPU.
    Cuda,
    /// ONNX Runtime on any CPU.
    #[default]
    Onnxruntime,
    /// ONNX Runtime on an x86-64 CPU, for which it has operators of its own: convolutions of blocks of channels.
    OnnxruntimeX86,
    Tract,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub operator: &'static Operator,
    pub inputs: Vec<ValueId>,
    pub output: ValueId,
    pub attributes: Attributes,
}

/// Adds the gradients of the inputs of a part of a graph, given that of its output.
type PartRule = dyn Fn(&mut Graph, ValueId) -> Result<Vec<Option<ValueId>>, GraphError>;

/// Nodes that have one gradient rule as a whole.
#[derive(Clone)]
pub struct Part {
    pub inputs: Vec<ValueId>,
    pub output: ValueId,
    pub rule: Rc<PartRule>,
}

/// A computation: values, and the nodes that compute them, in an order in which they can run.
#[derive(Default)]
pub struct Graph {
    values: Vec<Value>,
    nodes: Vec<Node>,
    parts: Vec<Part>,
    outputs: Vec<ValueId>,
    forms: Forms,
    is_specialized: bool,
}

impl Graph {
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty graph whose gradients take these forms, the usual ones of a target if that is given. It runs elsewhere
    /// too, unless it is specialized for [`Target::OnnxruntimeX86`].
    pub fn of_forms(forms: impl Into<Forms>) -> Self {
        Self {
            forms: forms.into(),
            ..Self::default()
        }
    }

    pub fn target(&self) -> Target {
        self.forms.target
    }

    /// Adds an input that is fed at each run.
    pub fn input(&mut self, name: &str, tensor_type: TensorType) -> Result<ValueId, GraphError> {
        self.check_name(name)?;
        Ok(self.push(name.into(), tensor_type, Source::Input))
    }

    /// Adds a constant, stored in the model.
    pub fn constant(&mut self, tensor: Tensor) -> ValueId {
        let name = format!("constant_{}", self.values.len());
        self.push(name, tensor.tensor_type(), Source::Constant(tensor))
    }

    /// Adds a float constant of no dimensions, which broadcasts to any shape.
    pub fn scalar(&mut self, value: f32) -> ValueId {
        self.constant(Tensor::scalar(value))
    }

    /// Adds sizes, axes or positions as a constant vector of integers.
    pub fn sizes(&mut self, sizes: &[usize]) -> ValueId {
        let sizes: Vec<i64> = sizes.iter().map(|&size| size as i64).collect();
        self.constant(Tensor::vector(&sizes))
    }

    /// Applies an operator; its shape rule decides the type of the result.
    pub fn apply(
        &mut self,
        operator: &'static Operator,
        inputs: &[ValueId],
        attributes: Attributes,
    ) -> Result<ValueId, GraphError> {
        let views: Vec<Operand> = inputs.iter().map(|&id| self.operand(id)).collect();
        let tensor_type = (operator.infer)(&views, &attributes).map_err(|reason| {
            let types: Vec<String> = views.iter().map(ToString::to_string).collect();
            GraphError::Operator {
                operator: operator.name,
                inputs: types.join(", "),
                reason,
            }
        })?;
        let name = format!("{}_{}", operator.name, self.values.len());
        let output = self.push(name, tensor_type, Source::Node);
        self.nodes.push(Node {
            operator,
            inputs: inputs.to_vec(),
            output,
            attributes,
        });
        Ok(output)
    }

    /// Makes `rule` the gradient of all that was computed from `inputs` up to `output`, in place of those of the nodes
    /// between: it may compute less than they do together. No gradient may flow to these nodes otherwise.
    pub fn set_gradient(
        &mut self,
        inputs: &[ValueId],
        output: ValueId,
        rule: impl Fn(&mut Self, ValueId) -> Result<Vec<Option<ValueId>>, GraphError> + 'static,
    ) {
        self.parts.push(Part {
            inputs: inputs.to_vec(),
            output,
            rule: Rc::new(rule),
        });
    }

    /// The part that ends in a value, if one does.
    pub fn part(&self, output: ValueId) -> Option<Part> {
        self.parts
            .iter()
            .find(|part| part.output == output)
            .cloned()
    }

    /// Makes a computed value an output of the model, under this name.
    pub fn output(&mut self, name: &str, value: ValueId) -> Result<(), GraphError> {
        self.check_name(name)?;
        if !matches!(self.values[value.0].source, Source::Node) {
            return Err(GraphError::NotComputed(name.into()));
        }
        if self.outputs.contains(&value) {
            return Err(GraphError::AlreadyOutput(self.name(value).into()));
        }
        self.values[value.0].name = name.into();
        self.outputs.push(value);
        Ok(())
    }

    /// Names a computed value that is no output, for whoever reads the model.
    pub fn rename(&mut self, value: ValueId, name: &str) -> Result<(), GraphError> {
        self.check_name(name)?;
        self.values[value.0].name = name.into();
        Ok(())
    }

    pub fn tensor_type(&self, value: ValueId) -> &TensorType {
        &self.values[value.0].tensor_type
    }

    pub fn shape(&self, value: ValueId) -> &[usize] {
        &self.values[value.0].tensor_type.shape
    }

    pub fn name(&self, value: ValueId) -> &str {
        &self.values[value.0].name
    }

    /// The nodes, each after those it depends on.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The tensor of a constant; `None` for inputs and computed values.
    pub fn constant_tensor(&self, value: ValueId) -> Option<&Tensor> {
        match &self.values[value.0].source {
            Source::Constant(tensor) => Some(tensor),
            Source::Input | Source::Node => None,
        }
    }

    /// The outputs in the order in which they were named.
    pub fn outputs(&self) -> &[ValueId] {
        &self.outputs
    }

    fn push(&mut self, name: String, tensor_type: TensorType, source: Source) -> ValueId {
        self.values.push(Value {
            name,
            tensor_type,
            source,
        });
        ValueId(self.values.len() - 1)
    }

    fn check_name(&self, name: &str) -> Result<(), GraphError> {
        if self.values.iter().any(|value| value.name == name) {
            return Err(GraphError::DuplicateName(name.into()));
        }
        Ok(())
    }

    pub(crate) fn operand(&self, id: ValueId) -> Operand<'_> {
        Operand {
            tensor_type: self.tensor_type(id),
            constant: self.constant_tensor(id),
        }
    }
}

/// What a shape rule sees of an input: its type, and its content where that is constant.
#[derive(Clone, Copy)]
pub struct Operand<'a> {
    pub tensor_type: &'a TensorType,
    pub constant: Option<&'a Tensor>,
}

impl Operand<'_> {
    pub fn shape(&self) -> &[usize] {
        &self.tensor_type.shape
    }

    pub fn element(&self) -> ElementType {
        self.tensor_type.element
    }

    /// The integers of a constant vector: shapes, axes, steps.
    pub fn integers(&self) -> Result<Vec<i64>, String> {
        match self.constant {
            Some(Tensor::I64(array)) => Ok(array.iter().copied().collect()),
            _ => Err(format!("expected constant integers, found {self}")),
        }
    }

    pub fn sizes(&self) -> Result<Vec<usize>, String> {
        let integers = self.integers()?.into_iter();
        Ok(integers.map(|size| size as usize).collect())
    }
}

impl std::fmt::Display for Operand<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tensor_type.fmt(formatter)
    }
}
