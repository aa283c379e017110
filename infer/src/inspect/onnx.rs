//! What is in an ONNX model.

use std::collections::HashMap;

use input::labels::in_list;
use input::limits::Limits;
use input::onnx::Runtime;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto};

use super::{Inspection, crossed, fact, range, titles};
use crate::engine::Engine;
use crate::error::ModelError;
use crate::file::one_line;
use crate::model::{self, Model, proto};
use crate::spec::OutputSpec;

/// Looks into an ONNX model.
pub fn inspect(bytes: &[u8], name: &str, limits: &Limits) -> Result<Inspection, ModelError> {
    let checked = model::check(bytes, limits)?;
    let shapes = checked.shapes();
    let model = Model::new(checked, name, Runtime::Tract)?;
    let proto = input::onnx::parse(bytes)?;
    let graph = proto.graph.clone().unwrap_or_default();
    let describe = |node| Layer {
        node,
        graph: &graph,
        shapes: &shapes,
    };
    let layers: Vec<Layer> = graph.node.iter().map(describe).collect();
    let is_integer = |node: &NodeProto| node.op_type.starts_with("QLinear");
    let int8 = graph.node.iter().any(is_integer);
    let kind = if int8 { "8-bit integers" } else { "floats" };
    let multiply_adds: usize = layers.iter().map(Layer::multiply_adds).sum();
    let mut facts = vec![
        fact("file", name),
        fact("kind", format!("ONNX model of {kind}")),
        fact("format version", version(&proto)),
        fact("bytes", bytes.len().to_string()),
        match &model.spec().output {
            OutputSpec::Classes { labels } => {
                let labels: Vec<_> = labels.iter().map(|label| in_list(label)).collect();
                fact("labels", labels.join(", "))
            }
            OutputSpec::Values { .. } => fact("output kind", "values"),
            OutputSpec::Reconstruction { .. } => fact("output kind", "reconstruction of the input"),
        },
        fact("multiply-adds", multiply_adds.to_string()),
    ];
    facts.extend(metadata(&proto));
    let titles = titles(
        "layer | input | output | weights | output scale, zero point | weight scales | bytes | multiply-adds",
    );
    let rows = layers.iter().map(Layer::row);
    let layers = [titles].into_iter().chain(rows).collect();
    Ok(Inspection { facts, layers })
}

/// What the file says about itself, but for the labels.
fn metadata(proto: &ModelProto) -> impl Iterator<Item = [String; 2]> {
    let entries = proto
        .metadata_props
        .iter()
        .filter(|entry| entry.key != "labels");
    entries.map(|entry| [shortened(&entry.key), shortened(&entry.value)])
}

/// The beginning of a long text.
fn shortened(text: &str) -> String {
    const CHARACTERS: usize = 200;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// ONNX version and version of the operators.
fn version(proto: &ModelProto) -> String {
    let standard = proto.opset_import.iter().find(|set| set.domain.is_empty());
    let operators = standard.map_or("?".to_owned(), |set| set.version.to_string());
    format!("ONNX IR {}, operators {operators}", proto.ir_version)
}

/// One operator of the graph.
struct Layer<'a> {
    node: &'a NodeProto,
    graph: &'a GraphProto,
    shapes: &'a HashMap<String, Vec<usize>>,
}

impl Layer<'_> {
    fn row(&self) -> Vec<String> {
        let weights = self.weights();
        vec![
            one_line(&self.node.op_type),
            self.shape(self.node.input.first()),
            self.shape(self.node.output.first()),
            weights.map_or("-".to_owned(), |weights| crossed(&weights.dims)),
            self.output_quantization().unwrap_or("-".to_owned()),
            self.weight_scales().unwrap_or("-".to_owned()),
            self.bytes().to_string(),
            self.multiply_adds().to_string(),
        ]
    }

    fn shape(&self, value: Option<&String>) -> String {
        let shape = value.and_then(|value| self.shapes.get(value));
        shape.map_or("?".to_owned(), |shape| crossed(shape))
    }

    /// Kernels of a convolution or the matrix of a dense layer.
    fn weights(&self) -> Option<&TensorProto> {
        let index = match self.node.op_type.as_str() {
            "Conv" | "Gemm" | "MatMul" => 1,
            "QLinearConv" | "QLinearMatMul" => 3,
            _ => return None,
        };
        self.initializer(index)
    }

    fn initializer(&self, input: usize) -> Option<&TensorProto> {
        proto::initializer(self.graph, self.node.input.get(input)?)
    }

    /// Each weight is used once for each place of the output.
    fn multiply_adds(&self) -> usize {
        let output = self.node.output.first();
        let output = output.and_then(|value| self.shapes.get(value));
        match (self.weights(), output) {
            (Some(weights), Some(output)) => {
                let places: usize = output.iter().skip(2).product();
                places.saturating_mul(elements(weights))
            }
            _ => 0,
        }
    }

    /// Bytes of all constants that the operator takes.
    fn bytes(&self) -> usize {
        let constants = (0..self.node.input.len()).filter_map(|input| self.initializer(input));
        constants
            .map(|tensor| elements(tensor) * element_bytes(tensor))
            .sum()
    }

    /// The scale and the zero point of the output.
    fn output_quantization(&self) -> Option<String> {
        let first = match self.node.op_type.as_str() {
            "QLinearConv" | "QLinearMatMul" => 6,
            "QuantizeLinear" => 1,
            _ => return None,
        };
        let scale = proto::scalar_f32(self.initializer(first)?)?;
        let zero_point = proto::scalar_i8(self.initializer(first + 1)?)?;
        Some(format!("{scale:.3e}, {zero_point}"))
    }

    fn weight_scales(&self) -> Option<String> {
        if !self.node.op_type.starts_with("QLinear") {
            return None;
        }
        Some(range(proto::floats(self.initializer(4)?)))
    }
}

fn elements(tensor: &TensorProto) -> usize {
    let sizes = tensor.dims.iter();
    sizes
        .map(|&size| usize::try_from(size).unwrap_or_default())
        .product()
}

fn element_bytes(tensor: &TensorProto) -> usize {
    match tensor.data_type() {
        DataType::Int8 | DataType::Uint8 | DataType::Bool => 1,
        DataType::Float16 | DataType::Bfloat16 | DataType::Int16 | DataType::Uint16 => 2,
        DataType::Double | DataType::Int64 | DataType::Uint64 => 8,
        _ => 4,
    }
}
