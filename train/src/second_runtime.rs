//! Checking a model on a runtime that this process does not use.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use ndarray::Array2;

use crate::cli::DataArgs;
use crate::data::augment::Augment;
use crate::export::SecondRuntime;
use crate::runtime::{Kind, Runtime, discover};

/// This program, started once more as `train evaluate` with another runtime.
pub struct AnotherProcess<'a> {
    kind: Kind,
    data: &'a DataArgs,
    images: usize,
    augment: Augment,
}

impl<'a> AnotherProcess<'a> {
    /// tract beside a native runtime, ONNX Runtime beside tract; the error says why there is none.
    ///
    /// It will run the first `images` test images of `data`.
    pub fn beside(
        runtime: &Runtime,
        data: &'a DataArgs,
        images: usize,
        augment: Augment,
    ) -> Result<Self, &'static str> {
        let kind = match runtime.kind() {
            Kind::Cuda | Kind::Onnxruntime => Kind::Tract,
            Kind::Tract if discover::library().is_none() => {
                return Err("no second runtime is here");
            }
            Kind::Tract => Kind::Onnxruntime,
        };
        // A library that cannot be used says nothing about a model.
        match this_program("doctor", kind).and_then(run) {
            Ok(()) => Ok(Self {
                kind,
                data,
                images,
                augment,
            }),
            Err(_) => Err("the second runtime cannot be used, `train doctor` says why"),
        }
    }
}

impl SecondRuntime for AnotherProcess<'_> {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn logits(&self, model: &Path) -> Result<Array2<f32>, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let scores = folder.path().join("scores");
        let mut command = this_program("evaluate", self.kind)?;
        command
            .arg("--model")
            .arg(model)
            .arg("--scores")
            .arg(&scores)
            .arg("--offline");
        let mut data = OsString::from("--data=");
        data.push(self.data.data.as_os_str());
        command.arg(data);
        command.arg("--images").arg(self.images.to_string());
        command.args((self.augment == Augment::Invert).then_some("--invert"));
        run(command)?;
        let bytes = std::fs::read(&scores).map_err(|error| error.to_string())?;
        let (chunks, _) = bytes.as_chunks::<4>();
        let logits: Vec<f32> = chunks
            .iter()
            .map(|&chunk| f32::from_le_bytes(chunk))
            .collect();
        let rows = self.images * self.augment.variants().len();
        let shape = (rows, logits.len() / rows);
        Array2::from_shape_vec(shape, logits).map_err(|error| error.to_string())
    }
}

/// One of this program's commands, on a runtime and a thread.
fn this_program(command: &str, kind: Kind) -> Result<Command, String> {
    let mut program = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    program.args([command, "--runtime", kind.name(), "--threads", "1"]);
    program.stdin(Stdio::null());
    // Ctrl-C is for this process, which finishes an export that it has begun.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut program, 0);
    Ok(program)
}

/// Runs a command to its end; if it fails, the error is what it said.
fn run(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr);
    Err(message
        .lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .into())
}
