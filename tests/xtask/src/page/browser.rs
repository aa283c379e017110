//! Chromium, and what steers it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::command::run_quietly;

const PACKAGE: &str = "playwright-core";
const VERSION: &str = "1.64.1";

/// The packages of a browser, and of Node.js and what installs its packages.
const PACKAGES: [&str; 3] = ["chromium", "nodejs", "npm"];

/// The program that uses the page.
const PROGRAM: &str = "tests/page/browser.mjs";

/// What it does there, each with a browser of its own.
pub const SCENARIOS: [&str; 6] = ["drawing", "keyboard", "pictures", "away", "phone", "token"];

/// Installs what is missing, what steers the browser in a folder of `tools`.
pub fn find(tools: &Path) -> Result<()> {
    let version = |program| run_quietly(Command::new(program).arg("--version"));
    let programs = ["/usr/bin/chromium", "node", "npm"];
    if programs.into_iter().try_for_each(version).is_err() {
        apt::install(&PACKAGES)?;
    }
    let folder = folder(tools);
    if folder.join("node_modules").join(PACKAGE).is_dir() {
        return Ok(());
    }
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

/// Plays a scenario on the page of `infer`, with pictures of it in a folder.
pub fn play(tools: &Path, infer: &Path, figures: &Path, scenario: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(PROGRAM).arg(folder(tools)).arg(infer);
    command.arg(figures).arg(scenario);
    command
}

/// Where the packages of Node.js are.
fn folder(tools: &Path) -> PathBuf {
    tools.join(PACKAGE)
}
