//! Which samples decide what: ranges, the method, and figures that decide nothing.

use ndarray::{Array4, ArrayD, Axis};
use no_std_core::format::OutputKind;
use no_std_core::prepare::Preparation;

use super::groups::Given;
use super::samples::Samples;
use super::{Arrays, Data, QuantizeError, metadata};
use crate::data::augment::Augment;
use crate::data::batch::shuffle;
use crate::data::random::Random;
use crate::data::{Dataset, Digits, IMAGE_SIDE};
use crate::evaluate::CLASSES;
use crate::models::{IMAGES, LOGITS};
use crate::network::{Network, elements};
use crate::ops::Quantization;

use super::run::Names;

/// Images: the byte `pixel` of `0..=255` stands for `pixel / 255`, its integer is `pixel - 128`.
pub const IMAGE: Quantization = Quantization {
    scale: 1.0 / 255.0,
    zero_point: -128,
};

/// Samples to calibrate with, at most.
const CALIBRATION: usize = 500;
/// Of few samples this part is for calibration.
const CALIBRATION_PART: usize = 6;
/// Samples to choose by, at most.
const HELD_OUT: usize = 2500;
/// Samples on which the written files are run, of arrays.
const CHECKED: usize = 100;
/// The same samples at each run.
const SEED: u64 = 0;

/// What a network is quantised with and for.
pub struct Sets {
    /// The ranges are those of these.
    pub calibration: Samples,
    /// These decide between methods and set the threshold.
    pub held_out: Samples,
    /// These are only counted.
    pub test: Option<Samples>,
    /// On these the written files are run.
    pub checked: Samples,
    /// What is known of scales.
    pub given: Given,
    /// What the output is.
    pub output: OutputKind,
    /// A name for each class; none where there are no classes.
    pub labels: Vec<String>,
    /// How a picture becomes the input.
    pub preparation: Preparation,
    /// What input and output are called.
    pub names: Names,
}

impl Sets {
    /// The samples for a network, or why the data are not for it.
    pub fn of(network: &Network, data: &Data) -> Result<Self, QuantizeError> {
        match data {
            Data::Digits {
                digits,
                checked,
                preparation,
            } => of_digits(network, (digits, checked), *preparation),
            Data::Arrays(arrays) => of_arrays(network, arrays),
        }
    }
}

fn of_digits(
    network: &Network,
    (digits, checked): (&Digits, &Dataset),
    preparation: Preparation,
) -> Result<Sets, QuantizeError> {
    expect_digits(network)?;
    metadata::expect_input_range(network)?;
    let labels = metadata::labels(network)?;
    let variants = metadata::augment(network)?.unwrap_or_default().variants();
    let [calibration, held_out] = parts(&digits.train)?;
    let pictures = |images| Samples::Pictures { images, variants };
    Ok(Sets {
        calibration: pictures(calibration),
        held_out: pictures(held_out),
        test: Some(pictures(digits.test.clone())),
        // Inverted ones, too, whatever the model was trained on: its integers are equal on any picture.
        checked: Samples::Pictures {
            images: checked.clone(),
            variants: Augment::Invert.variants(),
        },
        given: Given {
            input: Some(IMAGE),
            is_reconstruction: false,
        },
        output: OutputKind::Classes,
        labels,
        preparation,
        names: Names {
            input: IMAGES,
            output: LOGITS,
        },
    })
}

/// The training images whose outputs give the ranges, and others that decide between methods and set the threshold: each
/// with every class in proportion.
pub fn parts(train: &Dataset) -> Result<[Dataset; 2], QuantizeError> {
    if train.len() < 2 {
        return Err(QuantizeError::TooFewImages(train.len()));
    }
    let count = (train.len() / CALIBRATION_PART).clamp(1, CALIBRATION);
    let (calibration, rest) = train.split_stratified(count, SEED);
    let (held_out, _) = rest.split_stratified(HELD_OUT, SEED);
    Ok([calibration, held_out])
}

/// Fails unless the model is for the images and labels of [`Digits`].
fn expect_digits(network: &Network) -> Result<(), QuantizeError> {
    let form = |[channels, rows, columns]: [usize; 3], classes| {
        format!("images of {channels} x {rows} x {columns} and {classes} classes")
    };
    let expected = form([1, IMAGE_SIDE, IMAGE_SIDE], CLASSES);
    let found = form(network.input.shape, elements(network.output()));
    if expected == found {
        Ok(())
    } else {
        Err(QuantizeError::OtherData { expected, found })
    }
}

fn of_arrays(network: &Network, arrays: &Arrays) -> Result<Sets, QuantizeError> {
    let output = arrays.output.unwrap_or_else(|| usual_output(network));
    let shape = network.output();
    expect_output(network, output)?;
    let labels = match output {
        OutputKind::Classes => metadata::labels(network)?,
        OutputKind::Values | OutputKind::Reconstruction => Vec::new(),
    };
    let inputs = arranged(network, &arrays.inputs)?;
    let count = inputs.len_of(Axis(0));
    if count < 2 {
        return Err(QuantizeError::TooFewSamples(count));
    }
    if let Some(classes) = &arrays.labels {
        expect_labels(classes, count, shape[0])?;
    }
    let all = Samples::Arrays {
        inputs,
        labels: arrays.labels.clone(),
    };
    let mut order: Vec<usize> = (0..count).collect();
    shuffle(&mut order, &mut Random::new(SEED, 0));
    let (calibration, rest) = order.split_at((count / 2).clamp(1, CALIBRATION));
    let held_out = &rest[..rest.len().min(HELD_OUT)];
    let is_picture = arrays.meaning.is_some_and(|meaning| {
        meaning.zero_point == IMAGE.zero_point && [1.0, IMAGE.scale].contains(&meaning.scale)
    });
    Ok(Sets {
        calibration: all.select(calibration),
        held_out: all.select(held_out),
        test: None,
        checked: all.select(&held_out[..held_out.len().min(CHECKED)]),
        given: Given {
            input: arrays.meaning,
            is_reconstruction: output == OutputKind::Reconstruction,
        },
        output,
        labels,
        preparation: if is_picture {
            Preparation::PLAIN
        } else {
            Preparation::NONE
        },
        names: Names {
            input: "input",
            output: if output == OutputKind::Classes {
                LOGITS
            } else {
                "output"
            },
        },
    })
}

/// Classes, where the model ended in a Softmax or names classes; else values.
fn usual_output(network: &Network) -> OutputKind {
    let names_classes = network.metadata(input::labels::KEY).is_some();
    if network.dropped.is_some() || names_classes {
        OutputKind::Classes
    } else {
        OutputKind::Values
    }
}

fn expect_output(network: &Network, output: OutputKind) -> Result<(), QuantizeError> {
    let (expected, found) = (network.input.shape, network.output());
    let [_, rows, columns] = found;
    match output {
        OutputKind::Classes if [rows, columns] != [1; 2] => {
            Err(QuantizeError::NoClasses { rows, columns })
        }
        OutputKind::Reconstruction if expected != found => {
            Err(QuantizeError::NoReconstruction { expected, found })
        }
        _ => Ok(()),
    }
}

fn expect_labels(labels: &[usize], samples: usize, classes: usize) -> Result<(), QuantizeError> {
    let beyond = labels.iter().find(|&&label| label >= classes);
    let found = match beyond {
        Some(label) => format!("{label}"),
        None if labels.len() != samples => format!("{} labels", labels.len()),
        None => return Ok(()),
    };
    Err(QuantizeError::SampleLabels {
        samples,
        classes,
        found,
    })
}

/// Samples in the order in which the model's file has them, as the network takes them.
fn arranged(network: &Network, samples: &ArrayD<f32>) -> Result<Array4<f32>, QuantizeError> {
    let sizes = samples.shape().to_vec();
    let [channels, rows, columns] = network.input.shape;
    let refusal = || QuantizeError::OtherSamples {
        expected: format!("{channels} x {rows} x {columns} numbers, channels first or last"),
        found: format!("an array of {sizes:?}"),
    };
    if samples.ndim() < 2 {
        return Err(refusal());
    }
    let rows = samples.outer_iter();
    let rows = rows.map(|sample| {
        network
            .input
            .arranged(sample.to_owned())
            .ok_or_else(refusal)
    });
    let rows = rows.collect::<Result<Vec<Array4<f32>>, _>>()?;
    let views: Vec<_> = rows.iter().map(|row| row.view()).collect();
    ndarray::concatenate(Axis(0), &views).map_err(|_| refusal())
}
