//! Pictures and arrays in, predictions out.
//!
//! The library runs the model files that the trainer of this project writes, all in pure Rust: ONNX
//! models with tract, flash files with the integer engine `no_std_core`, which boards run too. The feature
//! `onnxruntime` adds ONNX Runtime for ONNX models, whose library is loaded if it is there. A board itself can take
//! their place: see [`device`]. Each is an [`engine`], which says with its [`spec`] what it takes and gives. The
//! program `infer` is a thin shell around [`cli`].
//!
//! ```no_run
//! use std::path::Path;
//! use infer::engine::Engine;
//! use infer::output::Output;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = infer::model::Model::open(Path::new("digits.onnx"))?;
//! let spec = model.spec();
//! let file = std::fs::read("7.png")?;
//! let input = spec.input.of_picture(&file, spec.input.preparation)?;
//! if let Output::Classes(classes) = model.run(&input)?.output {
//!     println!("{}", spec.labels()[classes.class]);
//! }
//! # Ok(())
//! # }
//! ```

// The library is there for the program and the tests; what the names say is not said again.
#![allow(missing_docs)]

pub mod annotate;
pub mod bench;
pub mod camera;
pub mod cli;
#[cfg(feature = "onnx")]
mod decision;
pub mod device;
pub mod engine;
pub mod error;
pub mod evaluate;
pub mod flash;
pub mod input;
pub mod inspect;
#[cfg(feature = "onnx")]
pub mod model;
#[cfg(not(feature = "onnx"))]
#[path = "model/absent.rs"]
pub mod model;
pub mod open;
pub mod output;
pub mod page;
mod parallel;
pub mod predict;
pub mod prepare;
mod remembered;
pub mod report;
pub mod serve;
pub mod source;
pub mod spec;
mod table;
pub mod test_set;

pub use ::input::{file, picture};

#[cfg(all(test, feature = "onnx"))]
#[path = "../tests/support/mod.rs"]
mod support;

#[cfg(test)]
#[path = "../tests/support/arrays.rs"]
mod support_arrays;
