//! Digit models in ONNX files, checked on opening and run by tract. Outside this module and
//! [`inspect`](crate::inspect), nothing names tract.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Arc;

use no_std_core::prepare::Preparation;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::internal::{DimLike, Factoid};

use crate::engine::{Engine, Logits, Scores, first_maximum, softmax};
use crate::file::{self, InFile, display_name, one_line};
use crate::picture::{Pixels, SIDE};

mod error;
pub(crate) mod proto;

pub use error::ModelError;
use proto::OUTPUT;

/// A digit model, ready to run.
///
/// Its file is ONNX (<https://onnx.ai/onnx/repo-docs/IR.html>) with one input, f32 of shape
/// `[1, 1, 28, 28]`, pixels divided by 255, and one output named `logits`, f32 of shape
/// `[1, classes]`. The first dimension of both may also be left open. The metadata entry `labels`
/// names the classes, separated by commas; without it their indices are their names.
#[derive(Clone, Debug)]
pub struct Model {
    name: String,
    plan: Arc<TypedRunnableModel>,
    labels: Vec<String>,
    quantization: Option<Quantization>,
}

/// What int8 integers stand for: the real number `scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    /// The real number that a step of 1 stands for.
    pub scale: f32,
    /// The integer that stands for 0.
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
    ///
    /// # Errors
    ///
    /// Every variant of [`ModelError`] but [`ModelError::NotFinite`].
    pub fn open(path: &Path) -> Result<Self, InFile<ModelError>> {
        let name = display_name(path);
        let bytes = file::read(path).map_err(InFile::named(&name))?;
        Self::from_bytes(&bytes, &name)
    }

    /// Opens a model that is already in memory; errors call it `name`.
    ///
    /// # Errors
    ///
    /// Those of [`Model::open`].
    pub fn from_bytes(bytes: &[u8], name: &str) -> Result<Self, InFile<ModelError>> {
        load(name, bytes).map_err(InFile::named(name))
    }

    /// Whether the bytes are an ONNX model, of digits or not.
    pub fn recognizes(bytes: &[u8]) -> bool {
        proto::parse(bytes).is_ok()
    }

    /// Runs the model on one picture: a finite logit for each class.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotFinite`], and [`ModelError::Graph`] if running it fails.
    pub fn logits(&self, pixels: &Pixels) -> Result<Vec<f32>, InFile<ModelError>> {
        self.run(pixels)
            .map_err(|error| ModelError::graph(&error))
            .and_then(|logits| self.check_finite(logits))
            .map_err(InFile::named(&self.name))
    }

    fn run(&self, pixels: &Pixels) -> TractResult<Vec<f32>> {
        let input = pixels.map(|pixel| f32::from(pixel) / 255.0);
        let input = Tensor::from_shape(&[1, 1, SIDE, SIDE], &input)?;
        let outputs = self.plan.run(tvec!(input.into()))?;
        Ok(outputs[0].to_plain_array_view()?.iter().copied().collect())
    }

    fn check_finite(&self, logits: Vec<f32>) -> Result<Vec<f32>, ModelError> {
        match logits.iter().position(|logit| !logit.is_finite()) {
            None => Ok(logits),
            Some(class) => Err(ModelError::NotFinite {
                label: self.labels[class].clone(),
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

    fn scores(&self, pixels: &Pixels) -> Result<Scores, InFile<ModelError>> {
        let logits = self.logits(pixels)?;
        let class = first_maximum(&logits);
        let probabilities = softmax(&logits);
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

fn load(name: &str, bytes: &[u8]) -> Result<Model, ModelError> {
    let proto = proto::parse(bytes)?;
    proto::check(&proto)?;
    let model = optimize(&proto).map_err(|error| ModelError::graph(&error))?;
    let classes = count_classes(&model)?;
    let labels = labels(proto::metadata(&proto, "labels"), classes)?;
    let plan = model
        .into_runnable()
        .map_err(|error| ModelError::graph(&error))?;
    Ok(Model {
        name: name.to_owned(),
        plan,
        labels,
        quantization: proto.graph.as_ref().and_then(proto::logits_quantization),
    })
}

fn optimize(proto: &ModelProto) -> TractResult<TypedModel> {
    without_panic(|| graph(proto)?.into_optimized())
}

/// The shape of every value of the graph, by its name.
pub(crate) fn shapes(proto: &ModelProto) -> Result<HashMap<String, Vec<usize>>, ModelError> {
    let analyse = || {
        let mut graph = graph(proto)?;
        graph.analyse(false)?;
        let inputs = graph
            .inputs
            .iter()
            .map(|input| (input, &graph.nodes[input.node].name));
        let shape = |(outlet, name): (&OutletId, &String)| {
            let shape = graph.outlet_fact(*outlet).ok()?.shape.concretize()?;
            let shape = shape.iter().map(|size| size.to_usize().ok());
            Some((name.clone(), shape.collect::<Option<_>>()?))
        };
        Ok(graph
            .outlet_labels
            .iter()
            .chain(inputs)
            .filter_map(shape)
            .collect())
    };
    without_panic(analyse).map_err(|error| ModelError::graph(&error))
}

fn graph(proto: &ModelProto) -> TractResult<InferenceModel> {
    onnx()
        // Shapes noted for inner values may use the open batch dimension, which is fixed here.
        .with_ignore_value_info(true)
        .model_for_proto_model(proto)?
        .with_input_fact(0, f32::fact([1, 1, SIDE, SIDE]).into())
}

/// tract panics on some damaged graphs, such as one with a stride of 0. The error tells it; the
/// panic itself shall print nothing.
fn without_panic<T>(run: impl FnOnce() -> TractResult<T>) -> TractResult<T> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(run));
    set_hook(hook);
    result.unwrap_or_else(|_| Err(TractError::msg("a contradiction that makes tract panic")))
}

fn count_classes(model: &TypedModel) -> Result<usize, ModelError> {
    let fact = model
        .output_fact(0)
        .map_err(|error| ModelError::graph(&error))?;
    match fact.shape.as_concrete() {
        Some(&[1, classes]) if classes > 0 && fact.datum_type == f32::datum_type() => Ok(classes),
        _ => Err(ModelError::form(
            format!("output {OUTPUT} FLOAT [1, classes]"),
            format!("{:?} {:?}", fact.datum_type, fact.shape),
        )),
    }
}

fn labels(names: Option<&str>, classes: usize) -> Result<Vec<String>, ModelError> {
    let Some(names) = names else {
        return Ok((0..classes).map(|class| class.to_string()).collect());
    };
    let labels: Vec<String> = names.split(',').map(one_line).collect();
    if labels.len() != classes {
        let expected = format!("one label for each of {classes} classes");
        return Err(ModelError::form(
            expected,
            format!("{} in metadata labels", labels.len()),
        ));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests;
