//! What all backends share: their sizes, and the loop for what their own loops leave over.

/// Windows that a patch has.
pub const LANES: usize = 4;

/// Units whose products are added in one go.
pub const UNITS: usize = 4;

/// Adds to the sum of each unit the products of its weights with the input from `first` on, less its zero point. The units'
/// weights begin every `input.len()` bytes.
pub fn add_one_by_one(
    input: &[i8],
    first: usize,
    zero_point: i8,
    weights: &[u8],
    sums: &mut [i32; UNITS],
) {
    let values = input.get(first..).unwrap_or_default();
    for (sum, weights) in sums.iter_mut().zip(weights.chunks(input.len().max(1))) {
        let weights = weights.get(first..).unwrap_or_default();
        for (&value, weight) in values.iter().zip(weights) {
            let difference = i32::from(value) - i32::from(zero_point);
            *sum += difference * i32::from(weight.cast_signed());
        }
    }
}
