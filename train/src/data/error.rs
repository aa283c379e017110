use std::io;
use std::path::{Path, PathBuf};

use input::file::{InFile, display_name};
use input::idx::IdxError;
use thiserror::Error;

/// What can go wrong between a data source and a batch; every message is one line.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused to read or write `path`.
    #[error("{}: {source}", display_name(path))]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// The reason of the operating system.
        source: io::Error,
    },
    /// `path` is not what it should be.
    #[error("{}: expected {expected}, found {found}", display_name(path))]
    Unexpected {
        /// The file or folder concerned.
        path: PathBuf,
        /// What it should hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// An IDX file or a folder of them is not what it should be.
    #[error(transparent)]
    Idx(#[from] InFile<IdxError>),
    /// A source that is neither a known name nor a directory.
    #[error(
        "no directory {path:?}: expected `mnist`, `synthetic` or a directory of the four IDX files"
    )]
    NoDirectory {
        /// What was given.
        path: PathBuf,
    },
    /// The platform names no cache directory.
    #[error(
        "this system names no cache directory: set BATON_CACHE to a directory for downloaded data"
    )]
    NoCache,
    /// The network is needed but not allowed.
    #[error(
        "MNIST is not whole in the cache {} and the network is not to be used: go on with --data DIR, MNIST_DIR=DIR \
         (a directory of the four IDX files) or --data synthetic",
        display_name(folder)
    )]
    Offline {
        /// The cache folder looked into.
        folder: PathBuf,
    },
    /// Every mirror failed.
    #[error(
        "cannot fetch {name} ({failures}): go on with --data DIR, MNIST_DIR=DIR (a directory of the four IDX files) \
         or --data synthetic"
    )]
    Fetch {
        /// The file that was wanted.
        name: String,
        /// Each mirror and its reason, on one line.
        failures: String,
    },
    /// A batch size that the data cannot fill even once.
    #[error(
        "--batch: expected 1 or more and no more than the {samples} samples, found {batch_size}"
    )]
    BatchSize {
        /// The size asked for.
        batch_size: usize,
        /// The images times their variants.
        samples: usize,
    },
}

impl DataError {
    /// The operating system's `source`, with the path it is about.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    /// `path` should be `expected` and is `found`.
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
