//! The runtimes that tests compare. A process can use one, so each test takes one.

use train::runtime::{Choice, Runtime, RuntimeError, discover};

use crate::skip::{Cause, skip};

/// Threads of a runtime in tests.
const THREADS: usize = 2;

const NO_LIBRARY: &str = "ONNX Runtime is not installed; `pip install onnxruntime` provides it";

/// tract, which is always there.
pub fn tract() -> Runtime {
    Runtime::open(Choice::Tract, THREADS).expect("tract is built in")
}

/// ONNX Runtime on the CPU; without it the test is skipped under its name.
pub fn onnxruntime(test: &str) -> Option<Runtime> {
    onnxruntime_with(test, THREADS)
}

/// The same with a number of threads.
pub fn onnxruntime_with(test: &str, threads: usize) -> Option<Runtime> {
    match Runtime::open(Choice::Onnxruntime, threads) {
        Ok(runtime) => Some(runtime),
        Err(RuntimeError::NotFound { .. }) => {
            skip(test, Cause::Tool, NO_LIBRARY);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Whether ONNX Runtime's library is there, for a program that opens it itself; without it the test is skipped under its name.
pub fn has_onnxruntime(test: &str) -> bool {
    let is_there = discover::library().is_some();
    if !is_there {
        skip(test, Cause::Tool, NO_LIBRARY);
    }
    is_there
}

/// ONNX Runtime on a GPU; without the GPU or the library the test is skipped under its name.
pub fn cuda(test: &str) -> Option<Runtime> {
    if discover::gpu_name().is_none() {
        skip(test, Cause::Environment, "this machine has no NVIDIA GPU");
        return None;
    }
    match Runtime::open(Choice::Cuda, THREADS) {
        Ok(runtime) => Some(runtime),
        Err(error @ RuntimeError::NotFound { .. }) => {
            skip(test, Cause::Environment, &error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}
