//! Opening a model, whichever of the two kinds of file it is in.

use clap::ValueEnum;
use input::limits::Limits;
use input::pair::is_flash;

use crate::engine::Engine;
use crate::error::ModelError;
use crate::file::InFile;
use crate::flash::FlashModel;
use crate::model::Model;
use crate::remembered;
use no_std_core::host::Backend;

/// What is to run a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// What the file is made for; of several engines the one that `infer bench` has found to be the fastest.
    #[default]
    Auto,
    /// tract, for ONNX models.
    Float,
    /// ONNX Runtime, for ONNX models, where its library is installed, in a build with the feature `onnxruntime`.
    #[value(name = "onnxruntime")]
    OnnxRuntime,
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
        Choice::Float | Choice::OnnxRuntime if is_flash(bytes) => {
            Some(("an ONNX model", "a flash file", "int8"))
        }
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
    let contender = match choice {
        Choice::Float => Contender::Tract,
        Choice::OnnxRuntime => Contender::OnnxRuntime,
        Choice::Int8 if !is_flash(bytes) => Contender::Integer(Backend::best()),
        Choice::Int8 | Choice::Auto => Contender::chosen(bytes),
    };
    open_with(bytes, name, contender, limits)
}

/// One engine for a kind of file.
#[derive(Clone, Copy, Debug)]
pub enum Contender {
    /// The integer engine with the instructions of a backend.
    Integer(Backend),
    /// tract.
    Tract,
    /// ONNX Runtime.
    OnnxRuntime,
}

impl Contender {
    /// All that can run the file in `bytes` here. A library is looked for only where the search comes to it.
    pub fn all(bytes: &[u8]) -> impl Iterator<Item = Self> {
        let of_kind = if is_flash(bytes) {
            Backend::all().into_iter().map(Self::Integer).collect()
        } else {
            vec![Self::Tract, Self::OnnxRuntime]
        };
        let is_here = |one: &Self| !matches!(one, Self::OnnxRuntime) || Model::has_onnxruntime();
        of_kind.into_iter().filter(is_here)
    }

    /// The fastest one that is here, as far as that was measured, else the one that usually is.
    pub fn chosen(bytes: &[u8]) -> Self {
        let fastest = remembered::fastest(bytes);
        let found = fastest.and_then(|name| Self::all(bytes).find(|one| one.name() == name));
        found.unwrap_or_else(|| {
            if is_flash(bytes) {
                Self::Integer(Backend::best())
            } else {
                Self::Tract
            }
        })
    }

    /// What people call it.
    pub fn name(self) -> String {
        match self {
            Self::Integer(backend) => format!("integer engine, {}", backend.name()),
            Self::Tract => "tract".to_owned(),
            Self::OnnxRuntime => "ONNX Runtime".to_owned(),
        }
    }
}

/// Opens a model that is in memory in one engine; errors call it `name`.
pub fn open_with<'a>(
    bytes: &'a [u8],
    name: &str,
    contender: Contender,
    limits: &Limits,
) -> Result<Box<dyn Engine + 'a>, InFile<ModelError>> {
    Ok(match contender {
        Contender::Integer(backend) => Box::new(FlashModel::on(bytes, name, limits, backend)?),
        Contender::Tract => Box::new(Model::within(bytes, name, limits)?),
        Contender::OnnxRuntime => Box::new(Model::on_onnxruntime(bytes, name, limits)?),
    })
}
