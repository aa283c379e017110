//! What stands for ONNX Runtime in a build without the feature `onnxruntime`: it runs nothing.

use std::sync::Arc;

use thiserror::Error;
use tract_onnx::pb::ModelProto;

use super::Runner;

/// Why ONNX Runtime does not run a model.
#[derive(Debug, Error)]
#[error(
    "expected a build of infer with the feature `onnxruntime`, found one without; \
     `cargo build --release -p infer --features onnxruntime` makes it, `--engine float` does without"
)]
pub struct Error;

/// An error: this build has no ONNX Runtime.
pub fn runner(_: &ModelProto) -> Result<Arc<dyn Runner>, Error> {
    Err(Error)
}

/// It never is.
pub fn is_there() -> bool {
    false
}
