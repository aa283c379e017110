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

/// Name of the model in a run's folder.
pub const MODEL_NAME: &str = "digits.onnx";
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
        "{0}: expected a folder without an earlier run, found {found} in it; go on with that run (`--resume {0}`), \
         replace it (`--overwrite`), or name another folder (`--out`)",
        display_name(folder)
    )]
    EarlierRun {
        folder: PathBuf,
        found: &'static str,
    },
}

/// A folder for a run, kept from other processes until this is dropped or the process ends.
pub struct RunFolder {
    path: PathBuf,
    is_new: bool,
    #[expect(
        dead_code,
        reason = "the system holds the lock as long as this is open"
    )]
    lock: Option<File>,
}

impl RunFolder {
    /// Creates the folder if it is not there, and makes sure that files can be created in it.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let is_new = !path.exists();
        let refused = |source| WriteError {
            path: path.into(),
            source,
        };
        std::fs::create_dir_all(path).map_err(refused)?;
        let lock = lock(path)?;
        file::prepare_folder(path)?;
        Ok(Self {
            path: path.into(),
            is_new,
            lock,
        })
    }

    /// Keeps other processes from the run that a file will lie in, if its folder is that of one.
    pub fn around(file: &Path) -> Result<Option<Self>, RunError> {
        let folder = file::folder_of(file);
        let is_run = folder.join(checkpoint::FILE_NAME).is_file();
        let locked = |lock| Self {
            path: folder.into(),
            is_new: false,
            lock,
        };
        is_run.then(|| lock(folder).map(locked)).transpose()
    }

    /// The files that a run writes.
    pub fn files(&self) -> [PathBuf; 2] {
        [checkpoint::FILE_NAME, MODEL_NAME].map(|name| self.path.join(name))
    }

    /// Fails if files that the run will write are there: those of a run other than `resumed` unless `overwrite`, and
    /// whatever cannot be replaced.
    pub fn expect_free(&self, resumed: Option<&Path>, overwrite: bool) -> Result<(), RunError> {
        let is_resumed = resumed.is_some_and(|run| {
            let [resumed, here] =
                [run, &self.path].map(|run| checkpoint::file_of(run).canonicalize());
            resumed
                .ok()
                .is_some_and(|resumed| here.is_ok_and(|here| here == resumed))
        });
        for found in [checkpoint::FILE_NAME, MODEL_NAME] {
            let path = self.path.join(found);
            if path.is_dir() {
                let source = ErrorKind::IsADirectory.into();
                return Err(WriteError { path, source }.into());
            }
            if path.exists() && !is_resumed && !overwrite {
                let folder = self.path.clone();
                return Err(RunError::EarlierRun { folder, found });
            }
        }
        Ok(())
    }

    /// Removes the folder if it was made for this run and is empty.
    pub fn remove_unused(&self) {
        if self.is_new {
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

/// The model of a run that is named by its folder or by its checkpoint.
pub fn model_of(run: &Path) -> PathBuf {
    file::folder_of(&checkpoint::file_of(run)).join(MODEL_NAME)
}

/// Locks a folder for this process; `None` on systems that cannot.
fn lock(folder: &Path) -> Result<Option<File>, RunError> {
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

/// Puts a checkpoint into a run's folder, whole or not at all.
pub fn save(checkpoint: &Checkpoint, folder: &Path) -> Result<(), WriteError> {
    let path = folder.join(checkpoint::FILE_NAME);
    let bytes = checkpoint.to_bytes().map_err(|reason| WriteError {
        path: path.clone(),
        source: std::io::Error::other(reason),
    })?;
    let pending = Pending::write(&path, &bytes)?;
    let model = folder.join(MODEL_NAME);
    let earlier = file::read_if_regular(&model);
    remove_model(&model)?;
    pending.commit().inspect_err(|_| {
        // What is to be reported is why the checkpoint failed; the earlier one is still there, and so shall be its model.
        let _ = earlier.map(|bytes| file::write(&model, &bytes));
    })
}

/// Removes a model that is there, where a link leads.
fn remove_model(path: &Path) -> Result<(), WriteError> {
    let Ok(model) = path.canonicalize() else {
        return Ok(());
    };
    if !model.is_file() {
        return Ok(());
    }
    std::fs::remove_file(&model).map_err(|source| WriteError {
        path: path.into(),
        source,
    })
}

/// What is wrong with a model that carries another identity than the checkpoint beside it.
pub fn mismatch(model: &Path) -> Option<String> {
    let checkpoint = file::folder_of(model).join(checkpoint::FILE_NAME);
    let identity = Checkpoint::identity_of(&file::read_if_regular(&checkpoint)?)?;
    let onnx = onnx::Model::decode(&*file::read_if_regular(model)?).ok()?;
    let of_model = onnx
        .metadata_props
        .iter()
        .find(|entry| entry.key == IDENTITY_KEY)?;
    (of_model.value != identity).then(|| {
        format!(
            "{} was exported from another checkpoint than {}; `train export --run {}` exports this one",
            display_name(model),
            display_name(&checkpoint),
            display_name(file::folder_of(model))
        )
    })
}
