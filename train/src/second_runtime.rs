//! Checking a model on a runtime that this process does not use.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ndarray::Array2;

use crate::export::SecondRuntime;
use crate::runtime::{Kind, Runtime, discover};
use crate::stop::Stop;

/// This program, started once more as `train outputs` with another runtime.
pub struct AnotherProcess<'a> {
    kind: Kind,
    stop: &'a Stop,
}

impl<'a> AnotherProcess<'a> {
    /// tract beside a native runtime, ONNX Runtime beside tract; the error says why there is none.
    ///
    /// It ends where `stop` ends this process.
    pub fn beside(runtime: &Runtime, stop: &'a Stop) -> Result<Self, &'static str> {
        let kind = match runtime.kind() {
            Kind::Cuda | Kind::Onnxruntime => Kind::Tract,
            Kind::Tract => Kind::Onnxruntime,
        };
        if kind == Kind::Onnxruntime && discover::library().is_none() {
            return Err("no second runtime is here");
        }
        Ok(Self { kind, stop })
    }

    /// Runs a command to its end, which reads all of its input before it writes.
    fn output(&self, command: &mut Command, input: &[u8]) -> io::Result<Output> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut leftovers = self.stop.leftovers();
        let mut child = command.spawn()?;
        leftovers.process = Some(child.id());
        drop(leftovers);
        if let Some(mut stdin) = child.stdin.take() {
            // A process that does not read to the end says why.
            let _ = stdin.write_all(input);
        }
        let output = child.wait_with_output();
        self.stop.leftovers().process = None;
        output
    }
}

impl SecondRuntime for AnotherProcess<'_> {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn is_built_in(&self) -> bool {
        self.kind == Kind::Tract
    }

    /// All goes through pipes: where results can be written, temporary files need not be possible.
    fn outputs(&self, model: &Path, inputs: &Array2<f32>) -> Result<Array2<f32>, String> {
        let mut command = this_program().map_err(|error| error.to_string())?;
        command.args(["outputs", "--threads", "1", "--runtime", self.kind.name()]);
        command.arg(option("--model=", model));
        let input: Vec<u8> = inputs
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let output = self.output(&mut command, &input);
        let output = output.map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(reason(&output));
        }
        let (chunks, _) = output.stdout.as_chunks();
        let outputs: Vec<f32> = chunks
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        let shape = (inputs.nrows(), outputs.len() / inputs.nrows());
        Array2::from_shape_vec(shape, outputs).map_err(|error| error.to_string())
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
