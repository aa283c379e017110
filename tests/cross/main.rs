//! Suites that cross crates, one module each.

mod gradients;
mod training;
