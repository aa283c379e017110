//! Suites that cross crates, one module each.

mod gradients;
mod import;
mod losses;
mod optimizers;
mod parity;
mod quantize;
mod training;
