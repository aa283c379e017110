//! Graphs in ONNX Runtime, whose library is found and loaded when the first one is opened.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use input::onnx::encode;
use input::onnxruntime::{environment, library, needed_version, one_line};
use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use thiserror::Error;
use tract_onnx::pb::ModelProto;

use super::Runner;
use crate::error::RunError;
use crate::file::display_name;

/// Why ONNX Runtime does not run a model.
#[derive(Clone, Debug, Error)]
pub enum Error {
    #[error(
        "expected the library of ONNX Runtime {needed} or newer, found none in ORT_DYLIB_PATH, the active Python or the \
         system's library path; `pip install onnxruntime` provides it, `--engine float` does without",
        needed = needed_version()
    )]
    NotFound,
    #[error(
        "{path}: expected ONNX Runtime {needed} or newer, found {found}; `pip install --upgrade onnxruntime` provides it, \
         ORT_DYLIB_PATH names another, `--engine float` does without",
        path = display_name(path), needed = needed_version()
    )]
    Library { path: PathBuf, found: String },
    #[error(
        "expected a graph that ONNX Runtime can run, found: {0}; `--engine float` does without"
    )]
    Graph(String),
    #[error("expected ONNX Runtime to run the model, found: {0}")]
    Run(String),
}

/// One graph in several sessions, since a session runs one input after the other: as many as have run at once.
#[derive(Debug)]
struct Sessions {
    file: Vec<u8>,
    idle: Mutex<Vec<Session>>,
}

/// Makes a graph ready to run.
pub fn runner(proto: &ModelProto) -> Result<Arc<dyn Runner>, Error> {
    let file = encode(proto);
    let first = session(&file)?;
    let idle = Mutex::new(vec![first]);
    Ok(Arc::new(Sessions { file, idle }))
}

/// Whether there is a library that will do.
pub fn is_there() -> bool {
    loaded().is_ok()
}

/// The library, looked for once.
fn loaded() -> Result<&'static Environment, Error> {
    static LOADED: OnceLock<Result<Environment, Error>> = OnceLock::new();
    let load = || {
        let path = library().ok_or(Error::NotFound)?;
        environment(&path).map_err(|found| Error::Library { path, found })
    };
    LOADED.get_or_init(load).as_ref().map_err(Error::clone)
}

/// A session with one thread: inputs are what several threads share.
fn session(file: &[u8]) -> Result<Session, Error> {
    let environment = loaded()?;
    let open = || -> ort::Result<Session> {
        Session::builder(environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            // What goes wrong is an error, said once.
            .with_log_level(LogLevel::Fatal)?
            .with_intra_threads(1)?
            .commit_from_memory(file)
    };
    open().map_err(|error| Error::Graph(one_line(&error.to_string())))
}

impl Sessions {
    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner for Sessions {
    fn run(&self, sizes: &[usize], input: &[f32]) -> Result<Vec<f32>, RunError> {
        let idle = self.idle().pop();
        let mut session = idle.map_or_else(|| session(&self.file), Ok)?;
        let outputs = run(&mut session, sizes, input);
        self.idle().push(session);
        Ok(outputs.map_err(|error| Error::Run(one_line(&error.to_string())))?)
    }
}

fn run(session: &mut Session, sizes: &[usize], input: &[f32]) -> ort::Result<Vec<f32>> {
    let input = TensorRef::from_array_view((sizes, input))?;
    let outputs = session.run(ort::inputs![input])?;
    let (_, outputs) = outputs[0].try_extract_tensor::<f32>()?;
    Ok(outputs.to_vec())
}
