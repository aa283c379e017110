//! Why a command of the program failed.

use std::io;

use thiserror::Error;

use crate::annotate::AnnotateError;
use crate::bench::BenchmarkError;
use crate::camera::CameraError;
use crate::error::{DeviceError, ModelError, RunError};
use crate::evaluate::EvaluateError;
use crate::file::{InFile, SameFile, WriteError};
use crate::page::PageError;
use crate::prepare::WishError;
use crate::serve::{ServeError, TokenError};
use crate::source::{FindError, SourceError};
use crate::test_set::TestSetError;

/// Why a command failed.
#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Device(#[from] InFile<DeviceError>),
    #[error(transparent)]
    Model(#[from] InFile<ModelError>),
    #[error(transparent)]
    Run(#[from] InFile<RunError>),
    #[error(transparent)]
    Source(#[from] InFile<SourceError>),
    #[error(transparent)]
    Find(#[from] InFile<FindError>),
    #[error(transparent)]
    Annotate(#[from] InFile<AnnotateError>),
    #[error(transparent)]
    TestSet(#[from] InFile<TestSetError>),
    #[error(transparent)]
    Benchmark(#[from] BenchmarkError),
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[error("--prepare {0}")]
    Prepare(#[from] WishError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Token(#[from] InFile<TokenError>),
    #[error(
        "--model {name}: expected another name than the other models have; give it as NAME=FILE"
    )]
    ModelName {
        /// What two models would be called.
        name: String,
    },
    #[error("{folder}: expected a folder to write the manual into, found: {error}")]
    Manual {
        /// As it was given.
        folder: String,
        /// What the system said.
        error: io::Error,
    },
    #[error(transparent)]
    Camera(#[from] InFile<CameraError>),
    #[error(transparent)]
    Page(#[from] InFile<PageError>),
    #[error(
        "--read: expected a model of 28 x 28 grey pixels that tells classes apart, found another one; leave it out"
    )]
    Read,
    #[error("{0}: expected a picture to --read, found an array; leave --read out")]
    ReadArray(String),
    #[error(
        "--list -: expected one use of standard input, found - among the inputs, too; leave one of them out"
    )]
    StandardInput,
    #[error(transparent)]
    SameFile(#[from] SameFile),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("standard output: expected to print the result, found: {0}")]
    Output(#[from] io::Error),
}
