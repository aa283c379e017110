//! Quantising: a float ONNX model becomes a network of 8-bit integers, in two files that give the same integers.
//!
//! [`lower`] reads the model as a chain of layers; [`observe`] runs them on training images; [`range`] finds the range
//! of each output by three methods and [`scale`] makes integer layers of it; [`choose`] takes the method that is right
//! most often on training images that gave no range. [`graphs`] writes the layers as ONNX, [`flash`] as a flash file.

mod choose;
mod error;
mod graphs;
mod lower;
mod observe;
mod range;
mod scale;
mod split;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

pub use error::QuantizeError;

use crate::data::augment::{Augment, Variant};
use crate::error::Error;

/// What calibration, choice and threshold see of each image.
const VARIANTS: &[Variant] = &[Variant::Plain, Variant::Inverted];

/// Fails once the user has interrupted.
fn go_on(interrupted: &AtomicBool) -> Result<(), Error> {
    if interrupted.load(Ordering::Relaxed) { Err(Error::Stopped) } else { Ok(()) }
}
