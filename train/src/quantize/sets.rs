//! Which samples decide what: ranges, the method, and figures that decide nothing.

use input::normalization::Normalization;
use no_std_core::format::OutputKind;
use no_std_core::prepare::Preparation;

use super::groups::Given;
use super::samples::Samples;
use super::{Data, QuantizeError, arrays, metadata, numbers, pixels};
use crate::data::augment::Augment;
use crate::data::{self, Dataset};
use crate::models::{IMAGES, LOGITS};
use crate::network::{Network, Shape, elements};
use crate::ops::Quantization;

use super::run::Names;

/// Images: the byte `pixel` of `0..=255` stands for `pixel / 255`, its integer is `pixel - 128`.
pub const IMAGE: Quantization = Quantization {
    scale: 1.0 / 255.0,
    zero_point: -128,
};

/// Samples to calibrate with, at most.
pub const CALIBRATION: usize = 500;
/// Of few samples this part is for calibration.
const CALIBRATION_PART: usize = 6;
/// Samples to choose by, at most.
pub const HELD_OUT: usize = 2500;
/// The same samples at each run.
pub const SEED: u64 = 0;

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
    /// What its pixels become, if one does.
    pub pixels: Option<Normalization>,
    /// What input and output are called.
    pub names: Names,
    /// What the user might not expect of the samples.
    pub notes: Vec<String>,
}

impl Sets {
    /// The samples for a network, or why the data are not for it.
    pub fn of(network: &Network, data: &Data) -> Result<Self, QuantizeError> {
        match data {
            Data::Sets {
                sets,
                checked,
                preparation,
            } => match numbers::output_kind(network) {
                None | Some(OutputKind::Classes) => {
                    of_pictures(network, (&**sets, checked), *preparation)
                }
                Some(output) => numbers::of_sets(network, sets, (output, *preparation)),
            },
            Data::Arrays(arrays) => arrays::of_network(network, arrays),
        }
    }
}

fn of_pictures(
    network: &Network,
    (sets, checked): (&data::Sets, &Dataset),
    preparation: Preparation,
) -> Result<Sets, QuantizeError> {
    expect_form(network, sets.train.shape(), sets.train.classes().len())?;
    metadata::expect_input_range(network)?;
    let labels = metadata::labels(network)?;
    let variants = metadata::augment(network)?.unwrap_or_default().variants();
    let [calibration, held_out] = chosen(sets)?;
    let numbers = metadata::normalization(network)?;
    let meaning = match &numbers {
        Some(numbers) => pixels::quantization(numbers).ok_or(QuantizeError::Pixels)?,
        None => IMAGE,
    };
    let numbered = |images: Dataset| match &numbers {
        Some(numbers) => images.normalized(numbers),
        None => images,
    };
    let pictures = |images| Samples::Pictures {
        images: numbered(images),
        variants,
    };
    Ok(Sets {
        calibration: pictures(calibration),
        held_out: pictures(held_out),
        test: Some(pictures(sets.test.clone())),
        // Inverted ones, too, whatever the model was trained on: its integers are equal on any picture.
        checked: Samples::Pictures {
            images: numbered(checked.clone()),
            variants: Augment::Invert.variants(),
        },
        given: Given {
            input: Some(meaning),
            is_reconstruction: false,
        },
        output: OutputKind::Classes,
        labels,
        preparation,
        pixels: Some(numbers.unwrap_or_else(|| Normalization::up_to(1.0, network.input.shape[0]))),
        names: Names {
            input: IMAGES,
            output: LOGITS,
        },
        notes: notes_on(network, &sets.train),
    })
}

fn notes_on(network: &Network, train: &Dataset) -> Vec<String> {
    let is_silent = network.metadata("augment").is_none();
    let of_model =
        "the model does not say `augment`: it is taken to be trained on plain images only";
    let labels: Vec<usize> = train.labels().iter().copied().map(usize::from).collect();
    let missing = missing(&labels, network.output()[0]);
    is_silent
        .then(|| of_model.to_owned())
        .into_iter()
        .chain(missing)
        .collect()
}

/// What is to be said of classes that no sample is of.
pub fn missing(labels: &[usize], classes: usize) -> Option<String> {
    let missing = (0..classes).filter(|class| !labels.contains(class));
    let missing: Vec<String> = missing.map(|class| class.to_string()).collect();
    let missing = missing.join(", ");
    (!missing.is_empty())
        .then(|| format!("no sample is of class {missing}: ranges and threshold do not know it"))
}

/// The samples whose outputs give the ranges, and others that decide between methods and set the threshold: those that are
/// kept to choose by, if there are any, since a network is surer of what it learnt.
pub fn chosen(sets: &data::Sets) -> Result<[Dataset; 2], QuantizeError> {
    let [calibration, others] = parts(&sets.train)?;
    let kept = sets.validation.as_ref();
    let kept = kept.map(|validation| validation.split_stratified(HELD_OUT, SEED).0);
    Ok([calibration, kept.unwrap_or(others)])
}

/// Samples whose outputs give the ranges, and others, each with every class in proportion.
pub fn parts(train: &Dataset) -> Result<[Dataset; 2], QuantizeError> {
    if train.len() < 2 {
        return Err(QuantizeError::TooFewImages(train.len()));
    }
    let count = (train.len() / CALIBRATION_PART).clamp(1, CALIBRATION);
    let (calibration, rest) = train.split_stratified(count, SEED);
    let (held_out, _) = rest.split_stratified(HELD_OUT, SEED);
    Ok([calibration, held_out])
}

/// Fails unless the model is for images of this shape and as many classes.
pub fn expect_form(network: &Network, shape: Shape, classes: usize) -> Result<(), QuantizeError> {
    let form = |[channels, rows, columns]: [usize; 3], classes| {
        format!("images of {channels} x {rows} x {columns} and {classes} classes")
    };
    let expected = form(shape, classes);
    let found = form(network.input.shape, elements(network.output()));
    if expected == found {
        Ok(())
    } else {
        Err(QuantizeError::OtherData { expected, found })
    }
}
