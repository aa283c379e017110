//! What both programs read and write: files whole and atomic, pictures, arrays, folders, IDX files, and what a model file says.

#![forbid(unsafe_code)]

pub mod arrays;
pub mod file;
pub mod folder;
pub mod idx;
pub mod labels;
pub mod layout;
pub mod limits;
pub mod metadata;
pub mod normalization;
#[cfg(feature = "onnx")]
pub mod onnx;
#[cfg(feature = "onnxruntime")]
pub mod onnxruntime;
pub mod pair;
pub mod picture;
pub mod probabilities;
pub mod quantization;
pub mod signals;

#[cfg(all(test, feature = "onnx"))]
#[path = "../../tests/support/onnx.rs"]
mod support;

#[cfg(test)]
#[path = "../../tests/support/arrays.rs"]
mod support_arrays;
