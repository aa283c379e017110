//! Tensors on the host, and the types of tensors in a graph.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayD, Axis, IxDyn, Slice};

/// Element type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// 32-bit float.
    F32,
    /// 8-bit unsigned integer.
    U8,
    /// 8-bit signed integer.
    I8,
    /// 32-bit signed integer.
    I32,
    /// 64-bit signed integer.
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
    /// Element type.
    pub element: ElementType,
    /// Sizes, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
}

impl TensorType {
    /// A type from its parts.
    pub fn new(element: ElementType, shape: &[usize]) -> Self {
        Self {
            element,
            shape: shape.to_vec(),
        }
    }

    /// A 32-bit float tensor.
    pub fn f32(shape: &[usize]) -> Self {
        Self::new(ElementType::F32, shape)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the tensor has no elements.
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
    /// 32-bit floats.
    F32(ArrayD<f32>),
    /// 8-bit unsigned integers.
    U8(ArrayD<u8>),
    /// 8-bit signed integers.
    I8(ArrayD<i8>),
    /// 32-bit signed integers.
    I32(ArrayD<i32>),
    /// 64-bit signed integers.
    I64(ArrayD<i64>),
}

impl Tensor {
    /// A tensor of one dimension.
    pub fn vector(values: &[i64]) -> Self {
        Self::I64(ndarray::arr1(values).into_dyn())
    }

    /// An integer of no dimensions.
    pub fn integer(value: i64) -> Self {
        Self::I64(ndarray::arr0(value).into_dyn())
    }

    /// A float of no dimensions.
    pub fn scalar(value: f32) -> Self {
        Self::F32(ndarray::arr0(value).into_dyn())
    }

    /// A float tensor of one repeated value.
    pub fn filled(shape: &[usize], value: f32) -> Self {
        Self::F32(ArrayD::from_elem(IxDyn(shape), value))
    }

    /// Element type and shape.
    pub fn tensor_type(&self) -> TensorType {
        match self {
            Self::F32(array) => TensorType::new(ElementType::F32, array.shape()),
            Self::U8(array) => TensorType::new(ElementType::U8, array.shape()),
            Self::I8(array) => TensorType::new(ElementType::I8, array.shape()),
            Self::I32(array) => TensorType::new(ElementType::I32, array.shape()),
            Self::I64(array) => TensorType::new(ElementType::I64, array.shape()),
        }
    }

    /// Size in bytes.
    pub fn byte_len(&self) -> usize {
        let size = match self {
            Self::F32(_) | Self::I32(_) => 4,
            Self::U8(_) | Self::I8(_) => 1,
            Self::I64(_) => 8,
        };
        size * self.tensor_type().len()
    }

    /// These rows: a part of the first axis, which must have them.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let slice = Slice::from(rows);
        match self {
            Self::F32(array) => Self::F32(array.slice_axis(Axis(0), slice).to_owned()),
            Self::U8(array) => Self::U8(array.slice_axis(Axis(0), slice).to_owned()),
            Self::I8(array) => Self::I8(array.slice_axis(Axis(0), slice).to_owned()),
            Self::I32(array) => Self::I32(array.slice_axis(Axis(0), slice).to_owned()),
            Self::I64(array) => Self::I64(array.slice_axis(Axis(0), slice).to_owned()),
        }
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
        match self {
            Self::F32(array) => array.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::U8(array) => array.iter().copied().collect(),
            Self::I8(array) => array.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::I32(array) => array.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::I64(array) => array.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
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
