//! Digit models in ONNX files, checked on opening and run by tract. Outside this module and
//! [`inspect`](crate::inspect), nothing names tract.

use std::path::Path;
use std::sync::Arc;

use input::labels;
use input::onnx::{self, Checked, Limits, ends_in_softmax, guarded};
use no_std_core::prepare::Preparation;
use tract_onnx::prelude::*;

use crate::engine::{Engine, Logits, Scores};
use crate::error::{ModelError, RunError};
use crate::file::{self, InFile, display_name, one_line};
use crate::picture::{Pixels, SIDE};

pub(crate) mod proto;
mod scores;

use proto::OUTPUT;

/// A digit model, ready to run.
///
/// Its file is ONNX (<https://onnx.ai/onnx/repo-docs/IR.html>) with one input, f32 of shape
/// `[1, 1, 28, 28]`, pixels divided by 255, and one output named `logits`, f32 of shape
/// `[1, classes]`. The first dimension of both may also be left open. The metadata entry `labels`
/// names the classes: see [`input::labels`].
#[derive(Clone, Debug)]
pub struct Model {
    name: String,
    plan: Arc<TypedRunnableModel>,
    labels: Vec<String>,
    quantization: Option<Quantization>,
    /// Whether the graph makes its outputs probabilities itself.
    has_softmax: bool,
}

/// What int8 integers stand for: the real number `scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    pub scale: f32,
    pub zero_point: i8,
}

impl Quantization {
    /// The integer that stands for this real number.
    fn integer(self, real: f32) -> i8 {
        (real / self.scale + f32::from(self.zero_point)).round_ties_even() as i8
    }
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
        let model = check(bytes, limits).and_then(|checked| Self::new(checked, name));
        model.map_err(InFile::named(name))
    }

    /// Makes a model ready to run.
    pub(crate) fn new(checked: Checked, name: &str) -> Result<Self, ModelError> {
        let Checked { proto, graph } = checked;
        let model = guarded(|| graph.into_optimized())?;
        let classes = count_classes(&model)?;
        let labels = labels::of_classes(proto::metadata(&proto, labels::KEY), classes)?;
        let plan = guarded(|| model.into_runnable())?;
        let graph = proto.graph.unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            plan,
            labels,
            quantization: proto::logits_quantization(&graph),
            has_softmax: ends_in_softmax(&graph, OUTPUT),
        })
    }

    /// Whether the bytes are an ONNX model, of digits or not.
    pub fn recognizes(bytes: &[u8]) -> bool {
        onnx::parse(bytes).is_ok()
    }

    /// Runs the model on one picture: a finite logit for each class.
    pub fn logits(&self, pixels: &Pixels) -> Result<Vec<f32>, InFile<RunError>> {
        guarded(|| self.run(pixels))
            .map_err(RunError::from)
            .and_then(|logits| self.check_finite(logits))
            .map_err(InFile::named(&self.name))
    }

    fn run(&self, pixels: &Pixels) -> TractResult<Vec<f32>> {
        let input = pixels.map(|pixel| f32::from(pixel) / 255.0);
        let input = Tensor::from_shape(&[1, 1, SIDE, SIDE], &input)?;
        let outputs = self.plan.run(tvec!(input.into()))?;
        Ok(outputs[0].to_plain_array_view()?.iter().copied().collect())
    }

    fn check_finite(&self, logits: Vec<f32>) -> Result<Vec<f32>, RunError> {
        match logits.iter().position(|logit| !logit.is_finite()) {
            None => Ok(logits),
            Some(class) => Err(RunError::NotFinite {
                label: one_line(&self.labels[class]),
                logit: logits[class],
            }),
        }
    }
}

impl Engine for Model {
    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn preparation(&self) -> Preparation {
        Preparation::PLAIN
    }

    fn scores(&self, pixels: &Pixels) -> Result<Scores, InFile<RunError>> {
        let logits = self.logits(pixels)?;
        let class = scores::first_maximum(&logits);
        let probabilities = if self.has_softmax {
            scores::shares(&logits)
        } else {
            scores::softmax(&logits)
        };
        let logits = match self.quantization {
            Some(of) => Logits::Int8(logits.iter().map(|&logit| of.integer(logit)).collect()),
            None => Logits::Float(logits),
        };
        Ok(Scores {
            class,
            probabilities,
            accepted: None,
            logits,
            cost: None,
        })
    }
}

/// The model in the bytes, checked before anything is computed.
pub(crate) fn check(bytes: &[u8], limits: &Limits) -> Result<Checked, ModelError> {
    let proto = onnx::parse(bytes)?;
    proto::check(&proto)?;
    Ok(Checked::new(proto, limits)?)
}

fn count_classes(model: &TypedModel) -> Result<usize, ModelError> {
    let fact = guarded(|| model.output_fact(0))?;
    match fact.shape.as_concrete() {
        Some(&[1, classes]) if classes > 0 && fact.datum_type == f32::datum_type() => Ok(classes),
        _ => Err(ModelError::form(
            format!("output {OUTPUT} FLOAT [1, classes]"),
            format!("{:?} {:?}", fact.datum_type, fact.shape),
        )),
    }
}

#[cfg(test)]
mod tests;
