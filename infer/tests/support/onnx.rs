//! Small ONNX models, written message by message.

use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

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

/// The bytes of the model's file.
pub fn encode(model: &ModelProto) -> Vec<u8> {
    model.encode_to_vec()
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

/// The operator with an attribute of integers.
pub fn with_ints(mut node: NodeProto, name: &str, ints: &[i64]) -> NodeProto {
    node.attribute.push(AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints: ints.to_vec(),
        ..AttributeProto::default()
    });
    node
}

/// An int64 initializer of one dimension.
pub fn integers(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![int(values.len())],
        data_type: DataType::Int64 as i32,
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}
