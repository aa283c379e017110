//! Pictures of handwritten digits in, predictions out.
//!
//! The library runs a `digits.onnx` file, as the trainer of this project exports it, with tract:
//! pure Rust, no native library. The program `infer` is a thin shell around [`cli`].
//!
//! ```no_run
//! use std::path::Path;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = infer::model::Model::open(Path::new("digits.onnx"))?;
//! let pixels = infer::picture::open(Path::new("7.png"))?;
//! println!("{}", infer::predict::predict(&model, &pixels)?.label);
//! # Ok(())
//! # }
//! ```

pub mod cli;
pub mod file;
pub mod model;
pub mod picture;
pub mod predict;
pub mod report;
pub mod source;

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;
