//! Constants of the ONNX graph.

use ndarray::{ArrayD, IxDyn};

use crate::onnx;

/// A constant; all kinds of integers are one here, and all kinds of floats.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// Numbers.
    Floats(ArrayD<f32>),
    /// Sizes, positions, 8-bit weights and truth values.
    Integers(ArrayD<i64>),
}

impl Constant {
    /// The constant in a tensor of the file; `None` where it is of another type or its elements are not all there.
    pub fn decode(tensor: &onnx::Tensor) -> Option<Self> {
        let sizes = tensor.dims.iter().map(|&size| usize::try_from(size).ok());
        let shape = sizes.collect::<Option<Vec<usize>>>()?;
        let expected = shape
            .iter()
            .try_fold(1_usize, |length, &size| length.checked_mul(size))?;
        let shape = IxDyn(&shape);
        match floats(tensor) {
            Some(floats) if floats.len() == expected => {
                ArrayD::from_shape_vec(shape, floats).ok().map(Self::Floats)
            }
            Some(_) => None,
            None => {
                let integers = integers(tensor)?;
                let array = ArrayD::from_shape_vec(shape, integers).ok()?;
                Some(Self::Integers(array))
            }
        }
    }

    /// Sizes of its axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Floats(array) => array.shape(),
            Self::Integers(array) => array.shape(),
        }
    }

    /// The number of its elements.
    pub(super) fn count(&self) -> usize {
        self.shape().iter().product()
    }

    /// Its floats.
    pub fn floats(&self) -> Option<&ArrayD<f32>> {
        match self {
            Self::Floats(array) => Some(array),
            Self::Integers(_) => None,
        }
    }

    /// Its integers, row-major.
    pub fn integers(&self) -> Option<Vec<i64>> {
        match self {
            Self::Floats(_) => None,
            Self::Integers(array) => Some(array.iter().copied().collect()),
        }
    }

    /// The float, if it is one alone.
    pub fn scalar(&self) -> Option<f32> {
        let floats = self.floats().filter(|floats| floats.len() == 1)?;
        floats.first().copied()
    }
}

impl From<ArrayD<f32>> for Constant {
    fn from(array: ArrayD<f32>) -> Self {
        Self::Floats(array)
    }
}

impl From<ArrayD<i64>> for Constant {
    fn from(array: ArrayD<i64>) -> Self {
        Self::Integers(array)
    }
}

/// The elements of a tensor of floats; `None` where it is of another type.
fn floats(tensor: &onnx::Tensor) -> Option<Vec<f32>> {
    let raw = &tensor.raw_data;
    let of_halves = |value: fn(u16) -> f32| {
        let typed = tensor.int32_data.iter().map(|&bits| value(bits as u16));
        elements(raw, |bytes| value(u16::from_le_bytes(bytes)), typed)
    };
    Some(match tensor.data_type {
        1 => elements(raw, f32::from_le_bytes, tensor.float_data.iter().copied()),
        10 => of_halves(half),
        11 => {
            let typed = tensor.double_data.iter().map(|&value| value as f32);
            elements(raw, |bytes| f64::from_le_bytes(bytes) as f32, typed)
        }
        16 => of_halves(|bits| f32::from_bits(u32::from(bits) << 16)),
        _ => return None,
    })
}

/// The elements of a tensor of integers or truth values; `None` where it is of another type.
fn integers(tensor: &onnx::Tensor) -> Option<Vec<i64>> {
    let raw = &tensor.raw_data;
    let typed = tensor.int32_data.iter().map(|&value| i64::from(value));
    Some(match tensor.data_type {
        2 | 9 => elements(raw, |bytes| i64::from(u8::from_le_bytes(bytes)), typed),
        3 => elements(raw, |bytes| i64::from(i8::from_le_bytes(bytes)), typed),
        4 => elements(raw, |bytes| i64::from(u16::from_le_bytes(bytes)), typed),
        5 => elements(raw, |bytes| i64::from(i16::from_le_bytes(bytes)), typed),
        6 => elements(raw, |bytes| i64::from(i32::from_le_bytes(bytes)), typed),
        7 => elements(raw, i64::from_le_bytes, tensor.int64_data.iter().copied()),
        _ => return None,
    })
}

/// The elements in raw bytes, or where there are none those in the field of their type.
fn elements<T, const N: usize>(
    raw: &[u8],
    value: impl Fn([u8; N]) -> T,
    typed: impl Iterator<Item = T>,
) -> Vec<T> {
    match raw.as_chunks() {
        ([], []) => typed.collect(),
        (chunks, []) => chunks.iter().map(|&bytes| value(bytes)).collect(),
        _ => Vec::new(),
    }
}

/// The number that the bits of a half float stand for.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    let magnitude = match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2_f32.powi(exponent - 25),
    };
    if bits >> 15 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_as_the_standard_has_them() {
        for (bits, expected) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65_504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), f32::to_bits(expected), "{bits:#x}");
        }
        assert!(half(0x7c01).is_nan());
    }

    #[test]
    fn all_ways_to_store_elements_give_the_same() {
        let tensor = |data_type| onnx::Tensor {
            dims: vec![2],
            data_type,
            ..Default::default()
        };
        let mut raw = tensor(7);
        raw.raw_data = [3_i64, -1]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let mut typed = tensor(7);
        typed.int64_data = vec![3, -1];
        let mut bytes = tensor(3);
        bytes.raw_data = vec![3, 255];
        let mut small = tensor(6);
        small.int32_data = vec![3, -1];
        for tensor in [raw, typed, bytes, small] {
            let constant = Constant::decode(&tensor).unwrap();
            assert_eq!(constant.integers().unwrap(), [3, -1]);
        }
        let mut double = tensor(11);
        double.double_data = vec![0.5, 2.0];
        let floats = Constant::decode(&double).unwrap();
        assert_eq!(floats.floats().unwrap().as_slice(), Some(&[0.5, 2.0][..]));
        assert_eq!(Constant::decode(&tensor(8)), None);
        assert_eq!(Constant::decode(&tensor(1)), None, "too few elements");
    }
}
