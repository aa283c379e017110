//! Tensors on the host, and the types of tensors in a graph.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayD, Axis, IxDyn, Slice};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    F32,
    U8,
    I8,
    I32,
    I64,
    /// Truth value, one byte.
    Bool,
}

impl ElementType {
    /// The number of this type in ONNX files (`TensorProto.DataType`).
    pub fn onnx(self) -> i32 {
        match self {
            Self::F32 => 1,
            Self::U8 => 2,
            Self::I8 => 3,
            Self::I32 => 6,
            Self::I64 => 7,
            Self::Bool => 9,
        }
    }
}

/// Element type and fixed shape of a value in a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorType {
    pub element: ElementType,
    /// Sizes, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
}

impl TensorType {
    pub fn new(element: ElementType, shape: &[usize]) -> Self {
        Self {
            element,
            shape: shape.to_vec(),
        }
    }

    pub fn f32(shape: &[usize]) -> Self {
        Self::new(ElementType::F32, shape)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}{:?}", self.element, self.shape)
    }
}

/// A tensor in the memory of the host.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensor {
    F32(ArrayD<f32>),
    U8(ArrayD<u8>),
    I8(ArrayD<i8>),
    I32(ArrayD<i32>),
    I64(ArrayD<i64>),
}

/// The value of an expression for the array in a tensor, whatever its elements.
macro_rules! with_array {
    ($tensor:expr, $array:ident => $value:expr) => {
        match $tensor {
            $crate::tensor::Tensor::F32($array) => $value,
            $crate::tensor::Tensor::U8($array) => $value,
            $crate::tensor::Tensor::I8($array) => $value,
            $crate::tensor::Tensor::I32($array) => $value,
            $crate::tensor::Tensor::I64($array) => $value,
        }
    };
}
pub(crate) use with_array;

impl Tensor {
    /// A tensor of one dimension.
    pub fn vector(values: &[i64]) -> Self {
        ndarray::arr1(values).into()
    }

    /// An integer of no dimensions.
    pub fn integer(value: i64) -> Self {
        ndarray::arr0(value).into()
    }

    /// A float of no dimensions.
    pub fn scalar(value: f32) -> Self {
        ndarray::arr0(value).into()
    }

    /// A float tensor of one repeated value.
    pub fn filled(shape: &[usize], value: f32) -> Self {
        ArrayD::from_elem(IxDyn(shape), value).into()
    }

    pub fn tensor_type(&self) -> TensorType {
        let element = match self {
            Self::F32(_) => ElementType::F32,
            Self::U8(_) => ElementType::U8,
            Self::I8(_) => ElementType::I8,
            Self::I32(_) => ElementType::I32,
            Self::I64(_) => ElementType::I64,
        };
        with_array!(self, array => TensorType::new(element, array.shape()))
    }

    /// Size in bytes.
    pub fn byte_len(&self) -> usize {
        with_array!(self, array => array.len() * array.first().map_or(0, size_of_val))
    }

    /// These rows: a part of the first axis, which must have them.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let slice = Slice::from(rows);
        with_array!(self, array => array.slice_axis(Axis(0), slice).to_owned().into())
    }

    /// The floats of a float tensor.
    pub fn as_f32(&self) -> Option<&ArrayD<f32>> {
        match self {
            Self::F32(array) => Some(array),
            Self::U8(_) | Self::I8(_) | Self::I32(_) | Self::I64(_) => None,
        }
    }

    /// The elements in row-major order, little-endian, as ONNX and safetensors files store them.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        with_array!(self, array => array.iter().flat_map(|value| value.to_le_bytes()).collect())
    }
}

macro_rules! from_array {
    ($($element:ty => $variant:ident,)*) => {
        $(impl<D: ndarray::Dimension> From<ndarray::Array<$element, D>> for Tensor {
            fn from(array: ndarray::Array<$element, D>) -> Self {
                Self::$variant(array.into_dyn())
            }
        })*
    };
}

from_array! {
    f32 => F32,
    u8 => U8,
    i8 => I8,
    i32 => I32,
    i64 => I64,
}
