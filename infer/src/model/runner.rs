//! What runs a graph that was checked.

use std::fmt;

use crate::error::RunError;

#[cfg(feature = "onnxruntime")]
pub mod onnxruntime;
#[cfg(not(feature = "onnxruntime"))]
#[path = "runner/absent.rs"]
pub mod onnxruntime;
pub mod tract;

/// A runtime with one graph, which several threads may run at once.
pub trait Runner: fmt::Debug + Send + Sync {
    /// The numbers that the graph gives for an input of these sizes.
    fn run(&self, sizes: &[usize], input: &[f32]) -> Result<Vec<f32>, RunError>;
}
