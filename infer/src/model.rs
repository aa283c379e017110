//! Models in ONNX files, checked by tract on opening, then run by tract or by ONNX Runtime. Outside this module and
//! [`inspect`](crate::inspect), nothing uses either.

use std::path::Path;
use std::sync::Arc;

use input::limits::Limits;
use input::normalization::Normalization;
use input::onnx::{self, Checked, Runtime, ends_in_softmax, guarded};
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::InferenceModelExt;

use crate::decision::Decision;
use crate::engine::{Answer, Engine, check_len};
use crate::error::{ModelError, RunError};
use crate::file::{self, InFile, display_name, one_line};
use crate::input::{Input, transposed};
use crate::output::{Classes, Distance, Numbers, Output, Values};
use crate::spec::{Layout, Spec};

mod form;
mod forms;
pub(crate) mod proto;
mod runner;
mod scores;

use form::OutputForm;
pub use runner::onnxruntime::Error as OnnxRuntimeError;
use runner::{Runner, onnxruntime, tract};

/// A model, ready to run.
///
/// Its file is ONNX (<https://onnx.ai/onnx/repo-docs/IR.html>) with one input and one output of floats, of which it takes
/// and gives one at a time. Its metadata say whether pictures become the input, and what the output is: see
/// [`input::metadata`] and [`input::labels`]; without them, `logits` for pictures of `[1, 1, 28, 28]` are those of digits,
/// what ends in a Softmax or is called `logits` are classes, and everything else is numbers.
#[derive(Clone, Debug)]
pub struct Model {
    name: String,
    runner: Arc<dyn Runner>,
    spec: Spec,
    /// What the pixels of a picture become.
    pixels: Normalization,
    output: OutputForm,
    /// Whether the graph makes its outputs probabilities itself.
    has_softmax: bool,
    /// What the core decides from the output's integers, if the file says its threshold.
    decision: Option<Decision>,
}

impl Model {
    /// Opens a model file.
    pub fn open(path: &Path) -> Result<Self, InFile<ModelError>> {
        let name = display_name(path);
        let bytes = file::read(path).map_err(InFile::named(&name))?;
        Self::from_bytes(&bytes, &name)
    }

    /// Opens a model that is already in memory; errors call it `name`.
    pub fn from_bytes(bytes: &[u8], name: &str) -> Result<Self, InFile<ModelError>> {
        Self::within(bytes, name, &Limits::default())
    }

    /// Like [`Model::from_bytes`], with other limits than the usual ones.
    pub fn within(bytes: &[u8], name: &str, limits: &Limits) -> Result<Self, InFile<ModelError>> {
        let checked = checked_proto(bytes)
            .and_then(|proto| Ok(Checked::new(forms::maxima_by_axis(proto), limits)?));
        let model = checked.and_then(|checked| Self::new(checked, name, Runtime::Tract));
        model.map_err(InFile::named(name))
    }

    /// The same, checked alike, in ONNX Runtime.
    pub fn on_onnxruntime(
        bytes: &[u8],
        name: &str,
        limits: &Limits,
    ) -> Result<Self, InFile<ModelError>> {
        let checked = check(bytes, limits);
        let model = checked.and_then(|checked| Self::new(checked, name, Runtime::OnnxRuntime));
        model.map_err(InFile::named(name))
    }

    /// Whether models can run in ONNX Runtime here.
    pub fn has_onnxruntime() -> bool {
        onnxruntime::is_there()
    }

    /// Makes a model ready to run.
    pub(crate) fn new(checked: Checked, name: &str, runtime: Runtime) -> Result<Self, ModelError> {
        let Checked { proto, graph } = checked;
        let input = form::input(&proto)?;
        let graph = guarded(|| graph.into_typed())?;
        let fact = guarded(|| graph.output_fact(0))?;
        let output = form::output(&proto, fact)?;
        let decision = output.decision(&input)?;
        let runner = match runtime {
            Runtime::Tract => tract::runner(graph)?,
            Runtime::OnnxRuntime => onnxruntime::runner(&proto)?,
        };
        let pixels = form::pixels(&proto, &input)?;
        let graph = proto.graph.unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            runner,
            spec: Spec {
                output: output.spec(),
                input,
            },
            pixels,
            has_softmax: ends_in_softmax(&graph, &output.name),
            output,
            decision,
        })
    }

    /// Whether the bytes are an ONNX model.
    pub fn recognizes(bytes: &[u8]) -> bool {
        onnx::parse(bytes).is_ok()
    }

    /// Runs the model on one input: the numbers that the graph gives, all finite.
    pub fn outputs(&self, input: &Input) -> Result<Vec<f32>, InFile<RunError>> {
        let sizes = [&[1], &self.spec.input.sizes[..]].concat();
        let outputs = check_len(&self.spec, input)
            .and_then(|()| self.runner.run(&sizes, &self.reals(input)))
            .and_then(|outputs| self.check_finite(outputs));
        outputs.map_err(InFile::named(&self.name))
    }

    /// What the input stands for.
    fn reals(&self, input: &Input) -> Vec<f32> {
        match (input, self.spec.input.quantization) {
            (Input::Pixels(pixels), of) => {
                let channel = self.channels_of(pixels.len());
                let real = |(at, &pixel)| self.pixels.number(channel(at), pixel);
                let reals = pixels.iter().enumerate().map(real);
                // As the flash file has them: runtimes divide by a scale in ways that differ.
                let rounded = |real| of.map_or(real, |of| of.rounded(real));
                reals.map(rounded).collect()
            }
            (Input::Integers(integers), Some(of)) => {
                integers.iter().map(|&integer| of.real(integer)).collect()
            }
            (Input::Integers(integers), None) => integers.iter().copied().map(f32::from).collect(),
            (Input::Floats(floats), _) => floats.clone(),
        }
    }

    /// The channel of each pixel of an input of so many.
    fn channels_of(&self, pixels: usize) -> impl Fn(usize) -> usize {
        let channels = self.pixels.channels();
        let is_last = self.spec.input.layout == Layout::ChannelsLast;
        let places = (pixels / channels).max(1);
        move |at| if is_last { at % channels } else { at / places }
    }

    /// The input's integers in the order of the flash file.
    fn integers(&self, input: &Input) -> Vec<i8> {
        let Some(of) = self.spec.input.quantization else {
            return Vec::new();
        };
        let reals = self.reals(input);
        let integers: Vec<i8> = reals.iter().map(|&real| of.integer(real)).collect();
        match self.spec.input.shape() {
            Some([rows, columns, channels]) => transposed(&integers, channels, rows * columns),
            None => integers,
        }
    }

    fn check_finite(&self, outputs: Vec<f32>) -> Result<Vec<f32>, RunError> {
        let Some(at) = outputs.iter().position(|output| !output.is_finite()) else {
            return Ok(outputs);
        };
        let found = outputs[at];
        Err(match self.spec.labels().get(at) {
            Some(label) => RunError::NoLogit {
                label: one_line(label),
                logit: found,
            },
            None => RunError::NotFinite { at, found },
        })
    }

    /// The classes of logits that are floats, or have no threshold.
    fn classes(&self, outputs: &[f32], logits: Numbers) -> Classes {
        let class = scores::first_maximum(outputs);
        let probabilities = if self.has_softmax {
            scores::shares(outputs)
        } else {
            scores::softmax(outputs)
        };
        let least = self.output.least_probability;
        Classes {
            class,
            accepted: least.map(|least| probabilities[class] >= least),
            probabilities,
            logits,
        }
    }

    /// How far a reconstruction in floats is from its input, if this is one.
    fn difference(&self, input: &Input, outputs: &[f32]) -> Option<Distance> {
        let threshold = self.output.greatest_score?;
        let reals = self.reals(input).into_iter().zip(outputs);
        let squares = reals.map(|(real, &output)| (f64::from(real) - f64::from(output)).powi(2));
        let score = squares.sum::<f64>() / outputs.len() as f64;
        Some(Distance {
            score,
            accepted: score <= threshold,
        })
    }

    fn numbers(&self, outputs: Vec<f32>) -> Numbers {
        match self.output.quantization {
            Some(of) => Numbers::Int8(outputs.iter().map(|&real| of.integer(real)).collect(), of),
            None => Numbers::Float(outputs),
        }
    }
}

impl Engine for Model {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run(&self, input: &Input) -> Result<Answer, InFile<RunError>> {
        let mut outputs = self.outputs(input)?;
        let difference = self.difference(input, &outputs);
        if let Some([rows, columns, channels]) = self.output.channels_first() {
            // In the order of the flash file.
            outputs = transposed(&outputs, channels, rows * columns);
        }
        let of_outputs = |outputs| Values {
            shape: self.output.shape(),
            numbers: self.numbers(outputs),
        };
        let output = match (&self.decision, self.output.quantization) {
            _ if let Some(difference) = difference => Output::Reconstruction {
                values: of_outputs(outputs),
                difference,
            },
            (Some(decision), Some(of)) => {
                let integers: Vec<i8> = outputs.iter().map(|&real| of.integer(real)).collect();
                decision.output(&integers, &self.integers(input))
            }
            _ if self.spec.labels().is_empty() => Output::Values(of_outputs(outputs)),
            _ => {
                let logits = self.numbers(outputs.clone());
                Output::Classes(self.classes(&outputs, logits))
            }
        };
        Ok(Answer { output, cost: None })
    }

    fn shared(&self) -> Option<&(dyn Engine + Sync)> {
        Some(self)
    }
}

/// The model in the bytes, checked before anything is computed.
pub(crate) fn check(bytes: &[u8], limits: &Limits) -> Result<Checked, ModelError> {
    Ok(Checked::new(checked_proto(bytes)?, limits)?)
}

/// The model in the bytes, whose input and output have forms that are known.
fn checked_proto(bytes: &[u8]) -> Result<ModelProto, ModelError> {
    let proto = onnx::parse(bytes)?;
    proto::check_output(&proto)?;
    proto::check_inference(&proto)?;
    form::input(&proto)?;
    Ok(proto)
}

#[cfg(test)]
mod tests;
