//! Small ONNX models, written message by message, and flash files, for the tests of the library and of the program.

use prost::Message;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

#[cfg(unix)]
pub mod board;
pub mod flash;
pub mod int8;

const PIXELS: usize = 28 * 28;

/// A model that gives the same logits for every picture.
pub fn constant(logits: &[f32], labels: Option<&str>) -> Vec<u8> {
    let model = linear(&vec![0.0; PIXELS * logits.len()], logits);
    let metadata: Vec<_> = labels
        .map(|labels| ("labels", labels))
        .into_iter()
        .collect();
    encode(&with_metadata(model, &metadata))
}

/// A model of two classes, dark and bright, with logits 0 and (twice the mean pixel - 1).
pub fn brightness() -> Vec<u8> {
    let weight = 2.0 / PIXELS as f32;
    let weights: Vec<f32> = (0..2 * PIXELS)
        .map(|index| (index % 2) as f32 * weight)
        .collect();
    let model = linear(&weights, &[0.0, -1.0]);
    encode(&with_metadata(model, &[("labels", "dark,bright")]))
}

/// `logits = pixels x weights + bias`, with weights of shape `[784, bias.len()]`.
pub fn linear(weights: &[f32], bias: &[f32]) -> ModelProto {
    let classes = bias.len();
    model(
        vec![
            node("Flatten", &["pixels"], "flat"),
            node("Gemm", &["flat", "weights", "bias"], "logits"),
        ],
        vec![
            tensor("weights", &[PIXELS, classes], weights),
            tensor("bias", &[classes], bias),
        ],
        classes,
    )
}

/// A model from `pixels` f32 `[1, 1, 28, 28]` to `logits` f32 `[1, classes]`.
pub fn model(node: Vec<NodeProto>, initializer: Vec<TensorProto>, classes: usize) -> ModelProto {
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 17,
        }],
        graph: Some(GraphProto {
            name: "tiny".into(),
            node,
            initializer,
            input: vec![value("pixels", DataType::Float, &[1, 1, 28, 28])],
            output: vec![value("logits", DataType::Float, &[1, classes])],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    }
}

/// The model with these metadata entries.
pub fn with_metadata(mut model: ModelProto, entries: &[(&str, &str)]) -> ModelProto {
    let entry = |&(key, value): &(&str, &str)| StringStringEntryProto {
        key: key.into(),
        value: value.into(),
    };
    model.metadata_props = entries.iter().map(entry).collect();
    model
}

/// The bytes of the model's file.
pub fn encode(model: &ModelProto) -> Vec<u8> {
    model.encode_to_vec()
}

/// An operator without attributes.
pub fn node(op_type: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        name: output.into(),
        op_type: op_type.into(),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

/// An f32 initializer.
pub fn tensor(name: &str, dims: &[usize], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.iter().copied().map(int).collect(),
        data_type: DataType::Float as i32,
        float_data: values.to_vec(),
        ..TensorProto::default()
    }
}

/// An input or output; a size of 0 is left open.
pub fn value(name: &str, element: DataType, shape: &[usize]) -> ValueInfoProto {
    let dimension = |&size: &usize| Dimension {
        value: Some(match size {
            0 => dimension::Value::DimParam("batch".into()),
            _ => dimension::Value::DimValue(int(size)),
        }),
        ..Dimension::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: element as i32,
        shape: Some(TensorShapeProto {
            dim: shape.iter().map(dimension).collect(),
        }),
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

fn int(size: usize) -> i64 {
    i64::try_from(size).unwrap()
}
