//! Support code of the suites that cross crates.

pub mod mnist;
pub mod oracle;
pub mod random;
pub mod restart;
pub mod runtimes;
pub mod skip;
pub mod training;
