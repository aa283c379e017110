//! Checking a model on a runtime that this process does not use.

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
    /// tract beside a native runtime, ONNX Runtime beside tract; `None` if there is no other runtime here.
    ///
    /// It will run the first `images` test images of `data`.
    pub fn beside(
        runtime: &Runtime,
        data: &'a DataArgs,
        images: usize,
        augment: Augment,
    ) -> Option<Self> {
        let kind = match runtime.kind() {
            Kind::Cuda | Kind::Onnxruntime => Kind::Tract,
            Kind::Tract => discover::library().map(|_| Kind::Onnxruntime)?,
        };
        Some(Self { kind, data, images, augment })
    }

    fn command(&self, model: &Path, scores: &Path) -> std::io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("evaluate").arg("--model").arg(model).arg("--scores").arg(scores);
        command.args(["--runtime", self.kind.name(), "--threads", "1", "--offline"]);
        command.arg("--data").arg(self.data.data.to_string());
        command.arg("--images").arg(self.images.to_string());
        if self.augment == Augment::Invert {
            command.arg("--invert");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }
}

impl SecondRuntime for AnotherProcess<'_> {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn logits(&self, model: &Path) -> Result<Array2<f32>, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let scores = folder.path().join("scores");
        let output = self.command(model, &scores).and_then(|mut command| command.output());
        let output = output.map_err(|error| error.to_string())?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(message.trim().trim_start_matches("error: ").into());
        }
        let bytes = std::fs::read(&scores).map_err(|error| error.to_string())?;
        let (chunks, _) = bytes.as_chunks::<4>();
        let logits: Vec<f32> = chunks.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect();
        let rows = self.images * self.augment.variants().len();
        let shape = (rows, logits.len() / rows);
        Array2::from_shape_vec(shape, logits).map_err(|error| error.to_string())
    }
}
