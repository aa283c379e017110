//! Checking a model on a runtime that this process does not use.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ndarray::Array2;

use crate::cli::DataArgs;
use crate::data::augment::Augment;
use crate::export::SecondRuntime;
use crate::runtime::{Kind, Runtime, discover};
use crate::stop::Stop;

/// This program, started once more as `train evaluate` with another runtime.
pub struct AnotherProcess<'a> {
    kind: Kind,
    data: &'a DataArgs,
    images: usize,
    augment: Augment,
    stop: &'a Stop,
}

impl<'a> AnotherProcess<'a> {
    /// tract beside a native runtime, ONNX Runtime beside tract; the error says why there is none.
    ///
    /// It will run the first `images` test images of `data`, and ends where `stop` ends this one.
    pub fn beside(
        runtime: &Runtime,
        data: &'a DataArgs,
        images: usize,
        augment: Augment,
        stop: &'a Stop,
    ) -> Result<Self, &'static str> {
        let kind = match runtime.kind() {
            Kind::Cuda | Kind::Onnxruntime => Kind::Tract,
            Kind::Tract => Kind::Onnxruntime,
        };
        if kind == Kind::Onnxruntime && discover::library().is_none() {
            return Err("no second runtime is here");
        }
        Ok(Self {
            kind,
            data,
            images,
            augment,
            stop,
        })
    }

    /// Runs a command to its end.
    fn output(&self, command: &mut Command) -> io::Result<Output> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut leftovers = self.stop.leftovers();
        let child = command.spawn()?;
        leftovers.process = Some(child.id());
        drop(leftovers);
        let output = child.wait_with_output();
        self.stop.leftovers().process = None;
        output
    }
}

impl SecondRuntime for AnotherProcess<'_> {
    fn name(&self) -> &str {
        self.kind.name()
    }

    /// All goes through pipes: where results can be written, temporary files need not be possible.
    fn logits(&self, model: &Path) -> Result<Array2<f32>, String> {
        let mut command = this_program().map_err(|error| error.to_string())?;
        command.args(["evaluate", "--threads", "1", "--offline", "--scores", "-"]);
        command.args(["--runtime", self.kind.name()]);
        command.arg(option("--model=", model));
        command.arg(option("--data=", self.data.data.as_os_str()));
        command.args(["--images", &self.images.to_string()]);
        command.args((self.augment == Augment::Invert).then_some("--invert"));
        let output = self.output(&mut command);
        let output = output.map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(reason(&output));
        }
        let (chunks, _) = output.stdout.as_chunks();
        let logits: Vec<f32> = chunks
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        let rows = self.images * self.augment.variants().len();
        let shape = (rows, logits.len() / rows);
        Array2::from_shape_vec(shape, logits).map_err(|error| error.to_string())
    }
}

/// An option with its value in one word, which may begin with a dash.
fn option(name: &str, value: impl Into<OsString>) -> OsString {
    let mut word = OsString::from(name);
    word.push(value.into());
    word
}

fn this_program() -> io::Result<Command> {
    let mut program = Command::new(std::env::current_exe()?);
    program.stdin(Stdio::null());
    // Ctrl-C is for this process, which finishes an export that it has begun.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut program, 0);
    Ok(program)
}

/// Why a process failed: its error, else the last thing it said, else how it ended.
fn reason(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let error = said.lines().find_map(|line| line.strip_prefix("error: "));
    let last = || said.lines().rev().find(|line| !line.trim().is_empty());
    match error.or_else(last) {
        Some(line) if output.status.code().is_some() => line.to_owned(),
        Some(line) => format!("{}: {line}", output.status),
        None => output.status.to_string(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn the_reason_is_what_the_process_says_is_wrong() {
        for (status, stderr, expected) in [
            (0x100, "note: a\nerror: no model\n", "no model"),
            (
                0x200,
                "error: unexpected argument '-few' found\n\nUsage: train\n\nFor more, try '--help'.\n",
                "unexpected argument '-few' found",
            ),
            (0x100, "killed\n\n", "killed"),
            (9, "", "signal: 9 (SIGKILL)"),
            (
                6,
                "memory allocation of 9 bytes failed\n",
                "signal: 6 (SIGABRT): memory allocation of 9 bytes failed",
            ),
        ] {
            let output = Output {
                status: ExitStatus::from_raw(status),
                stdout: Vec::new(),
                stderr: stderr.into(),
            };
            assert_eq!(reason(&output), expected);
        }
    }
}
