//! The inputs of a graph, made those of one picture.

use std::collections::HashSet;

use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, ValueInfoProto};

/// Forgets the noted shapes of inner values, takes weights out of the inputs, where files of ONNX IR version 3 list them,
/// too, and sets an open first dimension of the others to 1: one that has a name in place of a size, or none, or a size of
/// 0 or less.
pub fn fix(graph: &mut GraphProto) {
    let weights: HashSet<&str> = graph.initializer.iter().map(|of| &*of.name).collect();
    graph.input.retain(|input| !weights.contains(&*input.name));
    graph.value_info.clear();
    for input in &mut graph.input {
        fix_batch(input);
    }
}

fn fix_batch(input: &mut ValueInfoProto) {
    let value = input.r#type.as_mut().and_then(|of| of.value.as_mut());
    let Some(TensorType(tensor)) = value else {
        return;
    };
    let first = tensor
        .shape
        .as_mut()
        .and_then(|shape| shape.dim.first_mut());
    match first {
        Some(batch) if !matches!(batch.value, Some(DimValue(1..))) => {
            batch.value = Some(DimValue(1));
        }
        _ => {}
    }
}
