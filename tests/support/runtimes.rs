//! The runtimes that tests compare. A process can use one, so each test takes one.

use train::runtime::{Choice, Runtime, RuntimeError};

use crate::skip::{Cause, skip};

/// Threads of a runtime in tests.
const THREADS: usize = 2;

/// tract, which is always there.
///
/// # Panics
///
/// If this process already uses another runtime: run the tests with `cargo nextest`, a process each.
pub fn tract() -> Runtime {
    Runtime::open(Choice::Tract, THREADS).expect("tract is built in")
}

/// ONNX Runtime on the CPU; without it the test is skipped under its name.
///
/// # Panics
///
/// If the library is there but cannot be used.
pub fn onnxruntime(test: &str) -> Option<Runtime> {
    match Runtime::open(Choice::Onnxruntime, THREADS) {
        Ok(runtime) => Some(runtime),
        Err(RuntimeError::NotFound { .. }) => {
            skip(
                test,
                Cause::Tool,
                "ONNX Runtime is not installed; `pip install onnxruntime` provides it",
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}
