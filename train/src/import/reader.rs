//! Reading the nodes of a graph one after the other.

use std::collections::HashMap;
use std::rc::Rc;

use input::onnx::{explain, is_standard};
use ndarray::ArrayD;

use super::error::form;
use super::interface::{self, InputForm};
use super::{Axes, Call, Constant, ImportError, View, fold, plain, shapes};
use crate::layers::{self, Layer};
use crate::network::{Clip, Input, Network, Node, Shape};
use crate::onnx;

/// Reads a node: what its first output is.
pub type Read = fn(&mut Reader, &mut Call) -> Result<Value, ImportError>;

/// Operators, and what reads them.
pub type Readers = &'static [(&'static str, Read)];

/// The largest size of an axis that a flash file can say.
const LARGEST: usize = u16::MAX as usize;

/// What a value of the graph is.
#[derive(Clone, Debug)]
pub enum Value {
    /// Known now.
    Constant(Rc<Constant>),
    /// A tensor of the network.
    View(View),
}

impl From<Constant> for Value {
    fn from(constant: Constant) -> Self {
        Self::Constant(Rc::new(constant))
    }
}

/// The part of a graph that was read so far.
pub struct Reader<'a> {
    initializers: HashMap<&'a str, &'a onnx::Tensor>,
    values: HashMap<&'a str, Value>,
    input: Input,
    nodes: Vec<Node>,
    /// Inputs that the file is for at a time.
    batch: usize,
    /// The node that makes probabilities of the outputs, after which nothing may come.
    softmax: Option<&'a onnx::Node>,
    progress: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(graph: &'a onnx::Graph, form: &InputForm<'a>) -> Self {
        let view = View::new(0, &form.axes, form.input.shape);
        let initializers = graph.initializer.iter();
        Self {
            initializers: initializers.map(|one| (one.name.as_str(), one)).collect(),
            values: HashMap::from([(form.name, Value::View(view))]),
            input: form.input,
            nodes: Vec::new(),
            batch: form.batch,
            softmax: None,
            progress: 0,
        }
    }

    /// Nodes that were read.
    pub(super) fn progress(&self) -> usize {
        self.progress
    }

    pub(super) fn read(&mut self, graph: &'a onnx::Graph) -> Result<Network, ImportError> {
        for node in &graph.node {
            let mut call = Call::new(node);
            let value = self.value(&mut call)?;
            call.finish()?;
            let Some(output) = node.output.first().filter(|output| !output.is_empty()) else {
                return Err(call.refuse("an output", "none"));
            };
            if node.op_type.ends_with("Softmax") {
                self.softmax = Some(node);
            }
            self.values.insert(output, value);
            self.progress += 1;
        }
        self.network(interface::output(graph)?)
    }

    fn value(&mut self, call: &mut Call<'a>) -> Result<Value, ImportError> {
        let operator = &call.node.op_type;
        let reader = known().find(|(name, _)| name == operator);
        let is_known = reader.is_some() || fold::OPERATORS.contains(&operator.as_str());
        if !is_known || !is_standard(&call.node.domain) {
            return Err(unknown(call));
        }
        if let Some(constant) = fold::fold(self, call)? {
            return Ok(constant.into());
        }
        if let Some((_, read)) = reader {
            read(self, call)
        } else {
            let found = "a value that depends on the model's input";
            Err(call.refuse("constants, to compute it before the model runs", found))
        }
    }

    /// The network, if its last tensor is the output of the graph.
    fn network(&mut self, output: &str) -> Result<Network, ImportError> {
        const EXPECTED: &str = "an output that layers compute";
        let Some(Value::View(view)) = self.values.get(output) else {
            return Err(form(
                EXPECTED,
                format!("`{output}`, which no node computes"),
            ));
        };
        if view.tensor == 0 || view.pads != [0; 4] {
            let found = format!("`{output}`, which is the input in another form");
            return Err(form(EXPECTED, found));
        }
        let order = view.order();
        if !order.is_sorted_by_key(|&axis| axis as usize) {
            let found = format!("`{output}` in the order {order:?}");
            let expected = "an output in the order channels, rows, columns";
            return Err(form(expected, found));
        }
        let mut network = Network {
            input: self.input,
            nodes: std::mem::take(&mut self.nodes),
            dropped: self.softmax.map(|node| Call::new(node).describe()),
            metadata: Vec::new(),
        };
        network.nodes.truncate(view.tensor);
        super::fuse::drop_unread(&mut network);
        Ok(network)
    }

    /// The shape of a tensor.
    pub fn shape(&self, tensor: usize) -> Shape {
        match tensor.checked_sub(1) {
            None => self.input.shape,
            Some(node) => self.nodes[node].shape,
        }
    }

    /// The node that makes a tensor; the input is made by none.
    pub fn node(&self, tensor: usize) -> Option<&Node> {
        self.nodes.get(tensor.checked_sub(1)?)
    }

    /// Inputs that the file is for at a time.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// The input of this index, if it is known: a constant of the file is read now.
    pub(super) fn find(&self, call: &Call, index: usize) -> Option<Value> {
        let name = call.input(index);
        let decoded = || Constant::decode(self.initializers.get(name)?).map(Value::from);
        self.values.get(name).cloned().or_else(decoded)
    }

    /// The tensor that is the input of this index, for changes of its form.
    pub(super) fn any_view(&self, call: &Call, index: usize) -> Result<View, ImportError> {
        match self.find(call, index) {
            Some(Value::View(view)) => Ok(view),
            Some(Value::Constant(_)) => {
                let expected =
                    format!("a value that depends on the model's input as input {index}");
                Err(call.refuse(&expected, format!("the constant `{}`", call.input(index))))
            }
            None => {
                let expected = format!("a value that is computed before it as input {index}");
                Err(call.refuse(&expected, format!("`{}`", call.input(index))))
            }
        }
    }

    /// The tensor that is the input of this index, for a layer that adds the view's padding.
    pub fn padded_view(&self, call: &Call, index: usize) -> Result<View, ImportError> {
        let view = self.any_view(call, index)?;
        match self.softmax.filter(|_| view.is_after_softmax) {
            None => Ok(view),
            Some(softmax) => {
                let found = format!("{} after it", call.describe());
                let expected = "it at the end only, to leave it out";
                Err(Call::new(softmax).refuse(expected, found))
            }
        }
    }

    /// The tensor that is the input of this index, for a layer.
    pub fn view(&self, call: &Call, index: usize) -> Result<View, ImportError> {
        let view = self.padded_view(call, index)?;
        if view.pads == [0; 4] {
            return Ok(view);
        }
        Err(call.refuse(
            "a Conv or an AveragePool that counts them after a Pad",
            format!("pads {:?} before it", view.pads),
        ))
    }

    /// The constant that is the input of this index.
    pub fn constant(&self, call: &Call, index: usize) -> Result<Rc<Constant>, ImportError> {
        let name = call.input(index);
        if let Some(Value::Constant(constant)) = self.find(call, index) {
            Ok(constant)
        } else {
            let found = match self.initializers.get(name) {
                Some(tensor) => interface::describe(tensor),
                None => format!("`{name}`"),
            };
            let expected = format!("a constant in the file as input {index}");
            Err(call.refuse(&expected, found))
        }
    }

    /// The finite floats, of so many axes and not empty, that are the input of this index.
    pub fn floats<const AXES: usize>(
        &self,
        call: &Call,
        index: usize,
    ) -> Result<ArrayD<f32>, ImportError> {
        let name = call.input(index);
        let constant = match self.initializers.get(name).map(|one| Constant::decode(one)) {
            Some(None) => None,
            _ => Some(self.constant(call, index)?),
        };
        let floats = constant.as_ref().and_then(|constant| constant.floats());
        let Some(floats) = floats.filter(|one| one.ndim() == AXES && !one.is_empty()) else {
            let expected = format!("F32 of {AXES} axes with its elements in the file");
            let found = match (self.initializers.get(name), constant) {
                (Some(tensor), _) => interface::describe(tensor),
                (None, constant) => {
                    let sizes = constant.map_or_else(Vec::new, |one| one.shape().to_vec());
                    format!("`{name}` {sizes:?}")
                }
            };
            return Err(call.refuse(&expected, found));
        };
        match floats.iter().position(|value| !value.is_finite()) {
            None => Ok(floats.clone()),
            Some(at) => {
                let value = floats.iter().nth(at).copied().unwrap_or_default();
                let found = format!("{value} at index {at} of `{name}`");
                Err(call.refuse("finite weights and biases", found))
            }
        }
    }

    /// Adds a layer that reads these tensors; the view of what it makes has these axes.
    pub fn push(
        &mut self,
        call: &Call,
        layer: Layer,
        inputs: Vec<usize>,
        axes: &Axes,
    ) -> Result<Value, ImportError> {
        let shapes: Vec<Shape> = inputs.iter().map(|&input| self.shape(input)).collect();
        let shape = layer.form().output(&shapes);
        let shape = shape.map_err(|found| call.refuse("an input that fits", found))?;
        if let Some(size) = shape.iter().find(|&&size| size > LARGEST) {
            let expected = format!("at most {LARGEST} channels, rows and columns");
            return Err(call.refuse(&expected, size.to_string()));
        }
        self.nodes.push(Node {
            name: String::new(),
            origin: call.describe(),
            layer,
            clip: Clip::NONE,
            inputs,
            shape,
        });
        Ok(Value::View(View::new(self.nodes.len(), axes, shape)))
    }
}

/// The operators that there are, with what reads them.
fn known() -> impl Iterator<Item = &'static (&'static str, Read)> {
    let tables = layers::READERS
        .iter()
        .chain(&[shapes::READERS, plain::READERS]);
    tables.copied().flatten()
}

/// Says of an operator that no table has what it is and which there are.
fn unknown(call: &Call) -> ImportError {
    let names: Vec<&str> = known().map(|(name, _)| *name).collect();
    let expected = format!("a standard operator of {}", names.join(", "));
    let (domain, operator) = (&call.node.domain, &call.node.op_type);
    let of = if is_standard(domain) {
        String::new()
    } else {
        format!(" of {domain}")
    };
    let advice = explain(domain, operator).map(|advice| format!(": {advice}"));
    let found = format!("{operator}{of}{}", advice.unwrap_or_default());
    call.refuse(&expected, found)
}
