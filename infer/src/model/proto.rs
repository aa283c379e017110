//! What the messages of an ONNX file say (<https://onnx.ai/onnx/repo-docs/IR.html>).

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::Dimension;
use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto, ValueInfoProto};

use input::onnx::producer;

use super::Quantization;
use crate::error::ModelError;

/// The name of a digit model's output.
pub const OUTPUT: &str = "logits";

/// What the metadata must say, where it says anything, about the input that
/// [`Model::logits`](super::Model::logits) prepares.
const INPUT_METADATA: [(&str, &str); 2] = [("input_range", "0..1"), ("input_shape", "1,28,28")];

/// Fails unless inputs, outputs and metadata are those of a digit model.
pub fn check(proto: &ModelProto) -> Result<(), ModelError> {
    if let Some(graph) = &proto.graph {
        check_input(graph)?;
        check_output(graph)?;
    }
    for (key, expected) in INPUT_METADATA {
        if let Some(found) = metadata(proto, key).filter(|&found| found != expected) {
            return Err(ModelError::form(
                format!("metadata {key} \"{expected}\""),
                format!("{found:?}"),
            ));
        }
    }
    Ok(())
}

/// The metadata entry of this name.
pub fn metadata<'a>(proto: &'a ModelProto, key: &str) -> Option<&'a str> {
    let entry = proto.metadata_props.iter().find(|entry| entry.key == key);
    entry.map(|entry| entry.value.as_str())
}

/// The weights of this name.
pub fn initializer<'a>(graph: &'a GraphProto, name: &str) -> Option<&'a TensorProto> {
    graph.initializer.iter().find(|weight| weight.name == name)
}

/// What int8 integers the logits stand for, if the graph computes them from such and only changes
/// their shape afterwards.
pub fn logits_quantization(graph: &GraphProto) -> Option<Quantization> {
    let mut node = producer(graph, OUTPUT)?;
    while matches!(node.op_type.as_str(), "Flatten" | "Reshape" | "Squeeze") {
        node = producer(graph, node.input.first()?)?;
    }
    match (node.op_type.as_str(), &node.input[..]) {
        ("DequantizeLinear", [_, scale, zero_point]) => Some(Quantization {
            scale: scalar_f32(initializer(graph, scale)?)?,
            zero_point: scalar_i8(initializer(graph, zero_point)?)?,
        }),
        _ => None,
    }
}

/// The only value of an f32 tensor.
pub fn scalar_f32(tensor: &TensorProto) -> Option<f32> {
    match floats(tensor)[..] {
        [value] => Some(value),
        _ => None,
    }
}

/// The values of an f32 tensor, none of another one.
pub fn floats(tensor: &TensorProto) -> Vec<f32> {
    if tensor.data_type() != DataType::Float {
        Vec::new()
    } else if tensor.raw_data.is_empty() {
        tensor.float_data.clone()
    } else {
        let (values, _) = tensor.raw_data.as_chunks();
        values.iter().copied().map(f32::from_le_bytes).collect()
    }
}

/// The only value of an int8 tensor.
pub fn scalar_i8(tensor: &TensorProto) -> Option<i8> {
    match (&tensor.int32_data[..], &tensor.raw_data[..]) {
        _ if tensor.data_type() != DataType::Int8 => None,
        (&[value], []) => value.try_into().ok(),
        ([], &[byte]) => Some(byte.cast_signed()),
        _ => None,
    }
}

fn check_input(graph: &GraphProto) -> Result<(), ModelError> {
    // Files of ONNX IR version 3 list weights among the inputs too.
    let inputs: Vec<_> = graph
        .input
        .iter()
        .filter(|input| initializer(graph, &input.name).is_none())
        .collect();
    let [input] = inputs[..] else {
        return Err(ModelError::form("one input", names(&inputs)));
    };
    let (element, shape) = tensor_type(input);
    if element != DataType::Float
        || !matches!(shape[..], [None | Some(1), Some(1), Some(28), Some(28)])
    {
        let half = [DataType::Float16, DataType::Bfloat16].contains(&element);
        let of_half = "; half floats are what converters for graphics cards write: export the model in float32";
        let hint = if half { of_half } else { "" };
        let found = format!("{} {}{hint}", element.as_str_name(), show(&shape));
        return Err(ModelError::form("input FLOAT [1, 1, 28, 28]", found));
    }
    Ok(())
}

fn check_output(graph: &GraphProto) -> Result<(), ModelError> {
    let found = names(&graph.output.iter().collect::<Vec<_>>());
    if found != OUTPUT {
        let expected = format!("one output named {OUTPUT}");
        return Err(ModelError::form(expected, found));
    }
    // tract takes for granted that the output exists.
    if producer(graph, OUTPUT).is_none() {
        let expected = format!("an operator that computes {OUTPUT}");
        return Err(ModelError::form(expected, "none"));
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
    let dimensions = tensor.shape.iter().flat_map(|shape| &shape.dim);
    (tensor.elem_type(), dimensions.map(size).collect())
}

/// A shape in brackets, with a question mark for open dimensions.
fn show(shape: &[Option<i64>]) -> String {
    let size = |size: &Option<i64>| size.map_or("?".to_owned(), |size| size.to_string());
    let sizes: Vec<String> = shape.iter().map(size).collect();
    format!("[{}]", sizes.join(", "))
}
