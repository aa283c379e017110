//! What both programs read and write: files whole and atomic, pictures, folders, IDX files, and what a model file says.

#![forbid(unsafe_code)]

pub mod file;
pub mod folder;
pub mod idx;
pub mod labels;
pub mod layout;
pub mod onnx;
pub mod pair;
pub mod picture;
pub mod signals;

#[cfg(test)]
#[path = "../../tests/support/onnx.rs"]
mod support;
