//! Pictures of handwritten digits in, predictions out.
//!
//! The library runs the model files that the trainer of this project writes, all in pure Rust: ONNX
//! models with tract, flash files with the integer engine `no_std_core`, which boards run too. A board
//! itself can take their place: see [`device`]. The program `infer` is a thin shell around [`cli`].
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

// The library is there for the program and the tests; what the names say is not said again.
#![allow(missing_docs)]

pub mod cli;
pub mod device;
pub mod engine;
pub mod error;
pub mod evaluate;
pub mod flash;
pub mod inspect;
pub mod model;
pub mod open;
pub mod predict;
pub mod report;
pub mod source;
mod table;
pub mod test_set;

pub use input::{file, picture};

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;
