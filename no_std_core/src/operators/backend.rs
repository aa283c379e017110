//! The inner loops, in one form for each family of processors; all forms give the same sums.
//!
//! - [`Patch`] holds values of four windows side by side. Its sums with many filters are what convolutions are made of.
//! - [`copy`] copies a few values, for which a call of `memcpy` would take longer than its work.
//! - [`add_products`] adds the products of one input with the weights of some units: what dense layers are made of.

#[cfg(backend = "armv6m")]
mod armv6m;
#[cfg(backend = "dsp")]
mod dsp;
mod plain;
#[cfg(backend = "portable")]
mod portable;

#[cfg(backend = "armv6m")]
pub(super) use armv6m::{Patch, add_products, copy};
#[cfg(backend = "dsp")]
pub(super) use dsp::{Patch, add_products, copy};
pub(super) use plain::{LANES, UNITS};
#[cfg(backend = "portable")]
pub(super) use portable::{Patch, add_products, copy};
