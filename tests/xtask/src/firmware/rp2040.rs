//! The RP2040 as the npm package rp2040js emulates it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::command::run_quietly;

const PACKAGE: &str = "rp2040js";
const VERSION: &str = "1.4.1";

/// The packages that have Node.js and what installs its packages.
const PACKAGES: [&str; 2] = ["nodejs", "npm"];

/// The program that runs a firmware.
const PROGRAM: &str = "tests/firmware/rp2040.mjs";

/// Installs what is missing, the emulator in a folder of `tools`.
pub fn find(tools: &Path) -> Result<()> {
    let version = |program| run_quietly(Command::new(program).arg("--version"));
    if folder(tools).join("node_modules").join(PACKAGE).is_dir() && version("node").is_ok() {
        return Ok(());
    }
    if version("node").and_then(|()| version("npm")).is_err() {
        apt::install(&PACKAGES)?;
    }
    let folder = folder(tools);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    eprintln!("Installing {PACKAGE} {VERSION} with npm (once)");
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefix"])
        .arg(&folder);
    run_quietly(npm.arg(format!("{PACKAGE}@{VERSION}")))
}

/// What to type where [`find`] fails.
pub fn remedy() -> String {
    apt::remedy(&PACKAGES)
}

/// Where the packages of Node.js are.
fn folder(tools: &Path) -> PathBuf {
    tools.join(PACKAGE)
}

/// Runs a firmware with its serial port at a socket.
pub fn serve(tools: &Path, firmware: &Path, socket: &Path) -> Command {
    let mut command = Command::new("node");
    command
        .arg(PROGRAM)
        .arg(folder(tools))
        .arg(firmware)
        .arg(socket);
    command
}
