//! A training run on disk: the variables and how they came to be, as a
//! [safetensors](https://huggingface.co/docs/safetensors) file.

mod record;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use input::file::{self, ReadError, display_name};
use ndarray::{ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use sha2::{Digest, Sha256};

use crate::architecture::Network;
use crate::data::hexadecimal;
use crate::graph::Target;
use crate::models;
use crate::optimizer::{Variable, in_use};
use crate::tensor::Tensor;
pub use record::{Described, Epoch, Record};

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

#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    pub record: Record,
    /// Parameters first, then the optimiser's state.
    pub variables: Vec<(String, Tensor)>,
}

impl Checkpoint {
    /// The parameters that the network is used with.
    pub fn parameters(&self, network: &Network) -> Vec<(String, Tensor)> {
        in_use(&self.variables, network.parameters().len())
    }

    /// Reads the checkpoint of a run, which is a folder or the file itself, and the network that it is of; its variables
    /// must be those of that network and of its optimiser.
    pub fn load(run: &Path) -> Result<(Self, Network), CheckpointError> {
        let path = file_of(run);
        let bytes = file::read(&path).map_err(|source| CheckpointError::Read {
            path: path.clone(),
            source,
        })?;
        let checkpoint = Self::from_bytes(&bytes).and_then(|found| {
            let network = found.record.network()?;
            let pictures = found.record.pictures(&network);
            pictures.map_err(|error| error.to_string())?;
            Ok((found.of(&network)?, network))
        });
        checkpoint.map_err(|found| CheckpointError::Format { path, found })
    }

    /// The file keeps its own order; this brings the variables into that of the network's training graph.
    fn of(self, network: &Network) -> Result<Self, String> {
        let Self { record, variables } = self;
        let model = models::training(network, record.method(), 1, Target::default())
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
        let bytes = self
            .variables
            .iter()
            .map(|(_, tensor)| tensor.to_le_bytes());
        let bytes: Vec<Vec<u8>> = bytes.collect();
        let mut views = Vec::new();
        for ((name, tensor), bytes) in self.variables.iter().zip(&bytes) {
            let view = TensorView::new(Dtype::F32, tensor.tensor_type().shape, bytes);
            views.push((name, view.map_err(|error| error.to_string())?));
        }
        let metadata = HashMap::from([(RECORD_KEY.to_owned(), record)]);
        safetensors::serialize(views, Some(metadata)).map_err(|error| error.to_string())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let refused = |error: safetensors::SafeTensorError| error.to_string();
        let tensors = SafeTensors::deserialize(bytes).map_err(refused)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(refused)?;
        let metadata = header.metadata().as_ref();
        let record = metadata.and_then(|metadata| metadata.get(RECORD_KEY));
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
    let found = view.dtype();
    if found != Dtype::F32 {
        return Err(format!("tensor {name} of type {found:?} instead of F32"));
    }
    let (chunks, _) = view.data().as_chunks();
    let values = chunks.iter().map(|&chunk| f32::from_le_bytes(chunk));
    let array = ArrayD::from_shape_vec(IxDyn(view.shape()), values.collect());
    let array = array.map_err(|error| format!("tensor {name}: {error}"))?;
    Ok(array.into())
}

/// All expected variables must be there with their shapes, and no others.
fn in_order(
    expected: &[Variable],
    mut given: Vec<(String, Tensor)>,
) -> Result<Vec<(String, Tensor)>, String> {
    let mut ordered = Vec::with_capacity(expected.len());
    for Variable { name, shape, .. } in expected {
        let Some(index) = given.iter().position(|(other, _)| other == name) else {
            return Err(format!(
                "no variable {name}; a run of another version of this program is to be trained anew"
            ));
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
    let Some((name, _)) = given.first() else {
        return Ok(ordered);
    };
    Err(format!(
        "a variable {name} that the optimiser does not have"
    ))
}

#[cfg(test)]
mod tests {
    use no_std_core::prepare::Fit;

    use super::*;
    use crate::data::augment::Augment;
    use crate::optimizer::Optimizer;
    use crate::picture_input::PictureInput;

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
            accuracy: Some(0.9),
            val_loss: 0.2,
            val_accuracy: Some(0.8),
        };
        let record = Record {
            epochs: vec![epoch],
            picture_input: Some(PictureInput {
                fit: Fit::Crop,
                mean: vec![0.1307, 1.0 / 3.0],
                deviation: vec![0.3081, 1e-3],
            }),
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
    fn every_truncation_is_refused() {
        let bytes = example().to_bytes().unwrap();
        for length in 0..bytes.len() {
            let truncated = Checkpoint::from_bytes(&bytes[..length]);
            assert!(truncated.is_err(), "{length} bytes");
        }
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
}
