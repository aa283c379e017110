//! What stands for ONNX models in a build without the feature `onnx`: none opens.

use input::limits::Limits;

use crate::engine::{Answer, Engine};
use crate::error::{ModelError, RunError};
use crate::file::InFile;
use crate::input::Input;
use crate::spec::Spec;

/// There is none.
#[derive(Clone, Copy, Debug)]
pub enum Model {}

impl Model {
    /// An error: this build runs flash files alone.
    pub fn within(_: &[u8], name: &str, _: &Limits) -> Result<Self, InFile<ModelError>> {
        Err(InFile::named(name)(ModelError::NoFlash))
    }

    /// The same.
    pub fn on_onnxruntime(
        bytes: &[u8],
        name: &str,
        limits: &Limits,
    ) -> Result<Self, InFile<ModelError>> {
        Self::within(bytes, name, limits)
    }

    /// None run in ONNX Runtime either.
    pub fn has_onnxruntime() -> bool {
        false
    }

    /// No bytes are known to be an ONNX model.
    pub fn recognizes(_: &[u8]) -> bool {
        false
    }
}

impl Engine for Model {
    fn spec(&self) -> &Spec {
        match *self {}
    }

    fn run(&self, _: &Input) -> Result<Answer, InFile<RunError>> {
        match *self {}
    }
}
