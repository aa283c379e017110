//! The runtimes that execute graphs, chosen when the program runs: ONNX Runtime on CUDA, ONNX Runtime on the CPU, or
//! tract. This module and no other names `ort`.
//!
//! `ort` is bound to one implementation for the life of a process, so a process has one [`Runtime`].

mod device;
pub mod discover;
mod divided;
mod error;
mod open;
mod ping_pong;
mod session;
mod time;
mod values;

use std::path::{Path, PathBuf};

use input::onnxruntime::one_line;
use ort::ep;
use ort::logging::LogLevel;
use ort::memory::AllocationDevice;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

pub use device::{DeviceOptions, DeviceSession, Precision};
pub use divided::DividedStep;
pub use error::RuntimeError;
use error::refused;
pub use session::{Outputs, Session};

use crate::graph::Target;
use crate::tensor::Tensor;

/// Rows of the smallest part of a batch: each part brings a gradient of every parameter, to be added up.
const FEWEST_ROWS: usize = 16;

/// Which runtime the user asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// The fastest one that works here.
    Auto,
    /// ONNX Runtime on an NVIDIA GPU, every operator of it.
    Cuda,
    /// ONNX Runtime on the CPU.
    Onnxruntime,
    /// tract, built in.
    Tract,
}

/// What executes graphs in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cuda,
    /// On the CPU.
    Onnxruntime,
    Tract,
}

impl Kind {
    /// Where its values are.
    fn device(self) -> AllocationDevice<'static> {
        match self {
            Self::Cuda => AllocationDevice::CUDA,
            Self::Onnxruntime | Self::Tract => AllocationDevice::CPU,
        }
    }

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Onnxruntime => "onnxruntime",
            Self::Tract => "tract",
        }
    }
}

pub struct Runtime {
    environment: ort::environment::Environment,
    kind: Kind,
    library: Option<PathBuf>,
    threads: usize,
    note: Option<String>,
    /// Whether this ONNX Runtime has convolutions of blocks of channels.
    has_blocks: bool,
}

impl Runtime {
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What graphs for it choose their forms for.
    pub fn target(&self) -> Target {
        match self.kind {
            Kind::Cuda => Target::Cuda,
            Kind::Onnxruntime if self.has_blocks => Target::OnnxruntimeX86,
            Kind::Onnxruntime => Target::Onnxruntime,
            Kind::Tract => Target::Tract,
        }
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    pub fn library(&self) -> Option<&Path> {
        self.library.as_deref()
    }

    /// What kept `auto` from something better.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Runtime, version and device in one line.
    pub fn description(&self) -> String {
        let version = self.library().map(discover::version).unwrap_or_default();
        let threads = match self.threads {
            1 => "1 thread".into(),
            threads => format!("{threads} threads"),
        };
        match self.kind {
            Kind::Cuda => {
                let device = discover::gpu_name().unwrap_or_else(|| "GPU 0".into());
                format!("ONNX Runtime {version}, CUDA, {device}")
            }
            Kind::Onnxruntime => format!("ONNX Runtime {version}, CPU, {threads}"),
            Kind::Tract => {
                let info = ort::info();
                let version = info.split("version=").nth(1).unwrap_or(info);
                format!("tract (ort-tract {version}), CPU, {threads}")
            }
        }
    }

    /// Prepares a model for running. `residents` are its variables with their first values; they stay with the
    /// runtime, and each run replaces those for which the model has an output `NAME.next`.
    pub fn load(
        &self,
        onnx: &[u8],
        residents: Vec<(String, Tensor)>,
    ) -> Result<Session, RuntimeError> {
        self.load_with(self.threads, onnx, residents)
    }

    /// The rows of each part of a step: a part for each thread of a CPU, as long as the gradients of a part are worth
    /// their sum; a GPU takes the batch whole. They differ by one row at most.
    pub fn parts(&self, batch_size: usize) -> Vec<usize> {
        let parts = match self.kind {
            Kind::Cuda => 1,
            Kind::Onnxruntime | Kind::Tract => self.threads.min(batch_size / FEWEST_ROWS).max(1),
        };
        (0..parts).map(|part| (batch_size + part) / parts).collect()
    }

    fn load_with(
        &self,
        threads: usize,
        onnx: &[u8],
        residents: Vec<(String, Tensor)>,
    ) -> Result<Session, RuntimeError> {
        let builder = self.builder(threads, Precision::default(), false);
        let session = builder.and_then(|mut builder| builder.commit_from_memory(onnx));
        let session = session.and_then(|session| Session::new(session, self.kind, residents));
        session.map_err(|error| refused(self.kind.name(), &error))
    }

    /// `captured` are models that CUDA runs as CUDA graphs.
    fn builder(
        &self,
        threads: usize,
        precision: Precision,
        captured: bool,
    ) -> ort::Result<SessionBuilder> {
        let mut builder = ort::session::Session::builder(&self.environment)?
            // The next level arranges weights in advance, which pays for constant ones only.
            .with_optimization_level(GraphOptimizationLevel::Level2)?;
        if self.kind != Kind::Tract {
            // What goes wrong is an error, said once.
            builder = builder.with_log_level(LogLevel::Fatal)?;
            builder = builder.with_intra_threads(threads)?;
        }
        if self.kind == Kind::Onnxruntime {
            builder = builder.with_deterministic_compute(true)?;
        }
        if self.kind == Kind::Cuda {
            // Graphs for CUDA are in forms that add in the same order every time; asked to, it sums by slower kernels.
            let cuda = ep::CUDA::default()
                .with_cuda_graph(captured)
                .with_tf32(precision == Precision::Tf32)
                .with_conv_algorithm_search(ep::cuda::ConvAlgorithmSearch::Heuristic);
            builder = builder
                .with_execution_providers([cuda.build().error_on_failure()])?
                .with_disable_cpu_fallback()?;
        }
        Ok(builder)
    }
}
