//! Opening a model, whichever of the two kinds of file it is in.

use clap::ValueEnum;
use input::onnx::Limits;
use input::pair::is_flash;

use crate::engine::Engine;
use crate::error::ModelError;
use crate::file::InFile;
use crate::flash::FlashModel;
use crate::model::Model;

/// What is to run a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// What the file is made for.
    #[default]
    Auto,
    /// tract, for ONNX models.
    Float,
    /// The integer engine that boards run, for flash files.
    Int8,
}

/// Opens a model that is in memory; errors call it `name`.
pub fn open<'a>(
    bytes: &'a [u8],
    name: &str,
    choice: Choice,
    limits: &Limits,
) -> Result<Box<dyn Engine + 'a>, InFile<ModelError>> {
    let other = match choice {
        Choice::Int8 if Model::recognizes(bytes) => {
            Some(("a flash file", "an ONNX model", "float"))
        }
        Choice::Float if is_flash(bytes) => Some(("an ONNX model", "a flash file", "int8")),
        _ => None,
    };
    if let Some((expected, found, engine)) = other {
        let error = ModelError::OtherEngine {
            expected,
            found,
            engine,
        };
        return Err(InFile::named(name)(error));
    }
    Ok(if choice == Choice::Int8 || is_flash(bytes) {
        Box::new(FlashModel::within(bytes, name, limits)?)
    } else {
        Box::new(Model::within(bytes, name, limits)?)
    })
}
