//! QEMU: its programs, and machines that run a firmware.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::boards::{Board, Machine};
use crate::apt;
use crate::command::{describe, output, output_within};

/// The packages that have the emulators of all machines.
const PACKAGES: [&str; 2] = ["qemu-system-arm", "qemu-system-misc"];

/// How long a machine may take until its serial port is there.
const START: Duration = Duration::from_secs(20);

/// How long a firmware that ends by itself may take.
const RUN: Duration = Duration::from_mins(1);

/// Looks for every board's emulator; those that are missing are installed if nobody has to be asked.
pub fn find(boards: &[&Board]) -> Result<()> {
    let emulators = boards.iter().filter_map(|board| board.machine());
    let emulators: BTreeSet<_> = emulators.map(|machine| machine.emulator).collect();
    let version = |emulator| output(Command::new(emulator).arg("--version")).map(drop);
    let try_all = || emulators.iter().try_for_each(version);
    try_all().or_else(|_| {
        apt::install(&PACKAGES)?;
        try_all()
    })
}

/// What to type where [`find`] fails.
pub fn remedy() -> String {
    apt::remedy(&PACKAGES)
}

/// A machine that is on; dropped, it goes off.
pub struct Running {
    child: Child,
    pub socket: PathBuf,
    _folder: TempDir,
}

impl Running {
    /// Switches a machine on whose serial port is a socket; the firmware starts when somebody connects for the first time.
    pub fn start(machine: &Machine, firmware: &Path) -> Result<Self> {
        // In the system's folder of temporary files: the path of a socket must be short.
        let folder = tempfile::tempdir()?;
        let mut command = emulator(machine, firmware);
        command.args(["-serial", "null"].repeat(machine.serial));
        let socket = folder.path().join("serial");
        let serial = format!("unix:{},server=on,wait=on", socket.display());
        command.args(["-serial", &serial]);
        // Piped, since it announces that it waits.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::piped()).spawn();
        let child = child.with_context(|| format!("cannot start `{}`", describe(&command)))?;
        let mut running = Self {
            child,
            socket,
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

impl Drop for Running {
    fn drop(&mut self) {
        // It may be off already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a firmware that ends by itself, successfully, and returns what it prints through semihosting. Its counters of time
/// and cycles advance by the same with every instruction.
pub fn run_to_end(machine: &Machine, firmware: &Path) -> Result<String> {
    let mut command = emulator(machine, firmware);
    command.args(["-icount", "shift=6", "-serial", "none"]);
    command.args(["-semihosting-config", "enable=on,target=native"]);
    output_within(&mut command, RUN)
}

fn emulator(machine: &Machine, firmware: &Path) -> Command {
    let mut command = Command::new(machine.emulator);
    command.args(["-machine", machine.name]);
    command.args(["-display", "none", "-monitor", "none"]);
    // Nothing but the firmware: without this, RISC-V machines start a loader of QEMU's.
    command.args(["-bios", "none", "-kernel"]).arg(firmware);
    command
}
