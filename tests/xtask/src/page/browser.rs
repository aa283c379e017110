//! Chromium, and what steers it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::command::{describe, run_quietly};

const PACKAGE: &str = "playwright-core";
const VERSION: &str = "1.64.1";

/// A browser, Node.js and what installs its packages: each program with the package that has it.
const PROGRAMS: [(&str, &str); 3] = [
    ("/usr/bin/chromium", "chromium"),
    ("node", "nodejs"),
    ("npm", "npm"),
];

/// The program that uses the page.
const PROGRAM: &str = "tests/page/browser.mjs";

/// What it does there, each with a browser of its own.
pub const SCENARIOS: [&str; 6] = ["drawing", "keyboard", "pictures", "away", "phone", "token"];

/// Installs what is missing, what steers the browser in a folder of `tools`.
pub fn find(tools: &Path) -> Result<()> {
    let missing = missing();
    if !missing.is_empty() {
        apt::install(&missing)?;
    }
    let folder = folder(tools);
    if folder.join("node_modules").join(PACKAGE).is_dir() {
        return Ok(());
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    eprintln!("Installing {PACKAGE} {VERSION} with npm (once)");
    run_quietly(&mut install(&folder))
}

/// What to type where [`find`] fails.
pub fn remedy(tools: &Path) -> String {
    let missing = missing();
    if missing.is_empty() {
        return format!("`{}` installs it", describe(&install(&folder(tools))));
    }
    apt::remedy(&missing)
}

/// Installs what steers the browser.
fn install(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefix"]);
    npm.arg(folder).arg(format!("{PACKAGE}@{VERSION}"));
    npm
}

/// The packages of the programs that are not there. Others' packages of those that are, such as a Node.js with its own npm, may
/// stand in the way of Debian's.
fn missing() -> Vec<&'static str> {
    let is_missing = |program: &str| run_quietly(Command::new(program).arg("--version")).is_err();
    let packages = PROGRAMS.into_iter();
    let missing = packages.filter(|&(program, _)| is_missing(program));
    missing.map(|(_, package)| package).collect()
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
