//! Trained networks to start a fit from: a run's, or that of an ONNX model.

use std::path::Path;

use input::labels;
use input::normalization::Normalization;

use crate::checkpoint::{Checkpoint, CheckpointError, Record};
use crate::data::choice::{Colour, Wanted};
use crate::fit::first_values;
use crate::graph::{GraphError, Target};
use crate::import::ImportError;
use crate::models;
use crate::net::{Description, DescriptionError, Network, Untrainable, describe};
use crate::network::{self, Shape};
use crate::tensor::Tensor;

#[derive(Debug, thiserror::Error)]
pub enum PretrainedError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Untrainable(#[from] Untrainable),
    #[error(transparent)]
    Network(#[from] DescriptionError),
    #[error(
        "--data: expected pictures of {expected}, as the network `{network}` takes them, found {found}: {reason}; leave out \
         `--size` and `--colour`"
    )]
    Pictures {
        network: String,
        expected: String,
        found: String,
        reason: String,
    },
    #[error("expected a network of these layers for {classes} classes, found one where {reason}; `--network` begins anew")]
    Classes { classes: usize, reason: String },
}

/// A trained network.
pub struct Pretrained {
    description: Description,
    input: Shape,
    /// The names of its classes, where it has such.
    labels: Option<Vec<String>>,
    outputs: usize,
    parameters: Vec<(String, Tensor)>,
}

/// What becomes of the last layer with weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// It is kept: the classes are the same.
    Kept,
    /// It is kept, since the classes are as many and had no names.
    Unnamed,
    /// It is drawn anew, since the classes are others.
    New,
}

impl Pretrained {
    /// Of a run, with the parameters that its network is used with.
    pub fn of_run(run: &Path) -> Result<Self, CheckpointError> {
        let (checkpoint, network) = Checkpoint::load(run)?;
        let description = Description::parse("its network", &network.text);
        let description = description.map_err(|error| CheckpointError::Format {
            path: run.into(),
            found: error.to_string(),
        })?;
        Ok(Self {
            description,
            input: network.input,
            parameters: checkpoint.parameters(&network),
            outputs: network.labels.len(),
            labels: Some(network.labels),
        })
    }

    /// Of an imported model, under a name: `pixels` says what it takes in place of those of `0..=1`, `labels` what its
    /// classes are called.
    pub fn of_model(
        name: &str,
        mut model: network::Network,
        pixels: Option<Normalization>,
        labels: Option<Vec<String>>,
    ) -> Result<Self, PretrainedError> {
        let pixels = with_own(&mut model, pixels);
        let (text, parameters) = describe(name, &model, pixels.as_ref())?;
        let said = model.metadata(labels::KEY);
        let said = said.and_then(|names| labels::from_metadata(names).ok());
        let outputs = model.output()[0];
        Ok(Self {
            description: Description::parse(name, &text)?,
            input: model.input.shape,
            parameters,
            outputs,
            labels: labels.or(said.filter(|names| names.len() == outputs)),
        })
    }

    pub fn name(&self) -> &str {
        self.description.name()
    }

    /// What pictures become for it, as far as the user does not say.
    pub fn wanted(&self, wanted: Wanted) -> Wanted {
        let [channels, rows, columns] = self.input;
        let own = match channels {
            1 => Some(Colour::Grey),
            3 => Some(Colour::Rgb),
            _ => None,
        };
        Wanted {
            size: wanted.size.or(Some([rows, columns])),
            colour: wanted.colour.or(own),
            ..wanted
        }
    }

    /// The network for pictures of a shape and these classes, and what became of its head.
    pub fn network(
        &self,
        shape: Shape,
        labels: &[String],
    ) -> Result<(Network, Head), PretrainedError> {
        let head = match &self.labels {
            Some(own) if own == labels => Head::Kept,
            None if self.outputs == labels.len() => Head::Unnamed,
            _ => Head::New,
        };
        let description = match head {
            Head::New => self.description.following_classes()?,
            Head::Kept | Head::Unnamed => self.description.clone(),
        };
        let network = description.network(shape, labels.to_vec());
        let network = network.map_err(|error| error.to_string());
        let fitting = network.and_then(|network| {
            self.expect_sizes(&network, &head)?;
            Ok((network, head))
        });
        fitting.map_err(|reason| self.refusal(shape, labels.len(), reason))
    }

    /// Fails unless the layers that are kept have the sizes that they had.
    fn expect_sizes(&self, network: &Network, head: &Head) -> Result<(), String> {
        for node in &network.nodes[..kept(network, head)] {
            for parameter in &node.parameters {
                let found = self.find(&parameter.name).map(|one| one.tensor_type().shape);
                if found.as_ref() != Some(&parameter.shape) {
                    return Err(format!(
                        "layer `{}` has weights for another size",
                        node.name
                    ));
                }
            }
        }
        Ok(())
    }

    fn refusal(&self, found: Shape, classes: usize, reason: String) -> PretrainedError {
        if found == self.input {
            return PretrainedError::Classes { classes, reason };
        }
        let form =
            |[channels, rows, columns]: Shape| format!("{rows} x {columns} in {channels} channels");
        PretrainedError::Pictures {
            network: self.name().into(),
            expected: form(self.input),
            found: form(found),
            reason,
        }
    }

    /// The start of a fit of one of its networks: what is kept as it is, all else as before any other fit.
    pub fn start(
        &self,
        network: &Network,
        head: &Head,
        record: Record,
    ) -> Result<Checkpoint, GraphError> {
        let model = models::training(network, record.method(), 1, Target::default())?;
        let mut variables = first_values(network, &model.variables, record.seed);
        let kept = &network.nodes[..kept(network, head)];
        let kept = kept.iter().map(|node| node.parameters.len()).sum();
        for (name, value) in variables.iter_mut().take(kept) {
            if let Some(own) = self.find(name) {
                *value = own.clone();
            }
        }
        Ok(Checkpoint { record, variables })
    }

    fn find(&self, name: &str) -> Option<&Tensor> {
        let mut parameters = self.parameters.iter();
        let (_, tensor) = parameters.find(|(other, _)| other == name)?;
        Some(tensor)
    }
}

/// The number of layers that are kept.
fn kept(network: &Network, head: &Head) -> usize {
    match head {
        Head::Kept | Head::Unnamed => network.nodes.len(),
        Head::New => network.head().unwrap_or(0),
    }
}

/// What pixels become, together with what the model does to each channel of its input before all else, which is taken out
/// of it.
fn with_own(model: &mut network::Network, pixels: Option<Normalization>) -> Option<Normalization> {
    let (channels, mut rest) = (model.input.shape[0], model.clone());
    let said = pixels.unwrap_or_else(|| Normalization::up_to(1.0, channels));
    let own = rest.take_normalization();
    if let Some(both) = own.and_then(|[mean, deviation]| said.then(&mean, &deviation)) {
        *model = rest;
        return Some(both);
    }
    Some(said)
}
