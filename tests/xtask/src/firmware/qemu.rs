//! QEMU: its programs, and machines that run a firmware.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::boards::{Board, Machine};
use crate::apt::{self, unpacked};
use crate::command::{output, output_within};

/// The folder of `tools` that these packages are unpacked in, where the system has no emulators.
const FOLDER: &str = "qemu";

/// The packages that have the emulators of all machines.
const PACKAGES: [&str; 2] = ["qemu-system-arm", "qemu-system-misc"];

/// How long a firmware that ends by itself may take.
const RUN: Duration = Duration::from_mins(1);

/// Looks for every board's emulator; where one is missing, all are fetched into a folder of `tools`.
pub fn find(boards: &[&Board], tools: &Path) -> Result<()> {
    let emulators = boards.iter().filter_map(|board| board.machine());
    let emulators: BTreeSet<_> = emulators.map(|machine| machine.emulator).collect();
    let version = |emulator: &&str| output(program(emulator, tools).arg("--version")).map(drop);
    let try_all = || emulators.iter().try_for_each(version);
    try_all().or_else(|_| {
        unpacked::unpack(&PACKAGES, &tools.join(FOLDER))?;
        try_all()
    })
}

/// What to type where [`find`] fails.
pub fn remedy() -> String {
    apt::remedy(&PACKAGES)
}

/// Runs a firmware with its serial port at a socket; it starts when somebody connects for the first time.
pub fn serve(machine: &Machine, tools: &Path, firmware: &Path, socket: &Path) -> Command {
    let mut command = emulator(machine, tools, firmware);
    command.args(["-serial", "null"].repeat(machine.serial));
    let serial = format!("unix:{},server=on,wait=on", socket.display());
    command.args(["-serial", &serial]);
    command
}

/// Runs a firmware that ends by itself, successfully, and returns what it prints through semihosting. Its counters of time
/// and cycles advance by the same with every instruction.
pub fn run_to_end(machine: &Machine, tools: &Path, firmware: &Path) -> Result<String> {
    let mut command = emulator(machine, tools, firmware);
    command.args(["-icount", "shift=6", "-serial", "none"]);
    command.args(["-semihosting-config", "enable=on,target=native"]);
    output_within(&mut command, RUN)
}

fn emulator(machine: &Machine, tools: &Path, firmware: &Path) -> Command {
    let mut command = program(machine.emulator, tools);
    command.args(["-machine", machine.name]);
    command.args(["-display", "none", "-monitor", "none"]);
    // Nothing but the firmware: without this, RISC-V machines start a loader of QEMU's.
    command.args(["-bios", "none", "-kernel"]).arg(firmware);
    command
}

/// What was fetched comes first, for it was missing.
fn program(emulator: &str, tools: &Path) -> Command {
    unpacked::program(&tools.join(FOLDER), emulator).unwrap_or_else(|| Command::new(emulator))
}
