//! Quantising: a float ONNX model becomes a network of 8-bit integers, in two files that give the same integers.
//!
//! `request` says what is wanted. [`import_with`] reads the model; `sets`, `numbers` for outputs that are no classes, and
//! `arrays` for samples from files, say which samples decide what. `observe`
//! runs the network and keeps a `histogram` of each tensor; `range` finds ranges of these by three methods, `groups` puts
//! tensors together that must have one scale, `settle` finds scales of all, and `int8` makes the integer layers; `choose`
//! takes the method that does best on samples that gave no range. `compare` counts what the integers cost on those,
//! `diagnose` says where that is too much, and `warn` what else a user should know. `prune` takes out what is the same for
//! every input, `layers` says what is left of which layer; `outline` says what will come of it before there are samples.
//! `graphs` writes the layers as ONNX, `write` as a flash file; `check` runs both before they get their names,
//! and `report` says what came of it. `run` runs whatever graph of these.

mod arrays;
mod candidate;
mod check;
mod choose;
mod compare;
mod diagnose;
mod error;
mod graphs;
mod groups;
mod histogram;
mod int8;
mod layers;
mod metadata;
mod numbers;
mod observe;
mod outline;
mod pixels;
mod prune;
mod range;
mod report;
mod request;
mod run;
mod samples;
mod sets;
mod settle;
mod warn;
mod write;

use input::file::{Pending, commit_both};
use input::picture::SIDE;
pub use no_std_core::format::OutputKind;

pub(crate) use arrays::arranged;
pub use check::LayerFacts;
pub use compare::{Comparison, Measured};
pub use error::QuantizeError;
pub(crate) use graphs::float_layers;
pub(crate) use layers::Origins;
pub(crate) use metadata::fit;
pub use metadata::may_be_of;
pub use outline::{Origin, Outline, OutlinedLayer, outline};
pub use prune::Pruned;
pub use report::Report;
pub use request::{Arrays, Data, Request};
pub(crate) use run::Names;

use crate::certainty;
use crate::import::{ImportError, Options, import_with};
use crate::network::Network;
use crate::runtime::Runtime;
use candidate::{Candidate, HeldOut, Reference};
use check::FlashFacts;
use run::Runner;
use sets::Sets;
use write::Description;

/// The name of the int8 model of a model of this name.
pub fn int8_name(name: &str) -> String {
    format!("{name}-int8.onnx")
}

/// The name of its flash file.
pub fn flash_name(name: &str) -> String {
    format!("{name}.q8")
}

/// Fails unless a model is one for pictures of digits, which may still have to be fetched.
pub fn expect_digits(model: &[u8], options: &Options) -> Result<(), QuantizeError> {
    sets::expect_form(&import_with(model, options)?, [1, SIDE, SIDE], 10)
}

/// Quantises a model and writes [`int8_name`] and [`flash_name`], both or neither; if the machine stops between the one
/// and the other, the metadata entry [`CHECKSUM_KEY`](input::pair::CHECKSUM_KEY) of the first is not the checksum in the second.
///
/// Both are written under temporary names and run first: on `runtime`, on the second runtime and by the core, whose int8
/// outputs must be equal. `stage` hears what is done next.
pub fn quantize(
    runtime: &Runtime,
    request: &Request,
    stage: &mut dyn FnMut(&str),
) -> Result<Report, QuantizeError> {
    let network = prepared(request.model, &request.options, &request.data)?;
    let sets = Sets::of(&network, &request.data)?;
    let runner = &Runner {
        runtime,
        names: sets.names,
        interrupted: request.interrupted,
    };
    if let Some(node) = &network.dropped {
        stage(&format!(
            "node {node} at the end is left out: the int8 model gives logits"
        ));
    }
    let few = certainty::note(sets.held_out.len()).filter(|_| sets.output == OutputKind::Classes);
    sets.notes.iter().chain(&few).for_each(|note| stage(note));
    let (best, held_out) = calibrated(runner, &network, &sets, stage)?;
    let compared = compared(runner, &best, &held_out)?;
    let forced = match compared {
        Some(compared) => judge(runner, request, &best, (compared, &held_out), stage)?,
        None => None,
    };
    for warning in warn::warnings(&best, &sets)? {
        stage(&format!("warning: {warning}"));
    }
    let noise = observe::signal_to_noise(runner, &best, &sets.held_out)?;
    let measured = measured(runner, &best, compared, &sets, stage)?;
    let mut pruned = best.clone();
    let gone = prune::prune(&mut pruned.int8);
    let flash = flash_file(runner, &pruned, &sets)?;
    let counts = [&sets.calibration, &sets.held_out];
    let layers = Origins {
        is_normalized: request.data.is_normalized(),
        ..Origins::of(&network, &pruned)
    };
    let told = (&*flash, sets.pixels.as_ref());
    let metadata = metadata::of_int8(&pruned, counts, measured.as_ref(), &layers, told)?;
    let name = format!("{}-int8", request.name);
    let model = graphs::shipped(&pruned.int8, sets.names, &name, &metadata)?;
    stage("running both files before they get their names");
    let (facts, unchecked) = write_checked(runner, request, &pruned, &sets, [&model, &flash])?;
    let report = Report::new(&best, &noise, (measured, gone), facts);
    Ok(Report {
        output: sets.output,
        forced,
        unchecked,
        ..report
    })
}

/// The network of a model as integers shall compute it for these data.
fn prepared(model: &[u8], options: &Options, data: &Data) -> Result<Network, ImportError> {
    network(model, options, data.is_normalized())
}

/// The network of a model whose layers are those that integers compute, without what it does to its input before all else if
/// that is done already.
pub(crate) fn network(
    model: &[u8],
    options: &Options,
    is_normalized: bool,
) -> Result<Network, ImportError> {
    let mut network = import_with(model, options)?;
    if is_normalized {
        network.take_normalization();
    }
    groups::in_pairs(&mut network);
    Ok(network)
}

/// The network in integers, with the ranges that suit the samples held out best.
fn calibrated(
    runner: &Runner,
    network: &Network,
    sets: &Sets,
    stage: &mut dyn FnMut(&str),
) -> Result<(Candidate, HeldOut), QuantizeError> {
    let calibration = &sets.calibration;
    stage(&format!(
        "calibrating on {}{}",
        calibration.describe(""),
        calibration.spread()
    ));
    let seen = observe::histograms(runner, network, &sets.calibration)?;
    stage(&format!(
        "choosing ranges by {}",
        sets.held_out.describe("other ")
    ));
    let are_classes = sets.output == OutputKind::Classes;
    let held_out = HeldOut::new(runner, network, sets.held_out.clone(), are_classes)?;
    let best = choose::choose(runner, network, (&seen, sets.given), &held_out)?;
    Ok((best, held_out))
}

/// Floats and integers on the samples held out, where there are classes.
fn compared(
    runner: &Runner,
    best: &Candidate,
    held_out: &HeldOut,
) -> Result<Option<Comparison>, QuantizeError> {
    let Reference::Classes(classes) = &held_out.right else {
        return Ok(None);
    };
    let float = compare::float_right(runner, best, (&held_out.samples, classes))?;
    let pairs = float.into_iter().zip(best.right.iter().copied());
    Ok(Some(Comparison::of(pairs)))
}

/// Fails if the integers are right less often than allowed and than chance would have it; with `force` the reason is only
/// returned.
fn judge(
    runner: &Runner,
    request: &Request,
    best: &Candidate,
    (comparison, held_out): (Comparison, &HeldOut),
    stage: &mut dyn FnMut(&str),
) -> Result<Option<String>, QuantizeError> {
    let limit = request.max_drop;
    let Reference::Classes(classes) = &held_out.right else {
        return Ok(None);
    };
    if comparison.drop() <= limit {
        return Ok(None);
    }
    if comparison.may_be_chance() {
        let Comparison { lost, samples, .. } = comparison;
        let (drop, gained) = (comparison.drop(), comparison.gained());
        stage(&format!(
            "the accuracy falls by {drop:.4}, more than {limit} (--max-drop), but {lost} answers lost and {gained} gained \
             of {samples} are too few to tell from chance; more samples would tell"
        ));
        return Ok(None);
    }
    let fault = diagnose::layer_at_fault(runner, best, (&held_out.samples, classes))?;
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

/// What is only counted.
fn measured(
    runner: &Runner,
    best: &Candidate,
    held_out: Option<Comparison>,
    sets: &Sets,
    stage: &mut dyn FnMut(&str),
) -> Result<Option<Measured>, QuantizeError> {
    let Some(held_out) = held_out else {
        return Ok(None);
    };
    let mut variants = Vec::new().into_iter();
    if let Some(test) = &sets.test {
        stage(&format!(
            "measuring on {} test images",
            test.len() / test.variants()
        ));
        variants = compare::on_test(runner, best, test)?.into_iter();
    }
    Ok(Some(Measured {
        by_labels: sets.held_out.labels().is_some(),
        held_out,
        test: variants.next(),
        inverted_test: variants.next(),
    }))
}

/// The flash file, with the threshold that the outputs for the samples held out give.
fn flash_file(runner: &Runner, best: &Candidate, sets: &Sets) -> Result<Vec<u8>, QuantizeError> {
    let mut description = Description {
        output: sets.output,
        labels: &sets.labels,
        pixels: sets.pixels.as_ref(),
        threshold: 0,
        preparation: sets.preparation,
    };
    let without_threshold = write::flash_file(&best.int8, &description)?;
    description.threshold = match sets.output {
        OutputKind::Classes => write::threshold(&without_threshold, &best.integers)?,
        OutputKind::Values => return Ok(without_threshold),
        OutputKind::Reconstruction => {
            let inputs = check::inputs(&sets.held_out, best.int8.from)?;
            let model = no_std_core::Model::new(&without_threshold).map_err(QuantizeError::Core)?;
            let outputs = check::core_outputs(runner, &model, &inputs)?;
            let outputs = outputs.into_iter().map(|output| output.values);
            let pairs: Vec<_> = inputs.into_iter().zip(outputs).collect();
            let share = numbers::false_alarms(&best.network);
            write::difference_threshold(&without_threshold, &pairs, share)?
        }
    };
    write::flash_file(&best.int8, &description)
}

/// Writes the model and the flash file if they give the same integers; also returns why one runtime was not asked.
fn write_checked(
    runner: &Runner,
    request: &Request,
    best: &Candidate,
    sets: &Sets,
    [model, flash]: [&[u8]; 2],
) -> Result<(FlashFacts, Option<String>), QuantizeError> {
    let model = Pending::write(&request.out.join(int8_name(request.name)), model)?;
    let flash = Pending::write(&request.out.join(flash_name(request.name)), flash)?;
    let paths = [model.temporary_path(), flash.temporary_path()];
    let facts = check::flash_file(runner, paths[1], best, &sets.held_out)?;
    let unchecked = check::int8_model(runner, request, paths, (best, &sets.checked))?;
    commit_both(model, flash)?;
    Ok((facts, unchecked))
}

#[cfg(test)]
mod tests;
