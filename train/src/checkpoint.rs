//! A training run on disk: the variables and how they came to be, as a
//! [safetensors](https://huggingface.co/docs/safetensors) file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use input::file::{self, ReadError, display_name};
use ndarray::{ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::augment::Augment;
use crate::data::hexadecimal;
use crate::graph::Target;
use crate::models;
use crate::net::Network;
use crate::optimizer::{Optimizer, Variable};
use crate::tensor::Tensor;

/// Name of the checkpoint in a run's folder.
pub const FILE_NAME: &str = "checkpoint.safetensors";
/// Key of the record in the file's metadata.
const RECORD_KEY: &str = "training";

#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error(
        "{}: expected a checkpoint written by `train fit`, found none: {source}",
        display_name(path)
    )]
    Read { path: PathBuf, source: ReadError },
    #[error(
        "{}: expected a checkpoint written by `train fit`, found {found}",
        display_name(path)
    )]
    Format { path: PathBuf, found: String },
}

/// How the variables of a checkpoint came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub network: String,
    pub optimizer: Optimizer,
    pub learning_rate: f32,
    pub batch_size: usize,
    /// Seed of parameters, order and masks.
    pub seed: u64,
    /// SHA-256 of the data of the last epoch, as hexadecimal digits.
    pub data_sha256: String,
    /// What was trained on, for people.
    pub data_source: String,
    /// What the figures `val_` of the epochs are from, for people.
    #[serde(default = "val_data")]
    pub val_data: String,
    pub epochs: Vec<Epoch>,
}

fn val_data() -> String {
    "the test images, by which nothing is chosen".into()
}

impl Record {
    /// Before the first epoch, on data that are not known yet.
    pub fn new(network: &Network, optimizer: Optimizer, batch_size: usize, seed: u64) -> Self {
        Self {
            network: network.name.into(),
            optimizer,
            learning_rate: optimizer.default_learning_rate(),
            batch_size,
            seed,
            data_sha256: String::new(),
            data_source: String::new(),
            val_data: val_data(),
            epochs: Vec::new(),
        }
    }

    /// What was added to the images in the last epoch.
    pub fn augment(&self) -> Augment {
        self.epochs
            .last()
            .map(|epoch| epoch.augment)
            .unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// What was added to the images, in training and in the test set.
    pub augment: Augment,
    /// Mean loss over the epoch's steps, in nats.
    pub loss: f64,
    /// Share of right answers over the epoch's steps.
    pub accuracy: f64,
    /// Mean loss on the test set, in nats.
    pub val_loss: f64,
    /// Share of right answers on the test set.
    pub val_accuracy: f64,
}

impl Epoch {
    /// A loss that is no finite number, if there is one: training left the range of numbers.
    pub fn infinite_loss(&self) -> Option<f64> {
        [self.loss, self.val_loss]
            .into_iter()
            .find(|loss| !loss.is_finite())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How the variables came to be.
    pub record: Record,
    /// Parameters first, then the optimiser's state.
    pub variables: Vec<(String, Tensor)>,
}

impl Checkpoint {
    /// Reads the checkpoint of a run, which is a folder or the file itself; its variables must be those of `network` and
    /// of its own optimiser.
    pub fn load(run: &Path, network: &Network) -> Result<Self, CheckpointError> {
        let path = file_of(run);
        let bytes = file::read(&path).map_err(|source| CheckpointError::Read {
            path: path.clone(),
            source,
        })?;
        let checkpoint = Self::from_bytes(&bytes).and_then(|found| found.of(network));
        checkpoint.map_err(|found| CheckpointError::Format { path, found })
    }

    /// The file keeps its own order; this brings the variables into that of the network's training graph.
    fn of(self, network: &Network) -> Result<Self, String> {
        let Self { record, variables } = self;
        if record.network != network.name {
            return Err(format!(
                "one of network `{}` instead of `{}`",
                record.network, network.name
            ));
        }
        let model = models::training(network, record.optimizer, 1, Target::default())
            .map_err(|error| error.to_string())?;
        Ok(Self {
            variables: in_order(&model.variables, variables)?,
            record,
        })
    }

    /// SHA-256 of the file that [`Checkpoint::to_bytes`] writes, as hexadecimal digits.
    pub fn identity(&self) -> Result<String, String> {
        Ok(hexadecimal(&Sha256::digest(self.to_bytes()?)))
    }

    /// The same of the checkpoint in a file with these bytes; `None` if that is none.
    pub fn identity_of(bytes: &[u8]) -> Option<String> {
        Self::from_bytes(bytes).ok()?.identity().ok()
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let record = serde_json::to_string(&self.record).map_err(|error| error.to_string())?;
        let data: Vec<(&str, Vec<usize>, Vec<u8>)> = self
            .variables
            .iter()
            .map(|(name, tensor)| {
                (
                    name.as_str(),
                    tensor.tensor_type().shape,
                    tensor.to_le_bytes(),
                )
            })
            .collect();
        let mut views = Vec::new();
        for (name, shape, bytes) in &data {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            views.push((*name, view.map_err(|error| error.to_string())?));
        }
        let metadata = HashMap::from([(RECORD_KEY.to_owned(), record)]);
        safetensors::serialize(views, Some(metadata)).map_err(|error| error.to_string())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let refused = |error: safetensors::SafeTensorError| error.to_string();
        let tensors = SafeTensors::deserialize(bytes).map_err(refused)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(refused)?;
        let record = header
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(RECORD_KEY));
        let record = record.ok_or_else(|| format!("no `{RECORD_KEY}` in its metadata"))?;
        let record = serde_json::from_str(record).map_err(|error| error.to_string())?;
        let mut variables = Vec::new();
        for (name, view) in tensors.iter() {
            variables.push((name.to_owned(), floats(name, &view)?));
        }
        Ok(Self { record, variables })
    }
}

/// The checkpoint of a run that is named by its folder or by the file itself.
pub fn file_of(run: &Path) -> PathBuf {
    if run.is_file() {
        run.into()
    } else {
        run.join(FILE_NAME)
    }
}

fn floats(name: &str, view: &TensorView) -> Result<Tensor, String> {
    if view.dtype() != Dtype::F32 {
        return Err(format!(
            "tensor {name} of type {:?} instead of F32",
            view.dtype()
        ));
    }
    let (chunks, _) = view.data().as_chunks::<4>();
    let values = chunks
        .iter()
        .map(|&chunk| f32::from_le_bytes(chunk))
        .collect();
    let array = ArrayD::from_shape_vec(IxDyn(view.shape()), values);
    array
        .map(Tensor::F32)
        .map_err(|error| format!("tensor {name}: {error}"))
}

/// All expected variables must be there with their shapes, and no others.
fn in_order(
    expected: &[Variable],
    mut given: Vec<(String, Tensor)>,
) -> Result<Vec<(String, Tensor)>, String> {
    let mut ordered = Vec::with_capacity(expected.len());
    for Variable { name, shape, .. } in expected {
        let Some(index) = given.iter().position(|(other, _)| other == name) else {
            return Err(format!("no variable {name}"));
        };
        let (_, tensor) = &given[index];
        let found = tensor.tensor_type().shape;
        if found != *shape {
            return Err(format!(
                "variable {name} of shape {found:?} instead of {shape:?}"
            ));
        }
        ordered.push(given.swap_remove(index));
    }
    match given.first() {
        Some((name, _)) => Err(format!(
            "a variable {name} that the optimiser does not have"
        )),
        None => Ok(ordered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, shape: &[usize]) -> Variable {
        Variable {
            name: name.into(),
            shape: shape.to_vec(),
            initial: 0.0,
        }
    }

    fn example() -> Checkpoint {
        let epoch = Epoch {
            augment: Augment::Invert,
            loss: 0.1,
            accuracy: 0.9,
            val_loss: 0.2,
            val_accuracy: 0.8,
        };
        let record = Record {
            epochs: vec![epoch],
            ..Record::new(&Network::digits(), Optimizer::Adam, 128, 7)
        };
        let weight = ndarray::arr2(&[[1.5f32, -0.0], [f32::MIN_POSITIVE, 3.25e-40]]).into();
        Checkpoint {
            record,
            variables: vec![
                ("power".into(), Tensor::scalar(0.9)),
                ("weight".into(), weight),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read_to_the_bit() {
        let first = example().to_bytes().unwrap();
        let mut loaded = Checkpoint::from_bytes(&first).unwrap();
        assert_eq!(Checkpoint::identity_of(&first), example().identity().ok());
        loaded.variables.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(loaded, example());
        assert_eq!(loaded.to_bytes().unwrap(), first);
    }

    #[test]
    fn every_truncation_and_a_foreign_file_are_refused() {
        let bytes = example().to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(
                Checkpoint::from_bytes(&bytes[..length]).is_err(),
                "{length} bytes"
            );
        }
        let foreign = safetensors::serialize(Vec::<(String, TensorView)>::new(), None).unwrap();
        assert!(
            Checkpoint::from_bytes(&foreign)
                .unwrap_err()
                .contains("training")
        );
    }

    #[test]
    fn variables_are_sorted_into_the_order_of_the_graph() {
        let expected = [variable("b", &[2]), variable("a", &[])];
        let given = vec![
            ("a".to_owned(), Tensor::scalar(1.0)),
            ("b".to_owned(), Tensor::filled(&[2], 2.0)),
        ];
        let ordered = in_order(&expected, given.clone()).unwrap();
        assert_eq!(ordered, [given[1].clone(), given[0].clone()]);
    }

    #[test]
    fn missing_misshapen_and_foreign_variables_are_named() {
        let expected = [variable("conv1.weight", &[2, 3])];
        let refusal = |given| in_order(&expected, given).unwrap_err();
        let right = ("conv1.weight".to_owned(), Tensor::filled(&[2, 3], 0.0));
        let turned = ("conv1.weight".to_owned(), Tensor::filled(&[3, 2], 0.0));
        let other = ("beta".to_owned(), Tensor::scalar(1.0));
        assert_eq!(refusal(vec![]), "no variable conv1.weight");
        assert_eq!(
            refusal(vec![turned]),
            "variable conv1.weight of shape [3, 2] instead of [2, 3]"
        );
        assert_eq!(
            refusal(vec![right, other]),
            "a variable beta that the optimiser does not have"
        );
    }
}
