//! Quantising: a float ONNX model becomes a network of 8-bit integers, in two files that give the same integers.
//!
//! `lower` reads the model as a chain of layers; `observe` runs them on training images; `range` finds the range of each
//! output by three methods and `scale` makes integer layers of it; `choose` takes the method that is right most often on
//! training images that gave no range. `graphs` writes the layers as ONNX, `write` as a flash file; `check` runs both
//! before they get their names, and `report` says what came of it.

mod check;
mod choose;
mod error;
mod graphs;
mod lower;
mod measure;
mod metadata;
mod network;
mod observe;
mod range;
mod report;
mod scale;
mod split;
mod write;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

pub use error::QuantizeError;
pub use report::Report;

use crate::atomic::{Pending, commit_both};
use crate::data::augment::Variant;
use crate::data::{Dataset, Digits, IMAGE_SIDE};
use crate::error::Error;
use crate::evaluate::CLASSES;
use crate::export::SecondRuntime;
use crate::runtime::Runtime;
use network::FloatNetwork;
use split::Split;

/// Name of the int8 model in the folder of results.
pub const INT8_NAME: &str = "digits-int8.onnx";
/// Name of the flash file.
pub const FLASH_NAME: &str = "digits.q8";

/// What calibration, choice and threshold see of each image.
const VARIANTS: &[Variant] = &[Variant::Plain, Variant::Inverted];

/// What to quantise, and how to check it.
pub struct Request<'a> {
    /// The bytes of a float ONNX model.
    pub model: &'a [u8],
    /// Images: those to train on decide, those to test on are only counted.
    pub digits: &'a Digits,
    /// The first test images, on which the written files are run, plain and inverted.
    pub checked: &'a Dataset,
    /// What runs them besides the runtime, if there is another.
    pub second: Option<&'a dyn SecondRuntime>,
    /// Folder for [`INT8_NAME`] and [`FLASH_NAME`], which exists.
    pub out: &'a Path,
    /// Becomes true when the user wants to stop; then nothing is written.
    pub interrupted: &'a AtomicBool,
}

/// Quantises a model and writes [`INT8_NAME`] and [`FLASH_NAME`], both or neither.
///
/// Both are written under temporary names and run first: on `runtime`, on the second runtime and by the core, whose int8
/// logits must be equal. `stage` hears what is done next.
pub fn quantize(
    runtime: &Runtime,
    request: &Request,
    stage: &mut dyn FnMut(&str),
) -> Result<Report, Error> {
    let interrupted = request.interrupted;
    let network = lower::lower(request.model).map_err(QuantizeError::Lower)?;
    expect_digits(&network)?;
    let labels = metadata::labels(&network)?;
    let Split {
        calibration,
        held_out,
    } = Split::new(&request.digits.train)?;
    stage(&format!(
        "calibrating on {} training images, plain and inverted",
        calibration.len()
    ));
    let outputs = observe::outputs(runtime, &network, &calibration, interrupted)?;
    stage(&format!(
        "choosing ranges by {} other training images",
        held_out.len()
    ));
    let best = choose::choose(runtime, &network, outputs, &held_out, interrupted)?;
    let noise = observe::signal_to_noise(runtime, &network, &best.layers, &held_out, interrupted)?;
    stage(&format!(
        "measuring on {} test images",
        request.digits.test.len()
    ));
    let measured = measure::measure(runtime, request, &network, &best, &held_out)?;
    let metadata = metadata::of_int8(&network, &best, &measured);
    let int8 = graphs::shipped(&network, &best.layers, &metadata)?;
    let threshold = write::threshold(&best.integers(), best.meaning().scale);
    let flash = write::flash_file(&network, &best.layers, &labels, threshold)?;
    stage("running both files before they get their names");
    let int8 = Pending::write(&request.out.join(INT8_NAME), &int8)?;
    let flash = Pending::write(&request.out.join(FLASH_NAME), &flash)?;
    let flash_facts = check::flash_file(
        runtime,
        flash.temporary_path(),
        &best,
        &held_out,
        interrupted,
    )?;
    check::int8_model(
        runtime,
        request,
        [int8.temporary_path(), flash.temporary_path()],
        best.meaning(),
    )?;
    commit_both(int8, flash)?;
    Ok(Report::new(&network, &best, &noise, measured, flash_facts))
}

/// Fails unless the model is for the images and labels of [`Digits`].
fn expect_digits(network: &FloatNetwork) -> Result<(), QuantizeError> {
    let form = |[channels, rows, columns]: [usize; 3], classes| {
        format!("images of {channels} x {rows} x {columns} and {classes} classes")
    };
    let expected = form([1, IMAGE_SIDE, IMAGE_SIDE], CLASSES);
    let found = form(network.input, network.classes());
    if expected == found {
        Ok(())
    } else {
        Err(QuantizeError::OtherData { expected, found })
    }
}

/// Fails once the user has interrupted.
fn go_on(interrupted: &AtomicBool) -> Result<(), Error> {
    if interrupted.load(Ordering::Relaxed) {
        Err(Error::Stopped)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
