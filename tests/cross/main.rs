//! Suites that cross crates, one module each.

#[path = "../../infer/tests/support/arrays.rs"]
mod arrays;
mod engines;
mod gradients;
mod import;
mod inference;
mod losses;
mod numbers;
mod optimizers;
mod parity;
mod photographs;
mod prepared;
mod quantize;
mod readers;
mod reading;
mod training;
mod turned;
