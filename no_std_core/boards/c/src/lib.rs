//! What C programs call to run a model: a thin, checked layer on the core.
//!
//! The functions of [`interface`] are what the header has, which cbindgen makes of that file and of [`status`]. They keep
//! nothing of their own: all state is in the caller's [`BatonModel`](interface::BatonModel) and arena. Nothing in them can
//! panic: the panic handler calls a function that nobody defines, so that a program to which a panic belongs would not link.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod interface;
mod opened;
#[cfg(panic = "abort")]
mod panic;
pub mod status;
#[cfg(test)]
mod tests;
