//! Running what was written before it gets its name: the same integers on each runtime and in the core.

use std::path::Path;
use std::thread;

use ndarray::{Array2, ArrayView3, Axis};
use no_std_core::{Layer, Model, Scores, quantize_pixel};

use super::candidate::{Candidate, integers};
use super::run::Runner;
use super::{QuantizeError, Request};
use crate::data::Dataset;
use crate::data::augment::Augment;
use crate::ops::Quantization;

/// What the core says of a flash file.
#[derive(Clone, Debug, PartialEq)]
pub struct FlashFacts {
    /// Bytes of the file.
    pub flash: usize,
    /// Bytes of memory that a run needs beside the image.
    pub memory: usize,
    /// What it says of each layer.
    pub layers: Vec<LayerFacts>,
    /// Least probability of an image that is accepted, in 1/65536.
    pub threshold: u32,
    /// Share of the images held out that are accepted.
    pub accepted: f64,
}

/// What the core says of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// Bytes of weights, biases and multipliers.
    pub flash: usize,
    /// Bytes of its output.
    pub memory: usize,
    /// Multiplications and additions for one image.
    pub multiply_adds: usize,
}

impl LayerFacts {
    fn of(layer: &Layer<'_>) -> Self {
        Self {
            flash: layer.flash_len(),
            memory: layer.record().output.elements() as usize,
            multiply_adds: layer.multiply_adds() as usize,
        }
    }
}

/// Fails unless the core, on the flash file at `path`, gives the logits that the runtime gave on `held_out`.
pub fn flash_file(
    runner: &Runner,
    path: &Path,
    best: &Candidate,
    held_out: &Dataset,
) -> Result<FlashFacts, QuantizeError> {
    let file = read(path)?;
    let model = Model::new(&file).map_err(QuantizeError::Core)?;
    let scores = scores(runner, &model, held_out)?;
    compare(runner.runtime.kind().name(), &best.integers, &scores)?;
    let accepted = scores.iter().filter(|scores| scores.accepted()).count();
    Ok(FlashFacts {
        flash: file.len(),
        memory: model.arena_len(),
        layers: model.layers().map(|layer| LayerFacts::of(&layer)).collect(),
        threshold: model.threshold(),
        accepted: accepted as f64 / scores.len() as f64,
    })
}

/// Fails unless the model and the flash file at these paths give the same logits on the images to be checked, the model
/// on each runtime there is. The images are plain and inverted, whatever the model was trained on: its integers are equal
/// on any picture. What keeps the second runtime from running it says nothing about the model, and is returned.
pub fn int8_model(
    runner: &Runner,
    request: &Request,
    [model, flash]: [&Path; 2],
    meaning: Quantization,
) -> Result<Option<String>, QuantizeError> {
    let variants = Augment::Invert.variants();
    let runner = &Runner {
        variants,
        ..*runner
    };
    let file = read(flash)?;
    let core = Model::new(&file).map_err(QuantizeError::Core)?;
    let expected = scores(runner, &core, request.checked)?;
    let logits = runner.logits(&read(model)?, request.checked)?;
    let name = runner.runtime.kind().name();
    compare(name, &integers(name, &logits, meaning)?, &expected)?;
    let Some(second) = request.second else {
        return Ok(None);
    };
    let name = second.name();
    match second.logits(model) {
        Ok(logits) => compare(name, &integers(name, &logits, meaning)?, &expected)?,
        Err(reason) => return Ok(Some(format!("not checked on {name}: {reason}"))),
    }
    Ok(None)
}

fn read(path: &Path) -> Result<Vec<u8>, QuantizeError> {
    std::fs::read(path).map_err(|source| QuantizeError::Read {
        path: path.into(),
        source,
    })
}

/// Fails unless a runtime's logits are those of the core, on every sample.
fn compare(runtime: &str, found: &Array2<i8>, expected: &[Scores]) -> Result<(), QuantizeError> {
    if found.nrows() != expected.len() {
        let reason = format!(
            "expected logits of {} samples, found {}",
            expected.len(),
            found.nrows()
        );
        return Err(QuantizeError::Check {
            runtime: runtime.into(),
            reason,
        });
    }
    let pairs = found.outer_iter().zip(expected);
    match pairs
        .enumerate()
        .find(|(_, (found, expected))| !found.iter().eq(expected.logits()))
    {
        None => Ok(()),
        Some((sample, (found, expected))) => Err(QuantizeError::Differs {
            runtime: runtime.into(),
            sample,
            expected: expected.logits().to_vec(),
            found: found.to_vec(),
        }),
    }
}

/// The core's scores for all variants of all images, on all cores of the machine.
fn scores(
    runner: &Runner,
    model: &Model<'_>,
    images: &Dataset,
) -> Result<Vec<Scores>, QuantizeError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let part = images.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let parts = images.images.axis_chunks_iter(Axis(0), part);
        let workers: Vec<_> = parts
            .map(|part| scope.spawn(move || part_scores(runner, model, &part)))
            .collect();
        let mut scores = Vec::new();
        for worker in workers {
            scores.extend(worker.join().expect("nothing in the core panics")?);
        }
        Ok(scores)
    })
}

fn part_scores(
    runner: &Runner,
    model: &Model<'_>,
    images: &ArrayView3<u8>,
) -> Result<Vec<Scores>, QuantizeError> {
    let mut arena = vec![0; model.arena_len()];
    let mut scores = Vec::new();
    for image in images.outer_iter() {
        runner.check_stop()?;
        for variant in runner.variants {
            let pixels = image.iter();
            let image: Vec<i8> = pixels
                .map(|&pixel| quantize_pixel(variant.of(pixel)))
                .collect();
            let found = no_std_core::run(model, &image, &mut arena);
            scores.push(found.map_err(QuantizeError::CoreRun)?);
        }
    }
    Ok(scores)
}
