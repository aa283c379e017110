//! What int8 values are turned into for the inner loops.

use super::memory::Value;

/// A form of values. Sums of their products with weights are those of the values less their zero point, once
/// [`offset`](Self::offset) times the sum of the weights is taken off.
pub(super) trait Conversion {
    type Value: Value;

    /// Turns values of a tensor with this zero point.
    fn convert(values: &[i8], zero_point: i8, converted: &mut [Self::Value]);

    /// What the zero point itself becomes.
    fn zero(zero_point: i8) -> Self::Value;

    /// The same, as the number that the inner loops take it for.
    fn offset(zero_point: i8) -> i32;
}

/// The differences to the zero point, in 16 bits.
pub(super) struct Differences;

impl Conversion for Differences {
    type Value = i16;

    #[inline(always)]
    fn convert(values: &[i8], zero_point: i8, converted: &mut [i16]) {
        let zero_point = i16::from(zero_point);
        for (converted, &value) in converted.iter_mut().zip(values) {
            *converted = i16::from(value) - zero_point;
        }
    }

    fn zero(_: i8) -> i16 {
        0
    }

    fn offset(_: i8) -> i32 {
        0
    }
}
