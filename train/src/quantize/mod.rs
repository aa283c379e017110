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

use input::file::{Pending, commit_both};
use no_std_core::prepare::Preparation;

pub use error::QuantizeError;
pub use report::Report;

use crate::data::augment::Variant;
use crate::data::{Dataset, Digits, IMAGE_SIDE};
use crate::error::Error;
use crate::evaluate::CLASSES;
use crate::export::SecondRuntime;
use crate::runtime::Runtime;
use check::FlashFacts;
use choose::Candidate;
use network::FloatNetwork;
use split::Split;
use write::Said;

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
    /// How pictures shall become images, for the flash file to say. The images of [`Digits`] are prepared already.
    pub preparation: Preparation,
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
    let network = lower::lower(request.model).map_err(QuantizeError::Lower)?;
    expect_digits(&network)?;
    let labels = metadata::labels(&network)?;
    let split = Split::new(&request.digits.train)?;
    let best = calibrated(runtime, request, &network, &split, stage)?;
    let int8 = &best.layers;
    let held_out = &split.held_out;
    let noise = observe::signal_to_noise(runtime, &network, int8, held_out, request.interrupted)?;
    stage(&format!(
        "measuring on {} test images",
        request.digits.test.len()
    ));
    let measured = measure::measure(runtime, request, &network, &best, held_out)?;
    let metadata = metadata::of_int8(&network, &best, &measured);
    let model = graphs::shipped(&network, int8, &metadata)?;
    let mut said = Said {
        labels: &labels,
        threshold: 0,
        preparation: request.preparation,
    };
    said.threshold = write::threshold(&write::flash_file(&network, int8, &said)?, &best.integers)?;
    let flash = write::flash_file(&network, int8, &said)?;
    stage("running both files before they get their names");
    let flash_facts = write_checked(runtime, request, &best, held_out, [&model, &flash])?;
    Ok(Report::new(&network, &best, &noise, measured, flash_facts))
}

/// The layers in integers, with the ranges that suit the images held out best.
fn calibrated(
    runtime: &Runtime,
    request: &Request,
    network: &FloatNetwork,
    split: &Split,
    stage: &mut dyn FnMut(&str),
) -> Result<Candidate, Error> {
    let Split {
        calibration,
        held_out,
    } = split;
    stage(&format!(
        "calibrating on {} training images, plain and inverted",
        calibration.len()
    ));
    let outputs = observe::outputs(runtime, network, calibration, request.interrupted)?;
    stage(&format!(
        "choosing ranges by {} other training images",
        held_out.len()
    ));
    choose::choose(runtime, network, outputs, held_out, request.interrupted)
}

/// Writes the model and the flash file if they give the same integers.
fn write_checked(
    runtime: &Runtime,
    request: &Request,
    best: &Candidate,
    held_out: &Dataset,
    [model, flash]: [&[u8]; 2],
) -> Result<FlashFacts, Error> {
    let model = Pending::write(&request.out.join(INT8_NAME), model)?;
    let flash = Pending::write(&request.out.join(FLASH_NAME), flash)?;
    let paths = [model.temporary_path(), flash.temporary_path()];
    let facts = check::flash_file(runtime, paths[1], best, held_out, request.interrupted)?;
    check::int8_model(runtime, request, paths, best.meaning())?;
    commit_both(model, flash)?;
    Ok(facts)
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
