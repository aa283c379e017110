//! QEMU: its programs, and machines that run a firmware.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::boards::{Board, Machine};
use crate::apt;
use crate::command::{output, output_within};

/// The packages that have the emulators of all machines.
const PACKAGES: [&str; 2] = ["qemu-system-arm", "qemu-system-misc"];

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

/// Runs a firmware with its serial port at a socket; it starts when somebody connects for the first time.
pub fn serve(machine: &Machine, firmware: &Path, socket: &Path) -> Command {
    let mut command = emulator(machine, firmware);
    command.args(["-serial", "null"].repeat(machine.serial));
    let serial = format!("unix:{},server=on,wait=on", socket.display());
    command.args(["-serial", &serial]);
    command
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
