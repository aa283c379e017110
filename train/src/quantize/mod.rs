//! Quantising: a float ONNX model becomes a network of 8-bit integers, in two files that give the same integers.
//!
//! `lower` reads the model as a chain of layers; `observe` runs them on training images; `range` finds the range of each
//! output by three methods and `scale` makes integer layers of it; `choose` takes the method that is right most often on
//! training images that gave no range. `compare` counts what the integers cost on those, and `diagnose` says where that is
//! too much. `graphs` writes the layers as ONNX, `write` as a flash file; `check` runs both before they get their names, and
//! `report` says what came of it. `run` runs whatever graph of these.

mod candidate;
mod check;
mod choose;
mod compare;
mod diagnose;
mod error;
mod graphs;
mod lower;
mod metadata;
mod network;
mod observe;
mod range;
mod report;
mod run;
mod scale;
mod write;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use input::file::{Pending, commit_both};
use no_std_core::prepare::Preparation;

pub use compare::{Comparison, Measured};
pub use error::QuantizeError;
pub use report::Report;

use crate::data::{Dataset, Digits, IMAGE_SIDE};
use crate::evaluate::CLASSES;
use crate::export::SecondRuntime;
use crate::runtime::Runtime;
use candidate::Candidate;
use check::FlashFacts;
use network::FloatNetwork;
use run::Runner;
use write::Description;

/// Name of the int8 model in the folder of results.
pub const INT8_NAME: &str = "digits-int8.onnx";
/// Name of the flash file.
pub const FLASH_NAME: &str = "digits.q8";

/// Images to calibrate with, at most.
const CALIBRATION: usize = 500;
/// Of a small training set this part is for calibration.
const CALIBRATION_PART: usize = 6;
/// Images to choose by, at most.
const HELD_OUT: usize = 2500;
/// The same images at each run.
const SEED: u64 = 0;

/// What to quantise, and how to check it.
pub struct Request<'a> {
    /// The bytes of a float ONNX model that [`input::onnx::for_one_picture`] has accepted.
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
    /// The share of the training images held out that the integers may get wrong in place of right.
    pub max_drop: f64,
    /// Write the files however many they get wrong.
    pub force: bool,
    /// Becomes true when the user wants to stop; then nothing is written.
    pub interrupted: &'a AtomicBool,
}

/// Quantises a model and writes [`INT8_NAME`] and [`FLASH_NAME`], both or neither; if the machine stops between the one
/// and the other, the metadata entry [`CHECKSUM_KEY`](input::pair::CHECKSUM_KEY) of the first is not the checksum in the second.
///
/// Both are written under temporary names and run first: on `runtime`, on the second runtime and by the core, whose int8
/// logits must be equal. `stage` hears what is done next.
pub fn quantize(
    runtime: &Runtime,
    request: &Request,
    stage: &mut dyn FnMut(&str),
) -> Result<Report, QuantizeError> {
    let network = lower::lower(request.model)?;
    expect_digits(&network)?;
    metadata::expect_input_range(&network)?;
    let labels = metadata::labels(&network)?;
    let runner = &Runner {
        runtime,
        variants: metadata::augment(&network)?.unwrap_or_default().variants(),
        interrupted: request.interrupted,
    };
    let [calibration, held_out] = &parts(&request.digits.train)?;
    tell_beforehand(&request.digits.train, &network, stage);
    let best = calibrated(runner, &network, [calibration, held_out], stage)?;
    let float = compare::float_right(runner, &best, held_out)?;
    let compared = Comparison::of(float.into_iter().zip(best.right.iter().copied()));
    let forced = judge(runner, request, &best, (compared, held_out), stage)?;
    let noise = observe::signal_to_noise(runner, &best.layers, held_out)?;
    let test = &request.digits.test;
    stage(&format!("measuring on {} test images", test.len()));
    let measured = compare::measure(runner, &best, compared, test)?;
    let flash = flash_file(request, &best, &labels)?;
    let sizes = [calibration.len(), held_out.len()];
    let metadata = metadata::of_int8(&network, &best, sizes, &measured, &flash);
    let model = graphs::shipped(&best.layers, &metadata)?;
    stage("running both files before they get their names");
    let (facts, unchecked) = write_checked(runner, request, &best, held_out, [&model, &flash])?;
    let report = Report::new(&best, &noise, measured, facts);
    Ok(Report {
        forced,
        unchecked,
        ..report
    })
}

/// The training images whose outputs give the ranges, and others that decide between methods and set the threshold: each
/// with every class in proportion.
fn parts(train: &Dataset) -> Result<[Dataset; 2], QuantizeError> {
    if train.len() < 2 {
        return Err(QuantizeError::TooFewImages(train.len()));
    }
    let count = (train.len() / CALIBRATION_PART).clamp(1, CALIBRATION);
    let (calibration, rest) = train.split_stratified(count, SEED);
    let (held_out, _) = rest.split_stratified(HELD_OUT, SEED);
    Ok([calibration, held_out])
}

/// Says what the user might not expect of the model and the data.
fn tell_beforehand(train: &Dataset, network: &FloatNetwork, stage: &mut dyn FnMut(&str)) {
    if let Some(node) = &network.dropped {
        stage(&format!(
            "node {node} at the end is left out: the int8 model gives logits"
        ));
    }
    if network.metadata("augment").is_none() {
        stage("the model does not say `augment`: it is taken to be trained on plain images only");
    }
    let labels = &train.labels;
    let classes = 0..network.classes();
    let missing = classes.filter(|&class| labels.iter().all(|&label| usize::from(label) != class));
    let missing: Vec<String> = missing.map(|class| class.to_string()).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        stage(&format!(
            "no training image is of class {missing}: ranges and threshold do not know it"
        ));
    }
}

/// The layers in integers, with the ranges that suit the images held out best.
fn calibrated<'a>(
    runner: &Runner,
    network: &'a FloatNetwork,
    [calibration, held_out]: [&Dataset; 2],
    stage: &mut dyn FnMut(&str),
) -> Result<Candidate<'a>, QuantizeError> {
    let (count, variants) = (calibration.len(), metadata::variants_name(runner.variants));
    stage(&format!(
        "calibrating on {count} training images, {variants}"
    ));
    let outputs = observe::outputs(runner, network, calibration)?;
    let count = held_out.len();
    stage(&format!("choosing ranges by {count} other training images"));
    choose::choose(runner, network, outputs, held_out)
}

/// Fails if the integers are right less often than allowed and than chance would have it; with `force` the reason is only
/// returned.
fn judge(
    runner: &Runner,
    request: &Request,
    best: &Candidate,
    (comparison, held_out): (Comparison, &Dataset),
    stage: &mut dyn FnMut(&str),
) -> Result<Option<String>, QuantizeError> {
    let limit = request.max_drop;
    if comparison.drop() <= limit {
        return Ok(None);
    }
    if comparison.may_be_chance() {
        let Comparison { lost, samples, .. } = comparison;
        let (drop, gained) = (comparison.drop(), comparison.gained());
        stage(&format!(
            "the accuracy falls by {drop:.4}, more than {limit} (--max-drop), but {lost} answers lost and {gained} gained \
             of {samples} are too few to tell from chance; more training images would tell"
        ));
        return Ok(None);
    }
    let fault = diagnose::layer_at_fault(runner, &best.layers, held_out)?;
    let error = QuantizeError::Accuracy {
        limit,
        comparison,
        fault,
    };
    if request.force {
        Ok(Some(error.to_string()))
    } else {
        Err(error)
    }
}

/// The flash file, with the threshold that the logits of the images held out give.
fn flash_file(
    request: &Request,
    best: &Candidate,
    labels: &[String],
) -> Result<Vec<u8>, QuantizeError> {
    let mut description = Description {
        labels,
        threshold: 0,
        preparation: request.preparation,
    };
    let without_threshold = write::flash_file(&best.layers, &description)?;
    description.threshold = write::threshold(&without_threshold, &best.integers)?;
    write::flash_file(&best.layers, &description)
}

/// Writes the model and the flash file if they give the same integers; also returns why one runtime was not asked.
fn write_checked(
    runner: &Runner,
    request: &Request,
    best: &Candidate,
    held_out: &Dataset,
    [model, flash]: [&[u8]; 2],
) -> Result<(FlashFacts, Option<String>), QuantizeError> {
    let model = Pending::write(&request.out.join(INT8_NAME), model)?;
    let flash = Pending::write(&request.out.join(FLASH_NAME), flash)?;
    let paths = [model.temporary_path(), flash.temporary_path()];
    let facts = check::flash_file(runner, paths[1], best, held_out)?;
    let unchecked = check::int8_model(runner, request, paths, best.meaning())?;
    commit_both(model, flash)?;
    Ok((facts, unchecked))
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

#[cfg(test)]
mod tests;
