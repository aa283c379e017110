//! Digit models in ONNX files, checked on opening and run by tract. No other file names tract.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::Dimension;
use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto};
use tract_onnx::prelude::*;

use crate::file::{self, InFile, ReadError, display_name, one_line};
use crate::picture::{Pixels, SIDE};

const OUTPUT: &str = "logits";

/// What the metadata must say, where it says anything, about the input that [`Model::logits`]
/// prepares.
const INPUT_METADATA: [(&str, &str); 2] = [("input_range", "0..1"), ("input_shape", "1,28,28")];

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
}

/// Why a model was refused or failed.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The file could not be read at all.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file holds no ONNX model.
    #[error("expected an ONNX model, found {0}")]
    NotOnnx(String),
    /// The model is not of the form that [`Model`] describes.
    #[error("expected {expected}, found {found}")]
    Form {
        /// What a digit model has.
        expected: String,
        /// What this one has.
        found: String,
    },
    /// The graph contradicts itself, or has an operator that tract does not know.
    #[error("expected a graph that tract can run, found: {0}")]
    Graph(String),
    /// A logit is infinite or not a number.
    #[error("expected finite logits, found {logit} for class {label}; the weights may be damaged")]
    NotFinite {
        /// Name of the class.
        label: String,
        /// Its logit.
        logit: f32,
    },
}

impl ModelError {
    fn form(expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self::Form {
            expected: expected.into(),
            found: one_line(found.as_ref()),
        }
    }

    fn graph(error: &TractError) -> Self {
        Self::Graph(one_line(&format!("{error:#}")))
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
        let (plan, labels) = load(bytes).map_err(InFile::named(name))?;
        Ok(Self {
            name: name.to_owned(),
            plan,
            labels,
        })
    }

    /// Names of the classes, in the order of the logits; at least one.
    pub fn labels(&self) -> &[String] {
        &self.labels
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

fn load(mut bytes: &[u8]) -> Result<(Arc<TypedRunnableModel>, Vec<String>), ModelError> {
    let proto = onnx()
        .proto_model_for_read(&mut bytes)
        .map_err(|error| ModelError::NotOnnx(one_line(&format!("{error:#}"))))?;
    let Some(graph) = &proto.graph else {
        return Err(ModelError::NotOnnx("no graph in it".to_owned()));
    };
    check_input(graph)?;
    check_output(graph)?;
    for (key, expected) in INPUT_METADATA {
        if let Some(found) = metadata(&proto, key).filter(|&found| found != expected) {
            return Err(ModelError::form(
                format!("metadata {key} \"{expected}\""),
                format!("{found:?}"),
            ));
        }
    }
    let model = optimize(&proto).map_err(|error| ModelError::graph(&error))?;
    let classes = count_classes(&model)?;
    let labels = labels(metadata(&proto, "labels"), classes)?;
    let plan = model
        .into_runnable()
        .map_err(|error| ModelError::graph(&error))?;
    Ok((plan, labels))
}

fn check_input(graph: &GraphProto) -> Result<(), ModelError> {
    // Files of ONNX IR version 3 list weights among the inputs too.
    let is_weight = |name: &str| graph.initializer.iter().any(|weight| weight.name == name);
    let inputs: Vec<_> = graph
        .input
        .iter()
        .filter(|input| !is_weight(&input.name))
        .collect();
    let [input] = inputs[..] else {
        return Err(ModelError::form("one input", names(&inputs)));
    };
    let (element, shape) = tensor_type(input);
    if element != DataType::Float
        || !matches!(shape[..], [None | Some(1), Some(1), Some(28), Some(28)])
    {
        let found = format!("{} {}", element.as_str_name(), show(&shape));
        return Err(ModelError::form("input FLOAT [1, 1, 28, 28]", found));
    }
    Ok(())
}

fn check_output(graph: &GraphProto) -> Result<(), ModelError> {
    let outputs: Vec<_> = graph.output.iter().collect();
    if names(&outputs) != OUTPUT {
        return Err(ModelError::form(
            format!("one output named {OUTPUT}"),
            names(&outputs),
        ));
    }
    // tract takes for granted that the output exists.
    if !graph
        .node
        .iter()
        .any(|node| node.output.iter().any(|name| name == OUTPUT))
    {
        return Err(ModelError::form(
            format!("an operator that computes {OUTPUT}"),
            "none",
        ));
    }
    Ok(())
}

fn names(values: &[&ValueInfoProto]) -> String {
    let names: Vec<&str> = values.iter().map(|value| value.name.as_str()).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Element type and shape, with `None` for dimensions that are left open.
fn tensor_type(value: &ValueInfoProto) -> (DataType, Vec<Option<i64>>) {
    let Some(TensorType(tensor)) = value.r#type.as_ref().and_then(|of| of.value.as_ref()) else {
        return (DataType::Undefined, Vec::new());
    };
    let size = |dimension: &Dimension| match dimension.value {
        Some(DimValue(size)) if size > 0 => Some(size),
        _ => None,
    };
    let shape = tensor
        .shape
        .iter()
        .flat_map(|shape| shape.dim.iter().map(size))
        .collect();
    (tensor.elem_type(), shape)
}

fn show(shape: &[Option<i64>]) -> String {
    let sizes: Vec<String> = shape
        .iter()
        .map(|size| size.map_or("?".to_owned(), |size| size.to_string()))
        .collect();
    format!("[{}]", sizes.join(", "))
}

fn metadata<'a>(proto: &'a ModelProto, key: &str) -> Option<&'a str> {
    let entry = proto.metadata_props.iter().find(|entry| entry.key == key);
    entry.map(|entry| entry.value.as_str())
}

/// tract panics on some damaged graphs, such as one with a stride of 0.
fn optimize(proto: &ModelProto) -> TractResult<TypedModel> {
    let optimize = || {
        onnx()
            // Shapes noted for inner values may use the open batch dimension, which is fixed here.
            .with_ignore_value_info(true)
            .model_for_proto_model(proto)?
            .with_input_fact(0, f32::fact([1, 1, SIDE, SIDE]).into())?
            .into_optimized()
    };
    catch_unwind(AssertUnwindSafe(optimize))
        .unwrap_or_else(|_| Err(TractError::msg("a contradiction that makes tract panic")))
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
