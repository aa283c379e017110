//! The command line of the program `infer`.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use thiserror::Error;

use crate::file::InFile;
use crate::model::{Model, ModelError};
use crate::picture::PictureError;
use crate::predict::predict;
use crate::report::Report;
use crate::source::{FolderError, Source, sources};

const BUILT_IN_MODEL: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../models/digits.onnx"
));

/// Runs digit models on pictures.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what the model sees in each picture
    Predict(Predict),
}

#[derive(Debug, Args)]
struct Predict {
    /// ONNX model as the trainer exports it [default: the digits model inside this program]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// Take each picture's file name without extension for its true label, if it is one
    #[arg(long)]
    truth_from_name: bool,

    /// Print one JSON object a line
    #[arg(long)]
    json: bool,

    /// Picture file (PNG, JPEG, BMP, GIF, PGM, WebP), folder of such files, or - for standard input
    #[arg(required = true, value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
}

/// Why a command failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The model file was refused, or the model failed on a picture.
    #[error(transparent)]
    Model(#[from] InFile<ModelError>),
    /// A picture was refused.
    #[error(transparent)]
    Picture(#[from] InFile<PictureError>),
    /// A folder holds no pictures.
    #[error(transparent)]
    Folder(#[from] InFile<FolderError>),
    /// The result could not be printed.
    #[error("standard output: expected to print the result, found: {0}")]
    Output(#[from] io::Error),
}

/// Runs the command, printing results to `output`.
///
/// A picture that fails goes to `complain`, and the others still get their turn. A reader of
/// `output` that stops early, as `head` does, ends the command without an error.
///
/// # Errors
///
/// Whatever ends the command before its last picture: a model that cannot be used, an output that
/// cannot be written.
pub fn run(
    cli: &Cli,
    output: &mut impl Write,
    complain: &mut impl FnMut(&dyn Display),
) -> Result<(), Error> {
    let Command::Predict(options) = &cli.command;
    match predict_all(options, output, complain) {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn predict_all(
    options: &Predict,
    output: &mut impl Write,
    complain: &mut impl FnMut(&dyn Display),
) -> Result<(), Error> {
    let model = open_model(options.model.as_deref())?;
    for argument in &options.pictures {
        let sources = match sources(argument) {
            Ok(sources) => sources,
            Err(error) => {
                complain(&error);
                continue;
            }
        };
        for source in &sources {
            match predict_one(&model, source, options, output) {
                Err(error @ Error::Output(_)) => return Err(error),
                Err(error) => complain(&error),
                Ok(()) => {}
            }
        }
    }
    Ok(())
}

fn open_model(path: Option<&Path>) -> Result<Model, InFile<ModelError>> {
    match path {
        Some(path) => Model::open(path),
        None => Model::from_bytes(BUILT_IN_MODEL, "built-in model"),
    }
}

fn predict_one(
    model: &Model,
    source: &Source,
    options: &Predict,
    output: &mut impl Write,
) -> Result<(), Error> {
    let prediction = predict(model, &source.pixels()?)?;
    let (file, name) = (source.file(), source.name());
    let mut report = Report::new(&file, &name, &prediction);
    if options.truth_from_name {
        report = report.with_truth_from_name(model.labels());
    }
    if options.json {
        serde_json::to_writer(&mut *output, &report).map_err(io::Error::from)?;
        writeln!(output)?;
    } else {
        writeln!(output, "{report}")?;
    }
    Ok(())
}
