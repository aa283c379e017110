//! Samples of any network: whether they fit it, and which of them decide what.

use input::file::one_line;
use std::sync::Arc;

use input::normalization::Normalization;
use ndarray::{Array4, ArrayD, Axis};
use no_std_core::format::OutputKind;
use no_std_core::prepare::{Fit, Preparation, SIDE};

use super::groups::Given;
use super::run::Names;
use super::samples::Samples;
use super::sets::{CALIBRATION, HELD_OUT, SEED, Sets};
use super::{Arrays, QuantizeError, metadata, numbers, pixels, sets};
use crate::data::arrays::Inputs;
use crate::data::split;
use crate::models::LOGITS;
use crate::network::{Network, Shape, elements};
use crate::ops::Quantization;

/// Samples on which the written files are run.
pub const CHECKED: usize = 100;
/// A sample is told of that reaches so many times as far as the middle one.
const OUTLIER: f32 = 100.0;

/// The samples for a network, or why they are not for it.
pub fn of_network(network: &Network, arrays: &Arrays) -> Result<Sets, QuantizeError> {
    let output = arrays
        .output
        .unwrap_or_else(|| usual_output(network, arrays));
    expect_output(network, output)?;
    let mut notes = Vec::new();
    let all = arranged(network, arrays)?;
    let meaning = meaning(arrays)?;
    notes.extend(outlier(&arrays.name, &all));
    let labels = labels(network, arrays, (output, all.len()), &mut notes)?;
    let all = all.labelled(labels);
    let all = match output {
        OutputKind::Reconstruction => usual(all, &mut notes),
        _ => all,
    };
    let [calibration, held_out] = parts(&all)?;
    let first: Vec<usize> = (0..held_out.len().min(CHECKED)).collect();
    Ok(Sets {
        checked: held_out.select(&first),
        calibration,
        held_out,
        test: None,
        given: Given {
            input: meaning,
            is_reconstruction: output == OutputKind::Reconstruction,
        },
        output,
        labels: match (output, &arrays.names) {
            (OutputKind::Classes, Some(names)) => names.iter().map(|name| one_line(name)).collect(),
            (OutputKind::Classes, None) => metadata::labels(network)?,
            (OutputKind::Values | OutputKind::Reconstruction, _) => Vec::new(),
        },
        preparation: match arrays.pixels {
            Some(_) => preparation(network),
            None => Preparation::NONE,
        },
        pixels: arrays.pixels.clone(),
        names: Names {
            input: "input",
            output: match output {
                OutputKind::Classes => LOGITS,
                OutputKind::Values | OutputKind::Reconstruction => "output",
            },
        },
        notes,
    })
}

/// How pictures become the input: as the model says, else stretched, but for pictures as those of digits.
fn preparation(network: &Network) -> Preparation {
    let said = metadata::fit(network).map(Preparation::scaled);
    said.unwrap_or(match network.input.shape {
        [1, SIDE, SIDE] => Preparation::PLAIN,
        _ => Preparation::scaled(Fit::Stretch),
    })
}

/// What the integers of the input mean: what is said, or what the pixels of pictures need.
fn meaning(arrays: &Arrays) -> Result<Option<Quantization>, QuantizeError> {
    let Some(of) = &arrays.pixels else {
        return Ok(arrays.meaning);
    };
    let meaning = match arrays.meaning {
        Some(said) => Some(said).filter(|&said| pixels::is_certain(of, said)),
        None => pixels::quantization(of),
    };
    meaning.map(Some).ok_or(QuantizeError::Pixels)
}

/// What the model says; else classes, where it ended in a Softmax or classes have names, and values.
fn usual_output(network: &Network, arrays: &Arrays) -> OutputKind {
    if let Some(said) = numbers::output_kind(network) {
        return said;
    }
    let names_classes = network.metadata(input::labels::KEY).is_some() || arrays.names.is_some();
    if network.dropped.is_some() || names_classes {
        OutputKind::Classes
    } else {
        OutputKind::Values
    }
}

pub fn expect_output(network: &Network, output: OutputKind) -> Result<(), QuantizeError> {
    let (expected, found) = (network.input.shape, network.output());
    let [_, rows, columns] = found;
    match output {
        OutputKind::Classes if [rows, columns] != [1; 2] => {
            Err(QuantizeError::NoClasses { rows, columns })
        }
        OutputKind::Reconstruction if !has_order_of(found, expected) => {
            Err(QuantizeError::NoReconstruction { expected, found })
        }
        _ => Ok(()),
    }
}

/// Whether outputs of a shape have the numbers of an input in its order, channels last as well as first.
fn has_order_of(output: Shape, input: Shape) -> bool {
    let is_line = |[channels, rows, columns]: Shape| channels == 1 || rows * columns == 1;
    output == input || elements(output) == elements(input) && is_line(output) && is_line(input)
}

/// Samples in the order in which the model's file has them, as the network takes them: finite numbers.
pub fn arranged(network: &Network, arrays: &Arrays) -> Result<Samples, QuantizeError> {
    let labels = None;
    match &arrays.inputs {
        Inputs::Numbers(numbers) => {
            let inputs = in_order(network, numbers)?;
            expect_finite(&arrays.name, &inputs)?;
            Ok(Samples::Arrays { inputs, labels })
        }
        Inputs::Pixels(pixels) => {
            let pixels = in_order(network, pixels)?;
            let as_they_are = || Normalization::up_to(255.0, network.input.shape[0]);
            Ok(Samples::Pixels {
                chosen: (0..pixels.len_of(Axis(0))).collect(),
                pixels: Arc::new(pixels),
                labels,
                numbers: arrays.pixels.clone().unwrap_or_else(as_they_are),
                meaning: None,
            })
        }
    }
}

/// All samples as `[samples, channels, rows, columns]`.
fn in_order<T: Copy + Default>(
    network: &Network,
    inputs: &ArrayD<T>,
) -> Result<Array4<T>, QuantizeError> {
    let sizes = inputs.shape();
    let [channels, rows, columns] = network.input.shape;
    let refusal = || QuantizeError::OtherSamples {
        expected: format!("{channels} x {rows} x {columns} numbers, channels first or last"),
        found: format!("an array of {sizes:?}"),
    };
    if inputs.ndim() < 2 {
        return Err(refusal());
    }
    let mut all = Array4::from_elem((sizes[0], channels, rows, columns), T::default());
    for (mut place, sample) in all.outer_iter_mut().zip(inputs.outer_iter()) {
        let sample = network.input.arranged(sample.to_owned());
        place.assign(&sample.ok_or_else(refusal)?.index_axis(Axis(0), 0));
    }
    Ok(all)
}

fn expect_finite(array: &str, inputs: &Array4<f32>) -> Result<(), QuantizeError> {
    let mut numbers = inputs.indexed_iter();
    match numbers.find(|(_, number)| !number.is_finite()) {
        None => Ok(()),
        Some(((sample, ..), &found)) => Err(QuantizeError::NoNumber {
            array: array.into(),
            sample,
            found,
        }),
    }
}

/// What is to be said of the sample that reaches furthest from 0, if it is so far from all others that the range of the
/// input, and of what follows from it, is made for it.
fn outlier(name: &str, samples: &Samples) -> Option<String> {
    let Samples::Arrays { inputs, .. } = samples else {
        return None;
    };
    let reach = |sample: ndarray::ArrayView3<f32>| {
        let magnitudes = sample.into_iter().map(|number| number.abs());
        magnitudes.fold(0.0, f32::max)
    };
    let mut reaches: Vec<(f32, usize)> = inputs.outer_iter().map(reach).zip(0..).collect();
    reaches.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let (&(greatest, sample), &(middle, _)) = (reaches.last()?, reaches.get(reaches.len() / 2)?);
    let array = array(name);
    (greatest > OUTLIER * middle).then(|| {
        format!(
            "{array}: sample {sample} has numbers up to {greatest:.3e}, the middle one of {} samples up to {middle:.3e}: \
             leave it out if it is none that the model will meet",
            reaches.len()
        )
    })
}

/// What messages call an array, which has no name in a file of one.
pub fn array(name: &str) -> &str {
    if name.is_empty() { "the array" } else { name }
}

/// The class of each sample, where the kind of output asks for classes and they are known.
fn labels(
    network: &Network,
    arrays: &Arrays,
    (output, samples): (OutputKind, usize),
    notes: &mut Vec<String>,
) -> Result<Option<Vec<usize>>, QuantizeError> {
    let classes = match output {
        OutputKind::Classes => network.output()[0],
        OutputKind::Reconstruction => 2,
        OutputKind::Values => {
            let is_said = numbers::output_kind(network).is_some();
            if !is_said && !matches!(arrays.labels, Ok(None)) {
                notes.push(NOT_CLASSES.into());
            }
            return Ok(None);
        }
    };
    let labels = arrays.labels.clone()?;
    match &labels {
        Some(labels) => {
            expect_labels(labels, samples, classes)?;
            let is_asked = output == OutputKind::Classes;
            notes.extend(sets::missing(labels, classes).filter(|_| is_asked));
        }
        None if output == OutputKind::Classes => notes.push(NO_LABELS.into()),
        None => {}
    }
    Ok(labels)
}

const NOT_CLASSES: &str = "the model has no Softmax at its end and names no classes, so its output is taken for numbers and \
                           the labels of the samples are not used; --output classes takes them for classes";
const NO_LABELS: &str =
    "no array is named y or label: what the model in floats answers is taken for right";

fn expect_labels(labels: &[usize], samples: usize, classes: usize) -> Result<(), QuantizeError> {
    let beyond = labels.iter().position(|&label| label >= classes);
    let found = match beyond {
        Some(sample) => format!("{} for sample {sample}", labels[sample]),
        None if labels.len() != samples => format!("{} labels", labels.len()),
        None => return Ok(()),
    };
    Err(QuantizeError::SampleLabels {
        samples,
        classes,
        found,
    })
}

/// The samples that an autoencoder was trained to reconstruct: those of class 0, or all where there are no labels.
fn usual(all: Samples, notes: &mut Vec<String>) -> Samples {
    let Some(labels) = all.labels() else {
        return all;
    };
    let usual: Vec<usize> = (0..labels.len())
        .filter(|&sample| labels[sample] == 0)
        .collect();
    notes.push(format!(
        "{} samples labelled 1 are left out: ranges and threshold are those of the {} labelled 0",
        labels.len() - usual.len(),
        usual.len()
    ));
    all.select(&usual)
}

/// The samples whose outputs give the ranges, and others that decide between methods and set the threshold: each with every
/// class in proportion.
fn parts(all: &Samples) -> Result<[Samples; 2], QuantizeError> {
    let count = all.len();
    if count < 2 {
        return Err(QuantizeError::TooFewSamples(count));
    }
    let labels = all.labels().unwrap_or_else(|| vec![0; count]);
    let calibration = (count / 2).clamp(1, CALIBRATION);
    let (calibration, rest) = split::stratified(labels.iter().copied(), calibration, SEED);
    let others = rest.iter().map(|&sample| labels[sample]);
    let (held_out, _) = split::stratified(others, HELD_OUT, SEED);
    let held_out: Vec<usize> = held_out.into_iter().map(|place| rest[place]).collect();
    Ok([all.select(&calibration), all.select(&held_out)])
}
