//! How a run came to be: what its checkpoint says beside the variables.

use input::normalization::NormalizationError;
use serde::{Deserialize, Serialize};

use crate::architecture::{Description, Network, NumberScaling};
use crate::certainty::Certainty;
use crate::data::Dataset;
use crate::data::augment::Augment;
use crate::detector::Detector;
use crate::graph::Chosen;
use crate::optimizer::{Method, Optimizer};
use crate::picture_input::{PictureInput, Pictures};
use crate::recipe::Recipe;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The network's name.
    pub network: String,
    /// The network itself, where it is another one than the seed course's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub described: Option<Described>,
    /// The layers that training leaves as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<String>,
    /// The trained network that it began with, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuned_from: Option<String>,
    /// How pictures become its input, where that is not as pixels from 0 to 1 of its size.
    #[serde(default, rename = "prepared", skip_serializing_if = "Option::is_none")]
    pub picture_input: Option<PictureInput>,
    /// The rest of how it is trained.
    #[serde(default, skip_serializing_if = "Recipe::is_plain")]
    pub recipe: Recipe,
    pub optimizer: Optimizer,
    /// The forms in which a step is computed where they are not the usual ones, or were measured.
    #[serde(default, skip_serializing_if = "Chosen::is_empty")]
    pub forms: Chosen,
    pub learning_rate: f32,
    pub batch_size: usize,
    /// Seed of parameters, order and masks.
    pub seed: u64,
    /// The number of samples of no class that were learnt as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub negatives: usize,
    /// SHA-256 of the pixels of those of them that the user gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negatives_sha256: Option<String>,
    /// How sure an answer must be to be accepted, where samples of no class were learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<Certainty>,
    /// SHA-256 of the data of the last epoch, as hexadecimal digits.
    pub data_sha256: String,
    /// What was trained on, for people.
    pub data_source: String,
    /// Where the network gives reconstructions, how strange inputs are told by them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detector: Option<Detector>,
    /// What the figures `val_` of the epochs are from, for people.
    #[serde(default = "val_data")]
    pub val_data: String,
    pub epochs: Vec<Epoch>,
}

/// All that a network follows from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Described {
    /// What its file says.
    pub text: String,
    /// Channels, rows and columns of what goes in.
    pub input: [usize; 3],
    pub labels: Vec<String>,
    /// The scale of its numbers, if they are none of pixels and classes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scaling: NumberScaling,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Described {
    fn of(network: &Network) -> Option<Self> {
        (!network.is_digits()).then(|| Self {
            text: network.text.to_string(),
            input: network.input,
            labels: network.labels.clone(),
            scaling: network.scaling.clone(),
        })
    }
}

fn val_data() -> String {
    "the test images, by which nothing is chosen".into()
}

impl Record {
    /// Before the first epoch, on data that are not known yet.
    pub fn new(network: &Network, optimizer: Optimizer, batch_size: usize, seed: u64) -> Self {
        Self {
            network: network.name.clone(),
            described: Described::of(network),
            frozen: network.frozen(),
            tuned_from: None,
            picture_input: None,
            recipe: Recipe::default(),
            optimizer,
            forms: Chosen::new(),
            learning_rate: optimizer.default_learning_rate(),
            batch_size,
            seed,
            negatives: 0,
            negatives_sha256: None,
            certainty: None,
            data_sha256: String::new(),
            data_source: String::new(),
            detector: None,
            val_data: val_data(),
            epochs: Vec::new(),
        }
    }

    /// How parameters are updated.
    pub fn method(&self) -> Method {
        let method = Method::from(self.optimizer);
        let recipe = &self.recipe;
        Method {
            weight_decay: recipe.weight_decay.unwrap_or(method.weight_decay),
            average: recipe.average,
            label_smoothing: recipe.label_smoothing,
            mixes: recipe.mixes(),
            negatives: self.negatives > 0,
            ..method
        }
    }

    /// The network that was trained, or what is wrong with what the record says of it.
    pub fn network(&self) -> Result<Network, String> {
        let mut network = self.unfrozen()?;
        let frozen = network.freeze(&self.frozen);
        frozen.map_err(|error| error.to_string())?;
        Ok(network)
    }

    fn unfrozen(&self) -> Result<Network, String> {
        let digits = Network::digits();
        match &self.described {
            Some(Described {
                text,
                input,
                labels,
                scaling,
            }) => {
                let description = Description::parse("its network", text);
                let network = description.and_then(|one| one.network(*input, labels.clone()));
                let network = network.map_err(|error| error.to_string())?;
                scaling.expect_fit(&network)?;
                let scaling = scaling.clone();
                Ok(Network { scaling, ..network })
            }
            None if self.network == digits.name => Ok(digits),
            None => Err(format!(
                "one of network `{}`, of whose layers it says nothing",
                self.network
            )),
        }
    }

    /// What it says of pictures, or what is wrong with that.
    pub fn pictures(&self, network: &Network) -> Result<Pictures, NormalizationError> {
        Pictures::of_run(network, self.picture_input.as_ref())
    }

    /// What was added to the images in the last epoch.
    pub fn augment(&self) -> Augment {
        let last = self.epochs.last();
        last.map(|epoch| epoch.augment).unwrap_or_default()
    }

    /// How many of the samples to learn from are of the data: the others follow them.
    pub fn given(&self, samples: &Dataset) -> usize {
        samples.len() - self.recipe.printed as usize - self.negatives
    }

    /// What the network has learnt to read: inverted images, too, where these were added or the recipe has pictures inverted.
    pub fn polarities(&self) -> Augment {
        if self.recipe.inverts() {
            Augment::Invert
        } else {
            self.augment()
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// What was added to the images, in training and in the test set.
    pub augment: Augment,
    /// Mean loss over the epoch's steps, of classes in nats.
    pub loss: f64,
    /// Of classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Mean loss on the test set, likewise.
    pub val_loss: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub val_accuracy: Option<f64>,
}

impl Epoch {
    /// A loss that is no finite number, if there is one: training left the range of numbers.
    pub fn infinite_loss(&self) -> Option<f64> {
        let mut losses = [self.loss, self.val_loss].into_iter();
        losses.find(|loss| !loss.is_finite())
    }
}
