//! Reading the nodes of a graph one after the other.

mod inputs;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use input::limits::Limits;
use input::onnx::{explain, is_standard};

use super::budget::Budget;
use super::error::form;
use super::interface::InputForm;
use super::shuffle::Divided;
use super::{Axes, Call, Constant, ImportError, View, fold, plain, quantized, remedy, shapes};
use crate::layers::{self, Layer};
use crate::network::{Clip, Input, Integers, Network, Node, Shape, elements};
use crate::onnx;
use crate::ops::Quantization;

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
    /// One whose channels are divided, on their way to another order.
    Divided(Divided),
}

impl From<Constant> for Value {
    fn from(constant: Constant) -> Self {
        Self::Constant(Rc::new(constant))
    }
}

/// The part of a graph that was read so far.
pub struct Reader<'a> {
    initializers: HashMap<&'a str, &'a onnx::Tensor>,
    /// Those that were read, and the others that cannot be.
    decoded: RefCell<HashMap<&'a str, Option<Value>>>,
    /// `DataType`s of constants.
    types: HashMap<&'a str, i32>,
    /// The version of the standard operators.
    opset: i64,
    values: HashMap<&'a str, Value>,
    input: Input,
    nodes: Vec<Node>,
    /// Inputs that the file is for at a time.
    batch: usize,
    /// The integers that the file takes, if it does.
    integers: Option<Integers>,
    /// The node that makes probabilities or a class of the outputs, after which nothing may come.
    end: Option<&'a onnx::Node>,
    budget: Budget,
    progress: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        graph: &'a onnx::Graph,
        form: &InputForm<'a>,
        (opset, limits): (i64, Limits),
    ) -> Self {
        let view = View::new(0, &form.axes, form.input.shape);
        let initializers = graph.initializer.iter();
        let initializers = initializers.map(|one| (one.name.as_str(), one));
        let types = initializers.clone();
        Self {
            types: types.map(|(name, one)| (name, one.data_type)).collect(),
            initializers: initializers.collect(),
            decoded: RefCell::default(),
            opset,
            values: HashMap::from([(form.name, Value::View(view))]),
            input: form.input,
            nodes: Vec::new(),
            batch: form.batch,
            integers: form.integers,
            end: None,
            budget: Budget::new(limits),
            progress: 0,
        }
    }

    /// Nodes that were read.
    pub(super) fn progress(&self) -> usize {
        self.progress
    }

    pub(super) fn read(
        &mut self,
        graph: &'a onnx::Graph,
        output: &str,
    ) -> Result<Network, ImportError> {
        let numbers = elements(self.input.shape);
        self.budget.take(numbers, size_of::<f32>(), "the input")?;
        for node in &graph.node {
            let mut call = Call::new(node);
            let value = self.value(&mut call)?;
            call.finish()?;
            let Some(output) = node.output.first().filter(|output| !output.is_empty()) else {
                return Err(call.refuse("an output", "none"));
            };
            if self.values.contains_key(&output[..]) || self.initializers.contains_key(&output[..])
            {
                let found = format!("`{output}` a second time");
                return Err(call.refuse("an output with a name of its own", found));
            }
            if plain::ENDS.contains(&node.op_type.as_str()) {
                self.end.get_or_insert(node);
            }
            if let (Value::Constant(_), Some(data_type)) =
                (&value, fold::computed_type(self, &call))
            {
                self.types.insert(output, data_type);
            }
            self.values.insert(output, value);
            self.progress += 1;
        }
        self.network(output)
    }

    fn value(&mut self, call: &mut Call<'a>) -> Result<Value, ImportError> {
        let operator = call.qualified();
        if !is_known(&operator) {
            return Err(unknown(call));
        }
        if let Some(constant) = fold::fold(self, call)? {
            return Ok(constant.into());
        }
        match known().find(|(name, _)| *name == operator) {
            Some((_, read)) => read(self, call),
            None => Err(unknown(call)),
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
        // Channels first as in graphs, or last as in the core, in which both programs give them.
        let order = view.order();
        let is_first = order.is_sorted_by_key(|&axis| axis as usize);
        if !is_first && !order.is_sorted_by_key(|&axis| (axis as usize + 2) % 3) {
            let names: Vec<&str> = order.iter().map(|axis| axis.name()).collect();
            let found = format!("`{output}` in the order {}", names.join(", "));
            let expected = "an output in the order channels, rows, columns or rows, columns, channels; \
                            leave out the Transpose at the end";
            return Err(form(expected, found));
        }
        let mut network = Network {
            input: self.input,
            nodes: std::mem::take(&mut self.nodes),
            dropped: self.end.map(|node| Call::new(node).describe()),
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

    /// The integers that the file takes, if it does.
    pub(super) fn input_integers(&self) -> Option<Integers> {
        self.integers
    }

    /// Notes what integers stand for the input; whether they do.
    pub(super) fn give_input(&mut self, given: Quantization) -> bool {
        *self.input.given.get_or_insert(given) == given
    }

    /// The same where these integers are what the file takes.
    pub(super) fn give_input_integers(&mut self, given: Quantization, integers: Integers) -> bool {
        self.input.integers = Some(integers);
        self.give_input(given)
    }

    /// Notes what integers stand for the last tensor, and returns its number.
    pub(super) fn give_last(&mut self, given: Quantization) -> usize {
        if let Some(node) = self.nodes.last_mut() {
            node.given = Some(given);
        }
        self.nodes.len()
    }

    /// The version of the standard operators that the file is for.
    pub(super) fn opset(&self) -> i64 {
        self.opset
    }

    /// `DataType` of the elements of a constant.
    pub(super) fn element_type(&self, name: &str) -> Option<i32> {
        self.types.get(name).copied()
    }

    /// Takes so many elements of what the limits leave.
    pub fn take(&self, call: &Call, elements: usize) -> Result<(), ImportError> {
        Ok(self
            .budget
            .take(elements, size_of::<f32>(), &call.describe())?)
    }

    /// Says more of where the last layer comes from.
    pub fn add_to_origin(&mut self, text: &str) {
        if let Some(node) = self.nodes.last_mut() {
            node.origin += text;
        }
    }

    /// What is left of the limits.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
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
        let (form, node) = (layer.form(), call.describe());
        self.take(call, elements(shape))?;
        let work = form.multiply_adds(&shapes, shape);
        self.budget.work(work.max(form.comparisons(shape)), &node)?;
        self.nodes.push(Node {
            name: String::new(),
            origin: node,
            layer,
            clip: Clip::NONE,
            inputs,
            shape,
            given: None,
        });
        Ok(Value::View(View::new(self.nodes.len(), axes, shape)))
    }
}

/// The operators that there are, with what reads them.
pub(super) fn known() -> impl Iterator<Item = &'static (&'static str, Read)> {
    let tables =
        layers::READERS
            .iter()
            .chain(&[shapes::READERS, plain::READERS, quantized::READERS]);
    tables.copied().flatten()
}

/// Whether anything reads this operator.
pub(super) fn is_known(operator: &str) -> bool {
    known().any(|(name, _)| *name == operator) || fold::is_known(operator)
}

/// Says of an operator that nothing reads what it is and what to do.
pub(super) fn unknown(call: &Call) -> ImportError {
    let (domain, operator) = (&call.node.domain, &call.node.op_type);
    let of = if is_standard(domain) {
        String::new()
    } else {
        format!(" of {domain}")
    };
    if let Some((reason, remedy)) = remedy::find(operator) {
        return call.refuse(remedy, format!("{operator}{of}: {reason}"));
    }
    if fold::is_known(&call.qualified()) {
        let found = format!("{operator} of a value that depends on the model's input");
        return call.refuse("constants, to compute it before the model runs", found);
    }
    let expected =
        "an operator that train/README.md names; train the network with such a one in its place";
    let advice = explain(domain, operator).unwrap_or("an operator without a form in integers here");
    call.refuse(expected, format!("{operator}{of}: {advice}"))
}
