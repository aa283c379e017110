//! A training run on disk: the variables and how they came to be, as a
//! [safetensors](https://huggingface.co/docs/safetensors) file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use crate::atomic::{self, WriteError};
use crate::data::augment::Augment;
use crate::optimizer::Optimizer;
use crate::tensor::Tensor;

/// Name of the checkpoint in a run's folder.
pub const FILE_NAME: &str = "checkpoint.safetensors";
/// Key of the record in the file's metadata.
const RECORD_KEY: &str = "training";

/// Why a checkpoint could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be read.
    #[error("{path}: expected a checkpoint written by `train fit`, found none: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a checkpoint.
    #[error("{path}: expected a checkpoint written by `train fit`, found {found}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        found: String,
    },
    /// The variables are not those of the network and optimiser.
    #[error("the checkpoint to resume: expected {expected}, found {found}; start anew without --resume")]
    Mismatch {
        /// What the network needs.
        expected: String,
        /// What the file holds.
        found: String,
    },
}

/// How the variables of a checkpoint came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Name of the network.
    pub network: String,
    /// Optimiser.
    pub optimizer: Optimizer,
    /// Step size.
    pub learning_rate: f32,
    /// Images of a step.
    pub batch_size: usize,
    /// Seed of parameters, order and masks.
    pub seed: u64,
    /// SHA-256 of the data of the last epoch, as hexadecimal digits.
    pub data_sha256: String,
    /// What was trained on, for people.
    pub data_source: String,
    /// The finished epochs.
    pub epochs: Vec<Epoch>,
}

impl Record {
    /// What was added to the images in the last epoch.
    pub fn augment(&self) -> Augment {
        self.epochs.last().map(|epoch| epoch.augment).unwrap_or_default()
    }
}

/// One finished epoch.
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

/// Variables and their record.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How the variables came to be.
    pub record: Record,
    /// Parameters first, then the optimiser's state.
    pub variables: Vec<(String, Tensor)>,
}

impl Checkpoint {
    /// Writes the file into a run's folder, whole or not at all.
    pub fn save(&self, folder: &Path) -> Result<(), WriteError> {
        let path = folder.join(FILE_NAME);
        let bytes = self.to_bytes().map_err(|reason| WriteError {
            path: path.clone(),
            source: std::io::Error::other(reason),
        })?;
        atomic::write(&path, &bytes)
    }

    /// Reads the checkpoint of a run's folder.
    pub fn load(folder: &Path) -> Result<Self, CheckpointError> {
        let path = folder.join(FILE_NAME);
        let bytes = std::fs::read(&path)
            .map_err(|source| CheckpointError::Read { path: path.clone(), source })?;
        Self::from_bytes(&bytes).map_err(|found| CheckpointError::Format { path, found })
    }

    fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let record = serde_json::to_string(&self.record).map_err(|error| error.to_string())?;
        let data: Vec<(&str, Vec<usize>, Vec<u8>)> = self
            .variables
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor.tensor_type().shape, tensor.to_le_bytes()))
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
        let record = header.metadata().as_ref().and_then(|metadata| metadata.get(RECORD_KEY));
        let record = record.ok_or_else(|| format!("no `{RECORD_KEY}` in its metadata"))?;
        let record = serde_json::from_str(record).map_err(|error| error.to_string())?;
        let mut variables = Vec::new();
        for (name, view) in tensors.iter() {
            variables.push((name.to_owned(), floats(name, &view)?));
        }
        Ok(Self { record, variables })
    }
}

fn floats(name: &str, view: &TensorView) -> Result<Tensor, String> {
    if view.dtype() != Dtype::F32 {
        return Err(format!("tensor {name} of type {:?} instead of F32", view.dtype()));
    }
    let (chunks, _) = view.data().as_chunks::<4>();
    let values = chunks.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect();
    let array = ArrayD::from_shape_vec(IxDyn(view.shape()), values);
    array.map(Tensor::F32).map_err(|error| format!("tensor {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Checkpoint {
        let epoch = Epoch { augment: Augment::Invert, loss: 0.1, accuracy: 0.9, val_loss: 0.2, val_accuracy: 0.8 };
        let record = Record {
            network: "digits".into(),
            optimizer: Optimizer::Adam,
            learning_rate: 0.001,
            batch_size: 128,
            seed: 7,
            data_sha256: "00".into(),
            data_source: "nowhere".into(),
            epochs: vec![epoch],
        };
        let weight = ndarray::arr2(&[[1.5f32, -0.0], [f32::MIN_POSITIVE, 3.25e-40]]).into();
        Checkpoint { record, variables: vec![("power".into(), Tensor::scalar(0.9)), ("weight".into(), weight)] }
    }

    #[test]
    fn what_is_saved_is_loaded_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        example().save(folder.path()).unwrap();
        let mut loaded = Checkpoint::load(folder.path()).unwrap();
        loaded.variables.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(loaded, example());
        let first = std::fs::read(folder.path().join(FILE_NAME)).unwrap();
        example().save(folder.path()).unwrap();
        assert_eq!(std::fs::read(folder.path().join(FILE_NAME)).unwrap(), first);
    }

    #[test]
    fn every_truncation_and_a_foreign_file_are_refused() {
        let bytes = example().to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(Checkpoint::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
        }
        let foreign = safetensors::serialize(Vec::<(String, TensorView)>::new(), None).unwrap();
        assert!(Checkpoint::from_bytes(&foreign).unwrap_err().contains("training"));
    }

    #[test]
    fn a_missing_checkpoint_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Checkpoint::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains(FILE_NAME) && error.contains("train fit"), "{error}");
    }
}
