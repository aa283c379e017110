//! Runs small int8 networks anywhere, microcontrollers first: without the standard library, an allocator or floating point,
//! and without `unsafe` but for inner loops in the instructions of some processors. With the feature `host` there is an engine for
//! processors with memory to spare besides, which needs all three and gives the same values.
//!
//! The trainer of this project writes a network into one file, `digits.q8`. [`Model::new`] borrows it where it lies, in
//! flash for example, and checks all of it; from then on nothing in this crate can panic or fail, whatever the image.
//! [`run()`] takes the image and an arena for it and all that is made of it, whose size [`arena_len`] tells the compiler and
//! [`Model::arena_len`] a running program.
//!
//! ```
//! use no_std_core::{Model, Output, quantize_pixel, run};
//!
//! // A model of two classes for pictures of 4 x 4 pixels, in place of `digits.q8`.
//! const FILE: &[u8] = include_bytes!("../tests/tiny.q8");
//!
//! let model = Model::new(FILE)?;
//! let pixels = [
//!     [0, 0, 250, 0], //
//!     [0, 0, 255, 0],
//!     [0, 0, 255, 0],
//!     [0, 0, 240, 0],
//! ];
//! let image = pixels.as_flattened().iter().map(|&pixel| quantize_pixel(pixel)).collect::<Vec<_>>();
//! let mut arena = [0; no_std_core::arena_len(FILE)];
//!
//! let Output::Classes(classes) = run(&model, &image, &mut arena)? else {
//!     panic!("the model tells classes apart");
//! };
//! assert_eq!(model.label(classes.class()), Some("column"));
//! assert!(classes.accepted());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Pictures of any size become images of 28 x 28 with [`prepare`], here and in every other part of the project.
//!
//! A loop with deadlines takes a [`Run`] instead and computes a row of an operator's output at a time;
//! [`Run::step_observed`] shows the rows, too. What is to be linked and run is a table of [`Operators`], with the inner
//! loops of a [`backend`]; [`Model::new`] takes all of them. All machines give the same logits to the bit: [`requantize`] is
//! the rule behind that. The layout of the file is in [`format`](mod@format) and nowhere else.
#![no_std]
#![cfg_attr(all(backend = "portable", not(feature = "host")), forbid(unsafe_code))]
#![deny(missing_docs)]
// Records are decoded where a field or two of them are wanted: then a load is all that is left.
#![allow(clippy::inline_always)]

#[cfg(any(feature = "host", feature = "write"))]
extern crate alloc;
#[cfg(any(
    test,
    all(feature = "host", any(target_arch = "x86_64", target_arch = "aarch64"))
))]
extern crate std;

mod divide;
mod error;
pub mod format;
#[cfg(feature = "host")]
pub mod host;
mod model;
mod operators;
mod output;
mod plan;
pub mod prepare;
pub mod requantize;
mod run;

pub use error::{Fault, FormatError, RunError};
pub use format::arena_len;
pub use model::{Model, Operation};
pub use operators::{Convolutions, OTHERS, Operator, Operators, PLACES, TILES, backend};
pub use output::{Classes, Difference, Output, Values};
pub use prepare::quantize_pixel;
pub use run::{OutputRow, Run, run};
