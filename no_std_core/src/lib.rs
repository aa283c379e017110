//! The int8 engine.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod format;
pub mod requantize;
