//! Trained networks to start a fit from: a run's, or that of an ONNX model.

use std::path::Path;

use input::normalization::Normalization;
use input::{labels, metadata};
use ndarray::Array4;
use no_std_core::prepare::Fit;

use crate::architecture::{Description, DescriptionError, Network, Untrainable, describe};
use crate::checkpoint::{Checkpoint, CheckpointError, Record};
use crate::data::choice::Wanted;
use crate::fit::first_values;
use crate::graph::{GraphError, Target};
use crate::import::ImportError;
use crate::layers::Layer;
use crate::models;
use crate::network::{self, Shape};
use crate::picture_input::{self, PictureInput};
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
    #[error(
        "expected a trained network that {classes} classes can follow, found one that they cannot: {reason}; `--network` begins anew"
    )]
    Classes { classes: usize, reason: String },
}

/// A trained network.
pub struct Pretrained {
    description: Description,
    input: Shape,
    /// The names of its classes, where it has such.
    labels: Option<Vec<String>>,
    parameters: Vec<(String, Tensor)>,
    /// How pictures are scaled for it, where it says so.
    fit: Option<Fit>,
    picture_input: Option<PictureInput>,
    /// Whether it says how sure answers must be to be accepted.
    refuses: bool,
}

/// What becomes of the last layer with weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// It is kept: the classes are the same.
    Kept,
    /// It is drawn anew, since the classes are others.
    New,
    /// It is drawn anew, since nobody says what the classes were.
    Unnamed,
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
            labels: Some(network.labels),
            fit: checkpoint
                .record
                .picture_input
                .as_ref()
                .map(|input| input.fit),
            picture_input: checkpoint.record.picture_input,
            refuses: checkpoint.record.certainty.is_some(),
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
        let pixels = into_weights(&mut model, pixels);
        let (text, parameters) = describe(name, &model, &pixels)?;
        let said = model.metadata(labels::KEY);
        let said = said.and_then(|names| labels::from_metadata(names).ok());
        let outputs = model.output()[0];
        let mut thresholds = [metadata::LEAST_PROBABILITY, metadata::THRESHOLD].into_iter();
        Ok(Self {
            description: Description::parse(name, &text)?,
            input: model.input.shape,
            parameters,
            labels: labels.or(said.filter(|names| names.len() == outputs)),
            fit: model
                .metadata(metadata::PREPARATION)
                .and_then(picture_input::fit),
            picture_input: None,
            refuses: thresholds.any(|key| model.metadata(key).is_some()),
        })
    }

    pub fn name(&self) -> &str {
        self.description.name()
    }

    /// How pictures became the input of a run, if that says so.
    pub fn picture_input(&self) -> Option<&PictureInput> {
        self.picture_input.as_ref()
    }

    /// Whether it refuses what is of none of its classes.
    pub fn refuses(&self) -> bool {
        self.refuses
    }

    /// What pictures become for it, as far as the user does not say.
    pub fn wanted(&self, wanted: Wanted) -> Wanted {
        wanted.or(self.input, self.fit)
    }

    /// The network for pictures of a shape and these classes, and what became of its head.
    pub fn network(
        &self,
        shape: Shape,
        labels: &[String],
    ) -> Result<(Network, Head), PretrainedError> {
        let head = match &self.labels {
            Some(own) if own == labels => Head::Kept,
            Some(_) => Head::New,
            None => Head::Unnamed,
        };
        let description = match head {
            Head::Kept => self.description.clone(),
            Head::New | Head::Unnamed => self.description.following_classes()?,
        };
        let network = description.network(shape, labels.to_vec());
        let network = network.map_err(|error| error.to_string());
        let fitting = network.and_then(|network| {
            self.expect_sizes(&network, head)?;
            Ok((network, head))
        });
        fitting.map_err(|reason| self.refusal(shape, labels.len(), reason))
    }

    /// Fails unless the layers that are kept have the sizes that they had.
    fn expect_sizes(&self, network: &Network, head: Head) -> Result<(), String> {
        for node in &network.nodes[..kept(network, head)] {
            for parameter in &node.parameters {
                let found = self
                    .find(&parameter.name)
                    .map(|one| one.tensor_type().shape);
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
        head: Head,
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
fn kept(network: &Network, head: Head) -> usize {
    match head {
        Head::Kept => network.nodes.len(),
        Head::New | Head::Unnamed => network.head().unwrap_or(0),
    }
}

/// What pixels become, together with what the model does to each channel of its input before all else, which is taken out
/// of it.
fn with_own(model: &mut network::Network, pixels: Option<Normalization>) -> Normalization {
    let (channels, mut rest) = (model.input.shape[0], model.clone());
    let said = pixels.unwrap_or_else(|| Normalization::up_to(1.0, channels));
    let own = rest.take_normalization();
    match own.and_then(|[mean, deviation]| said.then(&mean, &deviation)) {
        Some(both) => {
            *model = rest;
            both
        }
        None => said,
    }
}

/// Lets the layers that read the input multiply pixels as well, where that can be: weights for pixels of `0..=255` are so
/// small that the steps of an optimiser would be most of them. What is left is subtracted.
fn into_weights(model: &mut network::Network, pixels: Normalization) -> Normalization {
    let channels = 0..pixels.channels();
    let [black, white] = [0, u8::MAX];
    let number = |channel| pixels.number(channel, black);
    let factors = channels
        .clone()
        .map(|channel| pixels.number(channel, white) - number(channel));
    let factors: Vec<f32> = factors.collect();
    let mean = channels
        .zip(&factors)
        .map(|(channel, factor)| (0.0 - number(channel)) / factor);
    let mean: Vec<f32> = mean.collect();
    let Ok(left) = Normalization::new([0.0, 1.0], [&mean, &[1.0]], factors.len()) else {
        return pixels;
    };
    let readers: Vec<usize> = model.readers(0).collect();
    let mut scaled = model.clone();
    let are_scaled = readers
        .iter()
        .all(|&reader| match &mut scaled.nodes[reader].layer {
            Layer::Conv(conv) => scale(&mut conv.weight, conv.groups, &factors),
            Layer::Dense(dense) => scale(&mut dense.weight, 1, &factors),
            _ => false,
        });
    if !are_scaled {
        return pixels;
    }
    *model = scaled;
    left
}

/// Multiplies weights by the factors of the channels that they meet, if all stay numbers.
fn scale(weight: &mut Array4<f32>, groups: usize, factors: &[f32]) -> bool {
    let (filters, of_group, ..) = weight.dim();
    for ((filter, channel, ..), weight) in weight.indexed_iter_mut() {
        let first = filter / (filters / groups) * of_group;
        *weight *= factors[first + channel];
    }
    weight.iter().all(|weight| weight.is_finite())
}
