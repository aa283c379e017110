//! The inner loops for processors without a form of their own.

use super::plain::{LANES, UNITS, add_one_by_one};

/// Values of four windows, from which their zero point is taken off.
pub struct Patch {
    values: [[i16; LANES]; Self::LEN],
}

impl Patch {
    /// Values of each window that there is room for.
    pub const LEN: usize = 80;

    pub const fn new() -> Self {
        Self {
            values: [[0; LANES]; Self::LEN],
        }
    }

    /// Sets the first values of the window `lane`.
    pub fn set(&mut self, lane: usize, values: &[i8], zero_point: i8) {
        for (places, &value) in self.values.iter_mut().zip(values) {
            if let Some(place) = places.get_mut(lane) {
                *place = i16::from(value) - i16::from(zero_point);
            }
        }
    }

    /// Adds to the sums of each filter the products of its weights with the first `len` values of each window. The
    /// filters' weights begin every `stride` bytes.
    pub fn add_products(
        &self,
        len: usize,
        weights: &[u8],
        stride: usize,
        sums: &mut [[i32; LANES]],
    ) {
        let values = self.values.get(..len).unwrap_or_default();
        for (sums, weights) in sums.iter_mut().zip(weights.chunks(stride.max(1))) {
            // One by one and in a copy, the sums stay in registers even where a compiler minds the size of loops.
            let mut totals = *sums;
            for (values, weight) in values.iter().zip(weights) {
                let weight = i32::from(weight.cast_signed());
                totals[0] += i32::from(values[0]) * weight;
                totals[1] += i32::from(values[1]) * weight;
                totals[2] += i32::from(values[2]) * weight;
                totals[3] += i32::from(values[3]) * weight;
            }
            *sums = totals;
        }
    }
}

/// Adds to the sum of each unit the products of its weights with the input less its zero point. The units' weights begin
/// every `input.len()` bytes.
pub fn add_products(input: &[i8], zero_point: i8, weights: &[u8], sums: &mut [i32; UNITS]) {
    add_one_by_one(input, 0, zero_point, weights, sums);
}

/// Copies values to all `places` that there are values for.
pub fn copy(places: &mut [i8], values: &[i8]) {
    for (place, &value) in places.iter_mut().zip(values) {
        *place = value;
    }
}
