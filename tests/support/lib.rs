//! Support code of the suites that cross crates.

// A test fails by panicking, here as well as in its own lines; what the names say is not said again.
#![allow(missing_docs, clippy::missing_panics_doc)]

pub mod mnist;
pub mod networks;
pub mod oracle;
pub mod photographs;
pub mod random;
pub mod restart;
pub mod runtimes;
pub mod skip;
pub mod training;
