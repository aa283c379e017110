//! Exporting: the trained graph without what only training needs, checked before it gets its name.

use std::path::{Path, PathBuf};

use input::file::{Pending, WriteError, display_name};
use input::normalization::{self, NormalizationError};
use input::{labels, metadata};
use ndarray::{Array2, ArrayView1};
use no_std_core::format::OutputKind;

use crate::architecture::Network;
use crate::checkpoint::{Checkpoint, Record};
use crate::data::Dataset;
use crate::data::augment::Variant;
use crate::data::batch::{Batches, Order};
use crate::evaluate::{EvaluateError, Evaluator, run_model_of};
use crate::graph::GraphError;
use crate::models;
use crate::run::IDENTITY_KEY;
use crate::runtime::Runtime;

/// The entry with the SHA-256 of the pixels of the pictures of no class that the user gave to learn.
pub const NEGATIVES_SHA256: &str = "negatives_sha256";

/// Largest difference of a logit between the exported model and the trainer, relative to the image's largest
/// logit (at least 1): the order of additions differs between runtimes, and that is what it costs in 32-bit floats.
pub const TOLERANCE: f64 = 1e-5;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("the checkpoint says what pixels become: {0}")]
    Normalization(#[from] NormalizationError),
    #[error("the checkpoint cannot be written: {0}")]
    Identity(String),
    #[error(
        "{}: not written: on {runtime} its logits differ from the trainer's by {difference:e}, expected at most \
         {TOLERANCE:e}; the checkpoint is kept",
        display_name(path)
    )]
    Differs {
        path: PathBuf,
        runtime: String,
        /// Relative to the image's largest logit.
        difference: f64,
    },
}

/// Runs a model file on a second runtime. `ort` holds one runtime per process, so this is another process.
pub trait SecondRuntime {
    fn name(&self) -> &str;
    /// Whether it is part of this program, and there on every machine.
    fn is_built_in(&self) -> bool;
    /// Outputs `[samples, ...]` of a model of ours for inputs `[samples, ...]`, or what went wrong.
    fn outputs(&self, model: &Path, inputs: &Array2<f32>) -> Result<Array2<f32>, String>;
}

/// Writes the network of a checkpoint as an ONNX model to `path`.
///
/// The model is written under a temporary name, run on `runtime` and on `second` over `images`, compared with the
/// trainer's own logits, and renamed only if all agree to [`TOLERANCE`]. What kept the second runtime from running it
/// says nothing about the model, and is returned.
pub fn export(
    runtime: &Runtime,
    second: Option<&dyn SecondRuntime>,
    network: &Network,
    checkpoint: &Checkpoint,
    images: &Dataset,
    path: &Path,
) -> Result<Option<String>, ExportError> {
    let parameters = checkpoint.parameters(network);
    let tensors = parameters.iter().map(|(_, tensor)| tensor.clone());
    let entries = entries(network, checkpoint)?;
    let model = models::inference(network, tensors.collect(), &entries)?;
    let pending = Pending::write(path, &model)?;

    let variants = checkpoint.record.polarities().variants();
    let mut evaluator = Evaluator::new(runtime, network, parameters, images, variants)?;
    let expected = evaluator.evaluate()?.logits;
    let outputs = (network.output, network.output_len());
    let found = run_model_of(runtime, &model, outputs, images, variants)?;
    check(path, runtime.kind().name(), &expected, &found)?;
    let mut unchecked = None;
    if let Some(second) = second {
        let name = second.name();
        let inputs = inputs(images, variants)?;
        match second.outputs(pending.temporary_path(), &inputs) {
            Ok(found) => check(path, name, &expected, &found)?,
            Err(reason) => unchecked = Some(format!("not checked on {name}: {reason}")),
        }
    }
    pending.commit()?;
    Ok(unchecked)
}

/// Images in all variants, one row each.
fn inputs(images: &Dataset, variants: &'static [Variant]) -> Result<Array2<f32>, EvaluateError> {
    let batches = Batches::new(images, variants, 1, Order::Sequential)?;
    let shape = (batches.len(), images.elements());
    let mut pixels = Vec::new();
    for batch in batches {
        pixels.extend(batch?.images);
    }
    Ok(Array2::from_shape_vec(shape, pixels).expect("each batch is one image"))
}

/// What a model file tells about itself: classes, input, and where it comes from.
fn entries(
    network: &Network,
    checkpoint: &Checkpoint,
) -> Result<Vec<(String, String)>, ExportError> {
    let record = &checkpoint.record;
    let identity = checkpoint.identity().map_err(ExportError::Identity)?;
    let mut entries = outputs(network, record)?;
    entries.extend([
        (
            "trainer",
            concat!("baton ", env!("CARGO_PKG_VERSION")).into(),
        ),
        ("seed", record.seed.to_string()),
        ("optimizer", record.optimizer.name().into()),
        ("learning_rate", record.learning_rate.to_string()),
        ("batch_size", record.batch_size.to_string()),
        ("epochs", record.epochs.len().to_string()),
        ("data", record.data_source.clone()),
        ("data_sha256", record.data_sha256.clone()),
        (IDENTITY_KEY, identity),
    ]);
    if let Some(start) = &record.tuned_from {
        entries.push(("tuned_from", start.clone()));
    }
    if let Some(digest) = &record.negatives_sha256 {
        entries.push((NEGATIVES_SHA256, digest.clone()));
    }
    if let Some(certainty) = &record.certainty {
        let least = certainty.least_probability.to_string();
        entries.push((metadata::LEAST_PROBABILITY, least));
    }
    if let Some(epoch) = record.epochs.last() {
        entries.push(("augment", record.polarities().name().into()));
        entries.push(("val_loss", format!("{:.6}", epoch.val_loss)));
        let accuracy = epoch.val_accuracy;
        entries.extend(accuracy.map(|share| ("val_accuracy", format!("{share:.6}"))));
        entries.push(("val_data", record.val_data.clone()));
    }
    let owned = |(key, value): (&str, String)| (key.to_owned(), value);
    Ok(entries.into_iter().map(owned).collect())
}

/// What it takes and gives.
fn outputs(
    network: &Network,
    record: &Record,
) -> Result<Vec<(&'static str, String)>, NormalizationError> {
    let shape = network.input.map(|size| size.to_string()).join(",");
    let mut entries = vec![(metadata::INPUT_SHAPE, shape)];
    let takes_pixels = network.scaling.input.is_none();
    match &record.picture_input {
        Some(picture_input) => entries.extend(picture_input.entries(network.input[0])?),
        None if takes_pixels => entries.push((normalization::RANGE, "0..1".into())),
        None => {}
    }
    let kind = match network.output {
        OutputKind::Classes => {
            entries.insert(0, (labels::KEY, labels::to_metadata(&network.labels)));
            entries.push(("output", "logits; softmax makes them probabilities".into()));
            if takes_pixels {
                return Ok(entries);
            }
            "classes"
        }
        OutputKind::Values => "values",
        OutputKind::Reconstruction => "reconstruction",
    };
    entries.push((metadata::OUTPUT_KIND, kind.into()));
    if record.picture_input.is_none() {
        let preparation = if takes_pixels { "plain" } else { "none" };
        entries.push((metadata::PREPARATION, preparation.into()));
    }
    if let Some(detector) = &record.detector {
        entries.push((metadata::FALSE_ALARMS, detector.false_alarms.to_string()));
        entries.push((metadata::NORMAL, labels::to_metadata(&detector.normal)));
        let threshold = detector.threshold.iter();
        entries.extend(threshold.map(|one| (metadata::THRESHOLD, one.score.to_string())));
    }
    Ok(entries)
}

fn check(
    path: &Path,
    runtime: &str,
    expected: &Array2<f32>,
    found: &Array2<f32>,
) -> Result<(), ExportError> {
    let difference = largest_difference(expected, found);
    if difference <= TOLERANCE {
        return Ok(());
    }
    Err(ExportError::Differs {
        path: path.into(),
        runtime: runtime.into(),
        difference,
    })
}

/// The largest difference of two logits, relative to the largest logit of their row (at least 1); infinite for
/// different shapes and for NaN.
pub fn largest_difference(expected: &Array2<f32>, found: &Array2<f32>) -> f64 {
    if expected.dim() != found.dim() {
        return f64::INFINITY;
    }
    let row_difference = |(expected, found): (ArrayView1<f32>, ArrayView1<f32>)| {
        let magnitudes = expected.iter().map(|&logit| f64::from(logit).abs());
        let scale = magnitudes.fold(1.0, f64::max);
        let difference = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)).abs() / scale;
        largest(expected.iter().zip(found).map(difference))
    };
    let rows = expected.rows().into_iter().zip(found.rows());
    largest(rows.map(row_difference))
}

/// The largest number of none below 0; infinite if one is NaN.
fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    let or_infinite = |number: f64| {
        if number.is_nan() {
            f64::INFINITY
        } else {
            number
        }
    };
    numbers.map(or_infinite).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn differences_are_relative_to_the_largest_logit_of_the_row() {
        let expected = arr2(&[[0.5, 0.25], [100.0, 1.0]]);
        for (found, difference) in [
            (arr2(&[[0.5, 0.375], [100.0, 1.0]]), 0.125),
            (arr2(&[[0.5, 0.25], [100.0, 2.0]]), 0.01),
        ] {
            assert!((largest_difference(&expected, &found) - difference).abs() < 1e-12);
        }
        // NaN and other shapes are never equal.
        for found in [arr2(&[[0.5, f32::NAN], [100.0, 1.0]]), arr2(&[[0.5, 0.25]])] {
            assert!(largest_difference(&expected, &found).is_infinite());
        }
    }
}
