//! Opening a runtime: the first that works of those that the user allows.

use std::path::{Path, PathBuf};

use input::onnxruntime;
use ndarray::ArrayD;

use super::{Choice, Kind, Precision, Runtime, RuntimeError, Session, discover, refused};
use crate::graph::{Graph, GraphError, Target};
use crate::ops::Window;
use crate::tensor::{Tensor, TensorType};

/// What tells tract's implementation from ONNX Runtime in the build information.
const TRACT_BACKEND: &str = "ort-tract";
/// Shape of the image on which a runtime is tried out.
const PROBED: [usize; 4] = [1, 16, 4, 4];

impl Runtime {
    /// Initialises the chosen runtime with `threads` threads.
    ///
    /// [`Choice::Auto`] takes the first that works of CUDA, ONNX Runtime and tract; [`Runtime::note`] then
    /// tells what was in the way of a better one.
    pub fn open(choice: Choice, threads: usize) -> Result<Self, RuntimeError> {
        let found = discover::library();
        let or_wheel = |wheel| found.clone().ok_or(RuntimeError::NotFound { wheel });
        match choice {
            Choice::Tract => Self::tract(threads, None),
            Choice::Onnxruntime => Self::native(or_wheel("onnxruntime")?, threads),
            Choice::Cuda => {
                let library = or_wheel("'onnxruntime-gpu[cuda,cudnn]'")?;
                let mut runtime = Self::native(library, threads)?;
                runtime.move_to_cuda()?;
                Ok(runtime)
            }
            Choice::Auto => match found {
                None => Self::tract(threads, None),
                Some(library) => Self::cuda_or_cpu(library, threads)
                    .or_else(|error| Self::tract(threads, Some(format!("tract is used: {error}")))),
            },
        }
    }

    fn tract(threads: usize, note: Option<String>) -> Result<Self, RuntimeError> {
        input::onnx::avoid_tiles();
        if !ort::set_api(ort_tract::api()) && !ort::info().contains(TRACT_BACKEND) {
            return Err(RuntimeError::InUse { expected: "tract" });
        }
        let environment = ort::init().with_telemetry(false).build();
        let environment = environment.map_err(|error| refused(Kind::Tract.name(), &error))?;
        Ok(Self {
            environment,
            kind: Kind::Tract,
            library: None,
            threads,
            note,
            has_blocks: false,
        })
    }

    fn native(library: PathBuf, threads: usize) -> Result<Self, RuntimeError> {
        let kind = Kind::Onnxruntime;
        let environment = native_environment(&library)?;
        if ort::info().contains(TRACT_BACKEND) {
            return Err(RuntimeError::InUse {
                expected: kind.name(),
            });
        }
        let mut runtime = Self {
            environment,
            kind,
            library: Some(library),
            threads,
            note: None,
            has_blocks: false,
        };
        runtime.has_blocks = cfg!(target_arch = "x86_64") && runtime.convolves_in_blocks();
        Ok(runtime)
    }

    /// Some builds of ONNX Runtime leave out its own operators, which are not documented either.
    fn convolves_in_blocks(&self) -> bool {
        let [in_blocks, plain] =
            [Target::OnnxruntimeX86, Target::Onnxruntime].map(|target| self.try_out(target).ok());
        in_blocks.is_some() && in_blocks == plain
    }

    /// Both are the same environment, of which `ort` allows one in the life of a process.
    fn cuda_or_cpu(library: PathBuf, threads: usize) -> Result<Self, RuntimeError> {
        let mut runtime = Self::native(library, threads)?;
        if let Err(error) = runtime.move_to_cuda() {
            runtime.kind = Kind::Onnxruntime;
            runtime.note = discover::gpu_name().map(|gpu| format!("{gpu} is not used: {error}"));
        }
        Ok(runtime)
    }

    /// Fails here and not in the middle of the work if a driver or a library is missing.
    fn move_to_cuda(&mut self) -> Result<(), RuntimeError> {
        if let Some(library) = &self.library {
            discover::cuda_provider(library).map_err(RuntimeError::Cuda)?;
            for dependency in discover::cuda_libraries(library) {
                // Of one that does not load, the provider says better what it lacks.
                let _ = ort::util::preload_dylib(dependency);
            }
        }
        self.kind = Kind::Cuda;
        self.try_out(Target::Cuda).map(drop).map_err(|error| {
            let needs = "it needs NVIDIA's driver and `pip install --upgrade 'onnxruntime-gpu[cuda,cudnn]'`";
            RuntimeError::Cuda(format!("{needs}: {error}"))
        })
    }

    /// Runs a small model in the forms for a target: a library may be missed only when an operator needs it.
    fn try_out(&self, target: Target) -> Result<ArrayD<f32>, RuntimeError> {
        let runtime = self.kind.name();
        let onnx = probe(target).map_err(|error| refused(runtime, &error))?;
        let builder = self.builder(1, Precision::default(), false);
        let session = builder
            .and_then(|mut builder| builder.commit_from_memory(&onnx))
            .and_then(|session| Session::new(session, self.kind, Vec::new()));
        let x = ("x".into(), whole_numbers(&PROBED));
        let session = session.map_err(|error| refused(runtime, &error));
        session?.run(vec![x])?.take("products")
    }
}

fn native_environment(library: &Path) -> Result<ort::environment::Environment, RuntimeError> {
    onnxruntime::environment(library).map_err(|found| RuntimeError::Library {
        path: library.into(),
        found,
        upgrade: discover::upgrade(discover::cuda_provider(library).is_ok()),
    })
}

/// A convolution, of channels in whole blocks, and a product of matrices.
fn probe(target: Target) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::of_forms(target);
    let x = graph.input("x", TensorType::f32(&PROBED))?;
    let [_, channels, rows, columns] = PROBED;
    let weight = graph.constant(whole_numbers(&[channels, channels, 3, 3]));
    let y = graph.conv(x, weight, None, Window::same([3; 2]))?;
    let matrix = graph.reshape(y, &[channels, rows * columns])?;
    let products = graph.matrix_product(matrix, matrix, false, true)?;
    graph.output("products", products)?;
    Ok(graph.specialized()?.to_onnx("probe", &[]))
}

/// Numbers from -1 to 1 in no simple order, with which a runtime computes exactly.
fn whole_numbers(shape: &[usize]) -> Tensor {
    let mut index = 0;
    let number = || {
        index += 1;
        (index * index % 23 % 3) as f32 - 1.0
    };
    ArrayD::from_shape_simple_fn(shape, number).into()
}
