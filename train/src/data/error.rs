use std::io;
use std::path::{Path, PathBuf};

use input::arrays::ArraysError;
use input::file::{InFile, WriteError, display_name};
use input::idx::IdxError;
use no_std_core::prepare::PrepareError;
use thiserror::Error;

use crate::network::Shape;

/// Every message is one line.
#[derive(Debug, Error)]
pub enum DataError {
    #[error("{}: {source}", display_name(path))]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: expected {expected}, found {found}", display_name(path))]
    Unexpected {
        path: PathBuf,
        expected: String,
        found: String,
    },
    #[error(transparent)]
    Idx(#[from] InFile<IdxError>),
    #[error(transparent)]
    Arrays(#[from] InFile<ArraysError>),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(
        "{count} of {files} pictures cannot be read, expected at most one in 100; repair or remove them: {named}"
    )]
    Unreadable {
        count: usize,
        files: usize,
        /// Some of them with their reasons.
        named: String,
    },
    #[error("arrays of pictures: {0}")]
    Scale(#[from] PrepareError),
    #[error("--transpose: expected images in arrays, such as EMNIST's, found {0}")]
    Transpose(String),
    #[error(
        "expected pictures, to be scaled as the model or `--size`, `--colour`, `--fit` or `--transpose` says, found arrays of \
         numbers, {} x {} in {} channels, which are taken as they are", .0[1], .0[2], .0[0]
    )]
    NoPictures(Shape),
    #[error(
        "--data: expected samples of each class to learn from, found none of class {class:?}, and some beside those to learn \
         from; name its folders alike"
    )]
    NotLearnt { class: String },
    #[error(
        "--data: expected samples to measure on beside those to learn from, found {samples} samples, or {unlike} where copies and \
         those that look alike count once: these stay together, and each class is learnt from first; add others, or say which to \
         measure on (a folder `test` beside `train`, a column `split` in a list)"
    )]
    NothingToMeasureOn {
        samples: usize,
        /// How many are left where those that look alike count as one.
        unlike: usize,
    },
    #[error(
        "--normal: expected names of classes of the data, which are {}, found {found:?}",
        input::layout::listed(classes.iter().cloned())
    )]
    Normal { classes: Vec<String>, found: String },
    #[error(
        "--data: expected the class of what is normal, the only one there is to learn from or 0 of 0 and 1, found {}; name it, or \
         several of them (`--normal`)",
        input::layout::listed(found.iter().cloned())
    )]
    WhichNormal { found: Vec<String> },
    #[error(
        "--data: expected 0 for each normal sample and another class for each strange one, or no labels, found numbers that are \
         no classes"
    )]
    NoKinds,
    #[error(
        "--data: expected at least {expected} normal samples to learn from and to hold out, found {found}"
    )]
    FewNormal { expected: usize, found: usize },
    #[error(
        "no directory {path:?}: expected `mnist`, `synthetic`, a directory of pictures with one for each class or of the four IDX \
         files, or a list or arrays in a file"
    )]
    NoDirectory { path: PathBuf },
    #[error(
        "this system names no cache directory: set BATON_CACHE to a directory for downloaded data"
    )]
    NoCache,
    #[error(
        "MNIST is not whole in the cache {} and the network is not to be used: go on with --data DIR, MNIST_DIR=DIR \
         (a directory of the four IDX files) or --data synthetic",
        display_name(folder)
    )]
    Offline { folder: PathBuf },
    #[error(
        "cannot fetch {name} ({failures}): go on with --data DIR, MNIST_DIR=DIR (a directory of the four IDX files) \
         or --data synthetic"
    )]
    Fetch {
        name: String,
        /// Each mirror and its reason.
        failures: String,
    },
    #[error(
        "--batch: expected 1 or more and no more than the {samples} samples, found {batch_size}"
    )]
    BatchSize { batch_size: usize, samples: usize },
}

impl DataError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    pub(super) fn unexpected(
        path: &Path,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::Unexpected {
            path: path.to_path_buf(),
            expected: expected.into(),
            found: found.into(),
        }
    }
}
