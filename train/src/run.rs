//! The folder of a run: a checkpoint and the model exported from it.
//!
//! A model beside a checkpoint is that checkpoint's, at every instant, whatever ends the program: a new checkpoint is
//! written whole under a temporary name, then the model that it outdates is removed, and only then does the checkpoint
//! get its name. The model comes last, when it is checked. It also carries the checkpoint's identity, which tells of
//! files that were put together otherwise.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use input::file::{self, Pending, WriteError, display_name};
use prost::Message;

use crate::checkpoint::{self, Checkpoint};
use crate::onnx;
use crate::stop::Stop;

/// Name of the model of a network in a run's folder.
pub fn model_name(network: &str) -> String {
    format!("{network}.onnx")
}

/// Key of the checkpoint's identity in a model's metadata.
pub const IDENTITY_KEY: &str = "checkpoint_sha256";

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(
        "{}: expected a folder that no other `train` works in, found one at work; wait for it, or name another folder \
         (`--out`)",
        display_name(folder)
    )]
    InUse { folder: PathBuf },
    #[error(
        "{}: expected a folder without an earlier run, found {found} in it; {}replace it (`--overwrite`), or name \
         another folder (`--out`)",
        display_name(folder),
        resume_advice(folder, found)
    )]
    EarlierRun { folder: PathBuf, found: String },
}

/// A folder for results. One that was made for them and is still empty goes again, also where a signal ends the program.
pub struct OutFolder {
    path: PathBuf,
    is_new: bool,
}

impl OutFolder {
    /// Creates the folder if it is not there, and makes sure that files can be created in it.
    pub fn prepare(path: &Path, stop: &Stop) -> Result<Self, WriteError> {
        let folder = Self {
            path: path.into(),
            is_new: !path.exists(),
        };
        stop.leftovers().folder = folder.is_new.then(|| path.into());
        file::prepare_folder(path)?;
        Ok(folder)
    }
}

impl Drop for OutFolder {
    fn drop(&mut self) {
        if self.is_new {
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

/// The names of the files that a run writes, those of its network if it is known.
fn names(network: Option<&str>) -> Vec<String> {
    let checkpoint = checkpoint::FILE_NAME.to_owned();
    let model = network.map(model_name);
    [checkpoint].into_iter().chain(model).collect()
}

/// The files themselves.
pub fn files(folder: &Path, network: Option<&str>) -> Vec<PathBuf> {
    let names = names(network).into_iter();
    names.map(|name| folder.join(name)).collect()
}

/// Fails if files that a run of a network will write into a folder are there: those of a run other than `resumed` unless
/// `overwrite`, and whatever cannot be replaced.
pub fn expect_free(
    folder: &Path,
    network: Option<&str>,
    resumed: Option<&Path>,
    overwrite: bool,
) -> Result<(), RunError> {
    let real = |run| checkpoint::file_of(run).canonicalize().ok();
    let is_resumed = resumed
        .and_then(real)
        .is_some_and(|resumed| real(folder) == Some(resumed));
    for found in names(network) {
        let path = folder.join(&found);
        if path.is_dir() {
            let source = ErrorKind::IsADirectory.into();
            return Err(WriteError { path, source }.into());
        }
        if path.exists() && !is_resumed && !overwrite {
            let folder = folder.into();
            return Err(RunError::EarlierRun { folder, found });
        }
    }
    Ok(())
}

/// How to go on with the run of which a file was found: a model alone is not enough.
fn resume_advice(folder: &Path, found: &str) -> String {
    if found == checkpoint::FILE_NAME {
        format!(
            "go on with that run (`--resume {}`), ",
            display_name(folder)
        )
    } else {
        String::new()
    }
}

/// The model of a network in the folder of a run that is named by it or by its checkpoint.
pub fn model_of(run: &Path, network: &str) -> PathBuf {
    file::folder_of(&checkpoint::file_of(run)).join(model_name(network))
}

/// Keeps other processes from a run's folder until the result is dropped or the process ends; `None` on systems that
/// cannot.
pub fn lock(folder: &Path) -> Result<Option<File>, RunError> {
    let Ok(file) = File::open(folder) else {
        return Ok(None);
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(RunError::InUse {
            folder: folder.into(),
        }),
        Err(TryLockError::Error(_)) => Ok(None),
        Ok(()) => Ok(Some(file)),
    }
}

/// Does so with the folder that a file will lie in, if it is that of a run.
pub fn lock_around(file: &Path) -> Result<Option<File>, RunError> {
    let folder = file::folder_of(file);
    let is_run = folder.join(checkpoint::FILE_NAME).is_file();
    if is_run { lock(folder) } else { Ok(None) }
}

/// Puts a checkpoint into a run's folder, whole or not at all.
pub fn save(checkpoint: &Checkpoint, folder: &Path) -> Result<(), WriteError> {
    let path = folder.join(checkpoint::FILE_NAME);
    let bytes = checkpoint.to_bytes().map_err(|reason| WriteError {
        path: path.clone(),
        source: std::io::Error::other(reason),
    })?;
    let pending = Pending::write(&path, &bytes)?;
    let model = folder.join(model_name(&checkpoint.record.network));
    let earlier = file::read_if_regular(&model);
    remove_model(&model)?;
    pending.commit().inspect_err(|_| {
        // What is to be reported is why the checkpoint failed; the earlier one is still there, and so shall be its model.
        let _ = earlier.map(|bytes| file::write(&model, &bytes));
    })
}

/// Removes a model that is there, where a link leads.
fn remove_model(path: &Path) -> Result<(), WriteError> {
    let refused = |source| WriteError {
        path: path.into(),
        source,
    };
    match path.canonicalize() {
        Ok(model) if model.is_file() => std::fs::remove_file(&model).map_err(refused),
        _ => Ok(()),
    }
}

/// What is wrong with a model that carries another identity than the checkpoint beside it.
pub fn mismatch(model: &Path) -> Option<String> {
    let checkpoint = file::folder_of(model).join(checkpoint::FILE_NAME);
    let identity = Checkpoint::identity_of(&file::read_if_regular(&checkpoint)?)?;
    let onnx = onnx::Model::decode(&*file::read_if_regular(model)?).ok()?;
    (onnx.metadata(IDENTITY_KEY)? != identity).then(|| {
        format!(
            "{} was exported from another checkpoint than {}; `train export --run {}` exports this one",
            display_name(model),
            display_name(&checkpoint),
            display_name(file::folder_of(model))
        )
    })
}
