//! Tensors of the host as values of a runtime, and back.

use ndarray::ArrayD;
use ort::memory::AllocationDevice;
use ort::value::{DynTensor, DynTensorValueType, DynValue};

use crate::tensor::{Tensor, with_array};

pub(super) fn to_values(tensors: Vec<(String, Tensor)>) -> ort::Result<Vec<(String, DynValue)>> {
    let value = |(name, tensor)| Ok((name, to_value(tensor)?));
    tensors.into_iter().map(value).collect()
}

pub(super) fn to_value(tensor: Tensor) -> ort::Result<DynValue> {
    Ok(on_host(tensor)?.into_dyn())
}

/// A tensor in the host's memory.
pub(super) fn on_host(tensor: Tensor) -> ort::Result<DynTensor> {
    Ok(with_array!(tensor, array => ort::value::Tensor::from_array(array)?.upcast()))
}

pub(super) fn to_array(value: &DynValue) -> ort::Result<ArrayD<f32>> {
    read(&*value.downcast_ref::<DynTensorValueType>()?)
}

/// The floats of a tensor, wherever it lies.
pub(super) fn read(tensor: &DynTensor) -> ort::Result<ArrayD<f32>> {
    if !tensor.memory_info().is_cpu_accessible() {
        return read(&tensor.to(AllocationDevice::CPU, 0)?);
    }
    Ok(tensor.try_extract_array::<f32>()?.into_owned())
}
