//! The part of the ONNX file format that this crate writes and reads back.
//!
//! Field numbers follow [onnx.proto](https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); fields that are never
//! written here are left out, which protocol buffers allow.

use std::collections::BTreeSet;

use prost::Message;

/// ONNX operator set of every graph: the newest whose operators all have CUDA kernels in stock ONNX Runtime builds.
pub const OPSET: i64 = 17;
/// File format version that goes with [`OPSET`].
const IR_VERSION: i64 = 8;

#[derive(Clone, PartialEq, Message)]
pub struct Model {
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    #[prost(string, tag = "2")]
    pub producer_name: String,
    #[prost(string, tag = "3")]
    pub producer_version: String,
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSet>,
    /// Free key and value pairs: labels, provenance.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<StringEntry>,
}

impl Model {
    /// Wraps a graph and its metadata as a model of [`OPSET`], and of version 1 of the other operator sets in use.
    pub fn new(graph: Graph, metadata: &[(String, String)]) -> Self {
        let entry = |(key, value): &(String, String)| StringEntry {
            key: key.clone(),
            value: value.clone(),
        };
        let mut domains = BTreeSet::from([""]);
        domains.extend(graph.node.iter().map(|node| &node.domain[..]));
        let operator_set = |domain: &str| OperatorSet {
            domain: domain.into(),
            version: if domain.is_empty() { OPSET } else { 1 },
        };
        Self {
            ir_version: IR_VERSION,
            producer_name: "baton".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            opset_import: domains.into_iter().map(operator_set).collect(),
            graph: Some(graph),
            metadata_props: metadata.iter().map(entry).collect(),
        }
    }

    /// The value of a metadata entry.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let entry = self.metadata_props.iter().find(|entry| entry.key == key)?;
        Some(&entry.value)
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<Node>,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfo>,
    /// The other values that nodes compute, for readers that show shapes.
    #[prost(message, repeated, tag = "13")]
    pub value_info: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Node {
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// Name of the node, for error messages of runtimes.
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(string, tag = "4")]
    pub op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<AttributeEntry>,
    /// The operator set that the operator is of; empty for the standard one.
    #[prost(string, tag = "7")]
    pub domain: String,
}

/// A named attribute of a node; `kind` says which field holds its value.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeEntry {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    #[prost(message, optional, tag = "5")]
    pub t: Option<Tensor>,
    // The format is of protocol buffers' second version, whose lists are packed only where it says so: some readers take
    // no others.
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: Vec<f32>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    /// `AttributeType` of the format: 1 float, 2 integer, 3 string, 4 tensor, 6 floats, 7 integers.
    #[prost(int32, tag = "20")]
    pub kind: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct Tensor {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    /// `DataType` of the format.
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    /// Elements in row-major order, where other writers have put floats here.
    #[prost(float, repeated, tag = "4")]
    pub float_data: Vec<f32>,
    /// The same for integers of up to 32 bits, truth values, and the bits of half floats.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    /// The same for integers of 64 bits.
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    pub name: String,
    #[prost(bytes = "vec", tag = "9")]
    pub raw_data: Vec<u8>,
    /// Elements in row-major order, where other writers have put 64-bit floats here.
    #[prost(double, repeated, tag = "10")]
    pub double_data: Vec<f64>,
    /// Where in which file the elements are, if they are not here.
    #[prost(message, repeated, tag = "13")]
    pub external_data: Vec<StringEntry>,
    /// 1 where the elements are in another file.
    #[prost(int32, tag = "14")]
    pub data_location: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct ValueInfo {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub value_type: Option<ValueType>,
}

impl ValueInfo {
    /// The size of each axis of a tensor, where it is fixed; `None` where the value says no shape.
    pub fn sizes(&self) -> Option<impl Iterator<Item = Option<i64>>> {
        let tensor = self.value_type.as_ref()?.tensor_type.as_ref()?;
        Some(tensor.shape.as_ref()?.dim.iter().map(|one| one.dim_value))
    }

    /// A tensor of a fixed shape; `data_type` is the format's `DataType`.
    pub fn tensor(name: &str, data_type: i32, shape: &[usize]) -> Self {
        let size = |&size: &usize| Dimension {
            dim_value: Some(size as i64),
        };
        let dim = shape.iter().map(size).collect();
        let tensor_type = Some(TensorType {
            elem_type: data_type,
            shape: Some(Shape { dim }),
        });
        Self {
            name: name.into(),
            value_type: Some(ValueType { tensor_type }),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct ValueType {
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TensorType {
    /// `DataType` of the format.
    #[prost(int32, tag = "1")]
    pub elem_type: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Shape {
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Dimension {
    #[prost(int64, optional, tag = "1")]
    pub dim_value: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct OperatorSet {
    /// Empty for the standard operators.
    #[prost(string, tag = "1")]
    pub domain: String,
    #[prost(int64, tag = "2")]
    pub version: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct StringEntry {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    pub value: String,
}
