//! The inner loops, in one form for each family of processors; all forms give the same sums.
//!
//! - [`Patch`] holds values of four windows side by side. Its sums with many filters are what convolutions are made of.
//! - [`copy`] copies a few values, for which a call of `memcpy` would take longer than its work.
//! - [`add_products`] adds the products of one input with the weights of some units: what dense layers are made of.

#[cfg(kernels = "armv6m")]
mod armv6m;
#[cfg(kernels = "dsp")]
mod dsp;
#[cfg(kernels = "portable")]
mod portable;

#[cfg(kernels = "armv6m")]
pub(super) use armv6m::{Patch, add_products, copy};
#[cfg(kernels = "dsp")]
pub(super) use dsp::{Patch, add_products, copy};
#[cfg(kernels = "portable")]
pub(super) use portable::{Patch, add_products, copy};

/// Windows that a patch has.
pub(super) const LANES: usize = 4;

/// Units whose products are added in one go.
pub(super) const UNITS: usize = 4;

/// Adds to the sum of each unit the products of its weights with the input from `first` on, less its zero point. The units'
/// weights begin every `input.len()` bytes.
fn add_one_by_one(
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
