//! Weights that are in a file of their own beside the model.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

use input::limits::Limits;

use super::ImportError;
use super::error::form;
use crate::onnx::{Graph, Tensor};

/// `data_location` of a tensor that is in another file.
const EXTERNAL: i32 = 1;

/// Reads weights from files in the model's folder.
pub fn read(graph: &mut Graph, folder: Option<&Path>, limits: &Limits) -> Result<(), ImportError> {
    let mut total = 0;
    let outside = |tensor: &&mut Tensor| tensor.data_location == EXTERNAL;
    for tensor in graph.initializer.iter_mut().filter(outside) {
        let entry = |key: &str| {
            let mut entries = tensor.external_data.iter();
            let entry = entries.find(|entry| entry.key == key);
            entry.map(|entry| entry.value.as_str())
        };
        let location = entry("location").unwrap_or_default().to_owned();
        let offset = entry("offset").map_or(Some(0), |text| text.parse().ok());
        let length = entry("length").map_or(Some(u64::MAX), |text| text.parse().ok());
        let describe = |reason: &str| {
            let found = format!("those of `{}` in `{location}`: {reason}", tensor.name);
            let expected = "weights in the model or in files beside it; save it as one file: onnx.save(onnx.load(FILE), OTHER)";
            form(expected, found)
        };
        let folder = folder.ok_or_else(|| describe("no folder to look for it"))?;
        let is_plain = |part: Component| matches!(part, Component::Normal(_));
        if location.is_empty() || !Path::new(&location).components().all(is_plain) {
            return Err(describe("not in the model's folder"));
        }
        let (Some(offset), Some(length)) = (offset, length) else {
            return Err(describe("offset or length is no number"));
        };
        let mut file = File::open(folder.join(&location))
            .and_then(|mut file| file.seek(SeekFrom::Start(offset)).map(|_| file))
            .map_err(|error| describe(&error.to_string()))?;
        let left = (limits.bytes / 4).saturating_sub(total);
        let mut bytes = Vec::new();
        let taken = Read::by_ref(&mut file).take(length.min(left.saturating_add(1)));
        { taken }
            .read_to_end(&mut bytes)
            .map_err(|error| describe(&error.to_string()))?;
        total = total.saturating_add(bytes.len() as u64);
        limits.check_bytes(total.saturating_mul(4), "the weights, four times")?;
        (tensor.raw_data, tensor.data_location) = (bytes, 0);
    }
    Ok(())
}
