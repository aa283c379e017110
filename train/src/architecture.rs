//! Networks that are trained: layers as data, from which the graphs, the parameters and the summary follow.

mod build;
mod description;
mod freeze;
mod from_model;
mod number_scaling;
mod output;
mod presets;
mod summary;

use std::sync::Arc;

use no_std_core::format::OutputKind;

use crate::graph::{Graph, GraphError, ValueId};
use crate::layers::{ActivationFunction, Parameter, Pass, Trained, Training};

pub use description::{Description, DescriptionError};
pub use freeze::FreezeError;
pub use from_model::{Untrainable, describe};
pub use number_scaling::{NumberScaling, Scale};
pub use presets::{PRESETS, Preset};
pub(crate) use summary::thousands;

/// A layer with its name, what it reads, and what follows from that.
#[derive(Clone, Debug)]
pub struct Node {
    /// Name, if its file gives none counted by kind: `conv1`.
    pub name: String,
    pub kind: &'static str,
    pub layer: Arc<dyn Trained>,
    /// What is applied to its outputs.
    pub activation: ActivationFunction,
    /// The tensors that it reads, each before its own: 0 is the input, and node `k` makes tensor `k + 1`.
    pub inputs: Vec<usize>,
    /// Shape of one output, without the batch: `[channels, rows, columns]` or `[features]`.
    pub output: Vec<usize>,
    pub parameters: Vec<Parameter>,
    /// Whether training leaves its parameters as they are, statistics of batches too.
    pub is_frozen: bool,
    /// Multiplications and additions for one sample.
    pub multiply_adds: usize,
}

impl Node {
    /// Number of the outputs for one sample.
    pub fn output_len(&self) -> usize {
        self.output.iter().product()
    }
}

/// A network of at least one layer. The last one makes the output, and all others lead to it.
#[derive(Clone, Debug)]
pub struct Network {
    pub name: String,
    /// Channels, rows and columns of a sample.
    pub input: [usize; 3],
    /// The layers in an order in which they can run.
    pub nodes: Vec<Node>,
    /// What the outputs are.
    pub output: OutputKind,
    /// The classes that the outputs stand for; none where they are none.
    pub labels: Vec<String>,
    /// The scale of the numbers that go in and come out, where these are not pixels and classes.
    pub scaling: NumberScaling,
    /// What its file says.
    pub text: Arc<str>,
}

impl Network {
    /// The digit classifier of the seed course: two convolutions with pooling, two dense layers with dropout.
    ///
    /// # Panics
    ///
    /// Never: its file is part of the program, and read in the tests.
    pub fn digits() -> Self {
        let labels = (0..10).map(|digit| digit.to_string()).collect();
        let digits = Description::preset("digits").expect("there is a preset of this name");
        digits
            .network([1, 28, 28], labels)
            .expect("it is a network for digits")
    }

    /// Whether this is [`Network::digits`].
    pub fn is_digits(&self) -> bool {
        let digits = Self::digits();
        self.text == digits.text && self.input == digits.input && self.labels == digits.labels
    }

    /// Number of the outputs for one sample.
    pub fn output_len(&self) -> usize {
        self.nodes.last().map_or(0, Node::output_len)
    }

    pub fn parameters(&self) -> Vec<Parameter> {
        let nodes = self.nodes.iter();
        nodes.flat_map(|node| node.parameters.clone()).collect()
    }

    /// Number of all elements of parameters.
    pub fn parameter_count(&self) -> usize {
        self.parameters().iter().map(Parameter::len).sum()
    }

    /// Multiplications and additions for one sample.
    pub fn multiply_adds(&self) -> usize {
        self.nodes.iter().map(|node| node.multiply_adds).sum()
    }

    /// Whether batches have to stay whole, since samples depend on each other.
    pub fn has_batch_statistics(&self) -> bool {
        let depends =
            |node: &Node| !node.is_frozen && node.parameters.iter().any(|one| !one.is_trained);
        self.nodes.iter().any(depends)
    }

    /// The last layer with weights over all channels: what comes after it follows its outputs.
    pub fn head(&self) -> Option<usize> {
        let is_head = |node: &Node| ["conv", "dense"].contains(&node.kind);
        self.nodes.iter().rposition(is_head)
    }

    /// Name, drop rate and shape of one sample's mask of each dropout layer.
    pub fn dropouts(&self) -> Vec<(String, f32, Vec<usize>)> {
        let dropout = |node: &Node| {
            let rate = node.layer.drops()?;
            Some((node.name.clone(), rate, node.output.clone()))
        };
        self.nodes.iter().filter_map(dropout).collect()
    }

    /// Adds the forward pass from samples `[N, channels, rows, columns]` to outputs `[N, ...]`, in training with what
    /// only training has. Both are in the scale that the layers work in.
    ///
    /// `parameters` are in the order of [`Network::parameters`].
    pub fn forward(
        &self,
        graph: &mut Graph,
        samples: ValueId,
        parameters: &[ValueId],
        training: Option<Training>,
    ) -> Result<Forward, GraphError> {
        let mut pass = Pass::new(graph, training);
        let mut rest = parameters;
        let mut values = vec![samples];
        for (index, node) in self.nodes.iter().enumerate() {
            let count = node.parameters.len();
            let Some((own, others)) = rest.split_at_checked(count) else {
                return Err(GraphError::MissingParameter(node.name.clone()));
            };
            rest = others;
            let inputs: Vec<ValueId> = node.inputs.iter().map(|&input| values[input]).collect();
            // A frozen layer is as it is after training.
            let training = pass.training.take_if(|_| node.is_frozen);
            let value = node.layer.forward(&mut pass, &inputs, own)?;
            if node.is_frozen {
                pass.training = training;
            }
            let value = self.applied(index).apply(pass.graph, value)?;
            values.push(value);
        }
        Ok(Forward {
            output: values[values.len() - 1],
            updates: pass.updates,
        })
    }

    /// What is applied to the outputs of a layer in the graph: an activation and the maximum of a window change places
    /// freely, and there are fewer maxima than elements.
    fn applied(&self, index: usize) -> ActivationFunction {
        let node = &self.nodes[index];
        if self.maximum_after(index).is_some() {
            return ActivationFunction::None;
        }
        match node.inputs[..] {
            [input] if input > 0 && self.maximum_after(input - 1) == Some(index) => {
                self.nodes[input - 1].activation
            }
            _ => node.activation,
        }
    }

    /// The layer of maxima that alone reads a layer with an activation.
    fn maximum_after(&self, index: usize) -> Option<usize> {
        let reads = |node: &Node| node.inputs.contains(&(index + 1));
        let mut readers = (0..self.nodes.len()).filter(|&other| reads(&self.nodes[other]));
        let (reader, None) = (readers.next()?, readers.next()) else {
            return None;
        };
        let after = &self.nodes[reader];
        let is_free = after.layer.takes_maxima() && after.activation == ActivationFunction::None;
        (is_free && self.nodes[index].activation != ActivationFunction::None).then_some(reader)
    }
}

/// What a forward pass makes.
pub struct Forward {
    /// `[N, ...]`
    pub output: ValueId,
    /// In training, the parameters that change without a gradient, with their next values.
    pub updates: Vec<(ValueId, ValueId)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_the_shapes_of_the_seed() {
        let parameters = Network::digits().parameters();
        let found = parameters.iter().map(|one| (&*one.name, &*one.shape));
        let expected: [(&str, &[usize]); 8] = [
            ("conv1.weight", &[16, 1, 5, 5]),
            ("conv1.bias", &[16]),
            ("conv2.weight", &[32, 16, 5, 5]),
            ("conv2.bias", &[32]),
            ("dense1.weight", &[128, 1568]),
            ("dense1.bias", &[128]),
            ("dense2.weight", &[10, 128]),
            ("dense2.bias", &[10]),
        ];
        assert!(found.eq(expected), "{parameters:?}");
    }
}
