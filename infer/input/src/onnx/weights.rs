//! The constants of a graph: all in the file, and all of them numbers.

use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{GraphProto, TensorProto};

use super::OnnxError;
use crate::file::one_line;

/// Refuses constants in another file, which runtimes look for in different folders, and those that are no numbers, which
/// some operators swallow.
pub fn check(graph: &GraphProto) -> Result<(), OnnxError> {
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let constants = attributes.filter_map(|of| of.t.as_ref());
    for tensor in graph.initializer.iter().chain(constants) {
        if tensor.data_location == Some(DataLocation::External as i32) {
            let mut entries = tensor.external_data.iter();
            let location = entries.find(|entry| entry.key == "location");
            let location = location.map_or("", |entry| entry.value.as_str());
            let found = format!("{} in {location}", tensor.name);
            return Err(OnnxError::External(one_line(&found)));
        }
        if let Some(at) = first_nan(tensor) {
            let found = format!("NaN at index {at} of {}", tensor.name);
            return Err(OnnxError::NoNumber(one_line(&found)));
        }
    }
    Ok(())
}

fn first_nan(tensor: &TensorProto) -> Option<usize> {
    if tensor.data_type != DataType::Float as i32 {
        return None;
    }
    let (chunks, _) = tensor.raw_data.as_chunks();
    let mut raw = chunks.iter().map(|&bytes| f32::from_le_bytes(bytes));
    let mut floats = tensor.float_data.iter().copied();
    raw.position(f32::is_nan)
        .or_else(|| floats.position(f32::is_nan))
}
