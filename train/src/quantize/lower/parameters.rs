//! Weights and biases of the nodes that can be quantised.

use std::collections::HashMap;

use ndarray::{Array1, Array2, Array4};

use super::interface::element_name;
use super::{LowerError, attributes, refusal};
use crate::onnx;
use crate::tensor::ElementType;

/// The constants of a graph, by name.
pub(super) struct Tensors<'a>(HashMap<&'a str, &'a onnx::Tensor>);

impl<'a> Tensors<'a> {
    pub(super) fn of(graph: &'a onnx::Graph) -> Self {
        Self(
            graph
                .initializer
                .iter()
                .map(|tensor| (tensor.name.as_str(), tensor))
                .collect(),
        )
    }

    /// Weight `[filters, channels, rows, columns]` and bias `[filters]` of a `Conv`.
    pub(super) fn conv(&self, node: &onnx::Node) -> Result<(Array4<f32>, Array1<f32>), LowerError> {
        let (shape, weight) = self.weight::<4>(node)?;
        let weight = Array4::from_shape_vec(shape, weight).expect("the length was checked");
        Ok((weight, self.bias(node, shape[0])?))
    }

    /// Weight `[units, inputs]` and bias `[units]` of a `Gemm`.
    pub(super) fn gemm(&self, node: &onnx::Node) -> Result<(Array2<f32>, Array1<f32>), LowerError> {
        let (shape, weight) = self.weight::<2>(node)?;
        let mut weight = Array2::from_shape_vec(shape, weight).expect("the length was checked");
        if attributes::integer(node, "transB") != 1 {
            weight = weight.t().as_standard_layout().into_owned();
        }
        let bias = self.bias(node, weight.nrows())?;
        Ok((weight, bias))
    }

    fn weight<const AXES: usize>(
        &self,
        node: &onnx::Node,
    ) -> Result<([usize; AXES], Vec<f32>), LowerError> {
        let (shape, weight) = self.constant(node, 1)?;
        if weight.iter().all(|&value| value == 0.0) {
            return Err(refusal(
                node,
                "a weight other than 0, its scale would be 0",
                "zeros only",
            ));
        }
        Ok((shape, weight))
    }

    fn bias(&self, node: &onnx::Node, outputs: usize) -> Result<Array1<f32>, LowerError> {
        if node.input.get(2).is_none_or(String::is_empty) {
            return Ok(Array1::zeros(outputs));
        }
        match self.constant::<1>(node, 2)? {
            ([length], bias) if length == outputs => Ok(Array1::from(bias)),
            ([length], _) => Err(refusal(
                node,
                &format!("{outputs} biases"),
                length.to_string(),
            )),
        }
    }

    /// Shape and elements, all finite, of the constant that is the input of this index.
    fn constant<const AXES: usize>(
        &self,
        node: &onnx::Node,
        index: usize,
    ) -> Result<([usize; AXES], Vec<f32>), LowerError> {
        let name = node.input.get(index).map_or("", String::as_str);
        let Some(tensor) = self.0.get(name) else {
            let expected = format!("a constant in the file as input {index}");
            return Err(refusal(node, &expected, format!("`{name}`")));
        };
        let (chunks, rest) = tensor.raw_data.as_chunks::<4>();
        let values: Vec<f32> = match chunks {
            [] => tensor.float_data.clone(),
            _ => chunks
                .iter()
                .map(|&chunk| f32::from_le_bytes(chunk))
                .collect(),
        };
        let is_f32 = rest.is_empty() && tensor.data_type == ElementType::F32.onnx();
        let Some(shape) = shape(&tensor.dims, values.len()).filter(|_| is_f32) else {
            let (element, dims) = (element_name(tensor.data_type), &tensor.dims);
            let length = tensor.raw_data.len() + size_of::<f32>() * tensor.float_data.len();
            let expected = format!("F32 of {AXES} axes with its elements in the file");
            let found = format!("`{name}` {element}{dims:?} with {length} bytes");
            return Err(refusal(node, &expected, found));
        };
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok((shape, values)),
            Some(at) => {
                let found = format!("{} at index {at} of `{name}`", values[at]);
                Err(refusal(node, "finite weights and biases", found))
            }
        }
    }
}

/// Positive sizes of a tensor of so many elements.
fn shape<const AXES: usize>(dims: &[i64], length: usize) -> Option<[usize; AXES]> {
    let sizes = dims.iter().map(|&size| usize::try_from(size).ok());
    let shape: [usize; AXES] = sizes.collect::<Option<Vec<_>>>()?.try_into().ok()?;
    let product = shape
        .iter()
        .try_fold(1_usize, |length, &size| length.checked_mul(size));
    (length > 0 && product == Some(length)).then_some(shape)
}
