//! Boards that run a firmware in an emulator.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use device::{Device, DeviceError, Input, Outcome};
use tempfile::TempDir;

use super::boards::{Board, Hardware};
use super::layout::stack_len;
use super::subject::{Expected, Subject};
use super::{qemu, rp2040};
use crate::command::describe;

/// How long a machine may take until its serial port is there, and until it has tested itself.
const START: Duration = Duration::from_secs(20);

/// A machine that is on; dropped, it goes off.
pub struct Running {
    child: Child,
    socket: PathBuf,
    /// What is set aside for the stack, in bytes.
    stack_len: u64,
    _folder: TempDir,
}

/// What a board took to run a model on some inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The most bytes of stack.
    pub stack: u64,
    /// The most cycles.
    pub cycles: u64,
}

impl Running {
    /// Switches a machine on whose serial port is a socket, with tools in the folder `tools`.
    pub fn start(board: &Board, firmware: &Path, tools: &Path) -> Result<Self> {
        // In the system's folder of temporary files: the path of a socket must be short.
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("serial");
        let mut command = match &board.hardware {
            Hardware::Qemu(machine) => qemu::serve(machine, tools, firmware, &socket),
            Hardware::Rp2040 => rp2040::serve(tools, firmware, &socket),
            Hardware::Chip(_) => bail!("{}: expected a board that is emulated", board.name),
        };
        // Piped, since QEMU announces that it waits.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::piped()).spawn();
        let child = child.with_context(|| format!("cannot start `{}`", describe(&command)))?;
        let mut running = Self {
            child,
            socket,
            stack_len: stack_len(board.target.starts_with("riscv")) as u64,
            _folder: folder,
        };
        let start = Instant::now();
        while !running.socket.exists() {
            if running.child.try_wait()?.is_some() || start.elapsed() > START {
                let (command, complaint) = (describe(&command), running.complaint());
                bail!("`{command}`: expected a serial port, found none: {complaint}");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(running)
    }

    /// The address of the serial port.
    pub fn address(&self) -> String {
        format!("unix:{}", self.socket.display())
    }

    /// Runs the board's model on inputs, and compares all that it says of them with what the model makes of them here; of the
    /// first one what each operator makes.
    pub fn compare(&self, subject: &Subject, inputs: &[Vec<u8>]) -> Result<Cost> {
        let device = self.open()?;
        let rows = subject.shape().rows;
        let mut cost = Cost::default();
        for (index, bytes) in inputs.iter().enumerate() {
            let input = Input {
                bytes,
                rows,
                prepare: false,
            };
            let answer = device.run(&input)?;
            cost = Cost {
                stack: cost.stack.max(answer.stack.into()),
                cycles: cost.cycles.max(answer.cycles.into()),
            };
            ensure!(
                cost.stack < self.stack_len,
                "expected less than {} bytes of stack, found that all of them were in use",
                self.stack_len
            );
            let class = match answer.outcome {
                Outcome::Class { class, probability } => Some((class.into(), probability)),
                Outcome::Values | Outcome::Difference { .. } => None,
            };
            let found = Expected {
                values: answer.values,
                class,
                accepted: answer.accepted,
            };
            let expected = subject.run(bytes)?;
            ensure!(
                found == expected,
                "expected what the host computes, found another output for input {index}: {:?} and {:?}",
                expected.values,
                found.values
            );
        }
        // Last: the stack is counted that a run takes without this.
        if let Some(bytes) = inputs.first() {
            compare_operators(&device, subject, bytes)?;
        }
        Ok(cost)
    }

    /// The board; the emulator may have made the socket and not listen yet.
    fn open(&self) -> Result<Device> {
        let start = Instant::now();
        loop {
            match Device::open_within(&self.address(), START) {
                Err(DeviceError::Open(_)) if start.elapsed() < START => {
                    thread::sleep(Duration::from_millis(5));
                }
                opened => return Ok(opened?),
            }
        }
    }

    /// What the emulator, which is off from now on, said last.
    fn complaint(&mut self) -> String {
        let _ = self.child.kill();
        let mut complaints = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            let _ = stderr.read_to_string(&mut complaints);
        }
        let last = complaints.trim_end().lines().last();
        last.unwrap_or("no message").to_owned()
    }
}

/// Compares what each operator makes of an input, where the board has the memory for it: what differs first is at fault, and
/// the output alone would not tell.
fn compare_operators(device: &Device, subject: &Subject, bytes: &[u8]) -> Result<()> {
    let expected = subject.checksums(bytes)?;
    let found = match device.checksums(bytes, expected.len()) {
        Err(error) if error.is_inability() => return Ok(()),
        found => found?,
    };
    let mut pairs = expected.iter().zip(&found);
    let model = subject.model();
    if let Some(index) = pairs.position(|(expected, found)| expected != found) {
        let name = model.operations().nth(index).map_or("", |one| one.name());
        bail!(
            "expected what the host computes, found another output of operator {index}, a {name}"
        );
    }
    Ok(())
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be off already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
