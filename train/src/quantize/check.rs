//! Running what was written before it gets its name: the same integers on each runtime and in the core.

use std::path::Path;

use ndarray::Array2;
use no_std_core::{Model, Operation};
use rayon::prelude::*;

use super::candidate::{Candidate, as_integers, integers};
use super::run::Runner;
use super::samples::Samples;
use super::{QuantizeError, Request};
use crate::ops::Quantization;

/// What the core says of a flash file.
#[derive(Clone, Debug, PartialEq)]
pub struct FlashFacts {
    /// Bytes of the file.
    pub flash: usize,
    /// Bytes of memory that a run needs, the input among them.
    pub memory: usize,
    /// What it says of each layer.
    pub layers: Vec<LayerFacts>,
    /// Least probability of an input that is accepted, in 1/65536; of a reconstruction the greatest difference.
    pub threshold: u32,
    /// Share of the samples held out that are accepted.
    pub accepted: f64,
}

/// What the core says of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// Bytes of weights, biases and multipliers, or of its table.
    pub flash: usize,
    /// Bytes of its output.
    pub memory: usize,
    /// Multiplications and additions for one input.
    pub multiply_adds: usize,
}

impl LayerFacts {
    pub(super) fn of(operation: &Operation<'_>) -> Self {
        Self {
            flash: operation.flash_len() as usize,
            memory: operation.output().shape.elements() as usize,
            multiply_adds: operation.multiply_adds() as usize,
        }
    }
}

/// What the core makes of an input.
pub struct CoreOutput {
    /// Values in the order channels, rows, columns.
    pub values: Vec<i8>,
    /// Whether the input is one of those that the model was made for.
    pub is_accepted: bool,
}

/// Fails unless the core, on the flash file at `path`, gives the outputs that the runtime gave on the samples held out.
pub fn flash_file(
    runner: &Runner,
    path: &Path,
    best: &Candidate,
    samples: &Samples,
) -> Result<FlashFacts, QuantizeError> {
    let file = read(path)?;
    let model = Model::new(&file).map_err(QuantizeError::Core)?;
    let outputs = core_outputs(runner, &model, &inputs(samples, best.int8.from)?)?;
    compare(runner.runtime.kind().name(), &best.integers, &outputs)?;
    let accepted = outputs.iter().filter(|output| output.is_accepted).count();
    Ok(FlashFacts {
        flash: file.len(),
        memory: model.arena_len(),
        layers: model.operations().map(|one| LayerFacts::of(&one)).collect(),
        threshold: model.threshold(),
        accepted: accepted as f64 / outputs.len() as f64,
    })
}

/// Fails unless the model and the flash file at these paths give the same outputs on the samples to be checked, the model
/// on each runtime there is. What keeps a second one from running it that is no part of this program says nothing about the
/// model, and is returned.
pub fn int8_model(
    runner: &Runner,
    request: &Request,
    [model, flash]: [&Path; 2],
    (best, checked): (&Candidate, &Samples),
) -> Result<Option<String>, QuantizeError> {
    let file = read(flash)?;
    let core = Model::new(&file).map_err(QuantizeError::Core)?;
    let meaning = best.int8.output();
    let expected = core_outputs(runner, &core, &inputs(checked, best.int8.from)?)?;
    let inputs = as_integers(checked, best.int8.from);
    let outputs = runner.outputs(&read(model)?, &inputs)?;
    let name = runner.runtime.kind().name();
    compare(name, &integers(name, &outputs, meaning)?, &expected)?;
    let Some(second) = request.second else {
        return Ok(None);
    };
    let name = second.name();
    match second.outputs(model, &inputs.rows()?) {
        Ok(outputs) => compare(name, &integers(name, &outputs, meaning)?, &expected)?,
        Err(reason) if second.is_built_in() && !request.force => {
            let runtime = name.into();
            return Err(QuantizeError::NotRun { runtime, reason });
        }
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

/// Fails unless a runtime's outputs are those of the core, on every sample.
fn compare(
    runtime: &str,
    found: &Array2<i8>,
    expected: &[CoreOutput],
) -> Result<(), QuantizeError> {
    if found.nrows() != expected.len() {
        let reason = format!(
            "expected outputs of {} samples, found {}",
            expected.len(),
            found.nrows()
        );
        return Err(QuantizeError::Check {
            runtime: runtime.into(),
            reason,
        });
    }
    let mut pairs = found.outer_iter().zip(expected).enumerate();
    match pairs.find(|(_, (found, expected))| !found.iter().eq(&expected.values)) {
        None => Ok(()),
        Some((sample, (found, expected))) => Err(QuantizeError::Differs {
            runtime: runtime.into(),
            sample,
            expected: expected.values.clone(),
            found: found.to_vec(),
        }),
    }
}

/// The samples as the core takes them, `[row][column][channel]`.
pub fn inputs(samples: &Samples, from: Quantization) -> Result<Vec<Vec<i8>>, QuantizeError> {
    let mut inputs = Vec::new();
    samples.each(|sample| {
        let channel_last = sample.view().permuted_axes([0, 2, 3, 1]);
        inputs.push(
            channel_last
                .iter()
                .map(|&value| from.integer(value))
                .collect(),
        );
        Ok(())
    })?;
    Ok(inputs)
}

/// What the core makes of inputs, on all cores of the machine.
pub fn core_outputs(
    runner: &Runner,
    model: &Model<'_>,
    inputs: &[Vec<i8>],
) -> Result<Vec<CoreOutput>, QuantizeError> {
    let shape = model.output().shape;
    let [rows, columns, channels] = [shape.rows, shape.columns, shape.channels].map(usize::from);
    let places = rows * columns;
    let output = |arena: &mut Vec<i8>, input: &Vec<i8>| {
        runner.check_stop()?;
        let output = no_std_core::run(model, input, arena).map_err(QuantizeError::CoreRun)?;
        let values = output.values();
        let by_channel = (0..channels)
            .flat_map(|channel| (0..places).map(move |place| values[place * channels + channel]));
        Ok(CoreOutput {
            values: by_channel.collect(),
            is_accepted: output.accepted(),
        })
    };
    let arena = || vec![0; model.arena_len()];
    inputs.par_iter().map_init(arena, output).collect()
}
