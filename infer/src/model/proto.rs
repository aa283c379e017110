//! What the messages of an ONNX file say (<https://onnx.ai/onnx/repo-docs/IR.html>).

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::Dimension;
use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};

use input::onnx::producer;

use crate::error::ModelError;
use crate::file::one_line;
use crate::spec::Quantization;

/// The metadata entry of this name.
pub fn metadata<'a>(proto: &'a ModelProto, key: &str) -> Option<&'a str> {
    let entry = proto.metadata_props.iter().find(|entry| entry.key == key);
    entry.map(|entry| entry.value.as_str())
}

/// The weights of this name.
pub fn initializer<'a>(graph: &'a GraphProto, name: &str) -> Option<&'a TensorProto> {
    graph.initializer.iter().find(|weight| weight.name == name)
}

/// What int8 integers an output stands for, if the graph computes it from such and only changes its shape afterwards.
pub fn quantization_of(graph: &GraphProto, output: &str) -> Option<Quantization> {
    let mut node = producer(graph, output)?;
    while matches!(node.op_type.as_str(), "Flatten" | "Reshape" | "Squeeze") {
        node = producer(graph, node.input.first()?)?;
    }
    quantization(graph, node, "DequantizeLinear")
}

/// What int8 integers the input becomes, if that is all that the graph does with it.
pub fn input_quantization(graph: &GraphProto, input: &str) -> Option<Quantization> {
    let reads = |node: &&NodeProto| node.input.iter().any(|name| name == input);
    let mut readers = graph.node.iter().filter(reads);
    let node = readers.next()?;
    let is_only = readers.next().is_none() && node.input.first()? == input;
    quantization(graph, node, "QuantizeLinear").filter(|_| is_only)
}

/// Scale and zero point of an operator that is of this type.
fn quantization(graph: &GraphProto, node: &NodeProto, op_type: &str) -> Option<Quantization> {
    let [_, scale, zero_point] = &node.input[..] else {
        return None;
    };
    let found = Quantization {
        scale: scalar_f32(initializer(graph, scale)?)?,
        zero_point: scalar_i8(initializer(graph, zero_point)?)?,
    };
    (node.op_type == op_type && found.scale.is_normal() && found.scale > 0.0).then_some(found)
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

/// Fails unless the graph computes one output.
pub fn check_output(proto: &ModelProto) -> Result<(), ModelError> {
    let Some(graph) = &proto.graph else {
        return Ok(());
    };
    let [output] = &graph.output[..] else {
        let found = names(&graph.output.iter().collect::<Vec<_>>());
        return Err(ModelError::form("one output", found));
    };
    // tract takes for granted that the output exists.
    if producer(graph, &output.name).is_none() {
        let expected = format!("an operator that computes {}", output.name);
        return Err(ModelError::form(one_line(&expected), "none"));
    }
    Ok(())
}

/// Refuses a model that leaves out numbers at random, as in training: runtimes differ in whether they do.
pub fn check_inference(proto: &ModelProto) -> Result<(), ModelError> {
    let default = GraphProto::default();
    let graph = proto.graph.as_ref().unwrap_or(&default);
    let trains = |node: &&NodeProto| {
        let mode = node.input.get(2).and_then(|mode| constant(graph, mode));
        let is_set = |mode: &TensorProto| mode.raw_data == [1] || mode.int32_data == [1];
        node.op_type == "Dropout" && mode.is_some_and(is_set)
    };
    graph.node.iter().find(trains).map_or(Ok(()), |node| {
        let found = format!(
            "Dropout ({}) of training; export the model after model.eval()",
            node.name
        );
        Err(ModelError::form("operators of inference", found))
    })
}

/// The value of this name, if the file has it.
fn constant<'a>(graph: &'a GraphProto, name: &str) -> Option<&'a TensorProto> {
    let computed = || {
        let node = producer(graph, name).filter(|node| node.op_type == "Constant")?;
        node.attribute.first()?.t.as_ref()
    };
    initializer(graph, name).or_else(computed)
}

/// The names of inputs or outputs.
pub fn names(values: &[&ValueInfoProto]) -> String {
    let names: Vec<&str> = values.iter().map(|value| value.name.as_str()).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Element type and shape, with `None` for dimensions that are left open.
pub fn tensor_type(value: &ValueInfoProto) -> (DataType, Vec<Option<i64>>) {
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
pub fn show(shape: &[Option<i64>]) -> String {
    let size = |size: &Option<i64>| size.map_or("?".to_owned(), |size| size.to_string());
    let sizes: Vec<String> = shape.iter().map(size).collect();
    format!("[{}]", sizes.join(", "))
}
