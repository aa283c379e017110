//! Python's packages, in folders of this repository's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::command::{describe, relative, run_quietly};

/// The reference library of the file format ONNX, with its minor version, for what it writes is compared to the byte.
const ONNX: &str = "onnx~=1.23.0";

/// The package that has pip where Python comes without it.
const PIP: &str = "python3-pip";

/// What makes Python find the package onnx: nothing where it does, else the folder of `target` that pip fills once.
pub fn onnx(target: &Path) -> Result<Option<PathBuf>> {
    let probe = ["-c", "import onnx"];
    if run_quietly(python().args(probe)).is_ok() {
        return Ok(None);
    }
    let folder = onnx_folder(target);
    if run_quietly(python().args(probe).env("PYTHONPATH", &folder)).is_err() {
        println!(
            "Installing the package onnx into {} (once)",
            relative(&folder).display()
        );
        fill(&folder, |staging| run_quietly(&mut install_onnx(staging)))?;
    }
    Ok(Some(folder))
}

/// What to type where [`onnx`] fails.
pub fn onnx_remedy(target: &Path) -> String {
    let pip = describe(&install_onnx(&onnx_folder(target)));
    format!("install it with `{pip}`")
}

fn onnx_folder(target: &Path) -> PathBuf {
    target.join("tools").join("onnx")
}

fn install_onnx(folder: &Path) -> Command {
    let mut command = install(folder);
    command.arg(ONNX);
    command
}

/// Fills a folder beside `folder` and renames it, so that an interrupted install is never taken for a whole one.
pub fn fill(folder: &Path, install: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let tools = folder.parent().context("the tools folder is a root")?;
    fs::create_dir_all(tools).with_context(|| format!("cannot create {}", tools.display()))?;
    let staging = tempfile::Builder::new().prefix("pip-").tempdir_in(tools)?;
    ensure_pip()?;
    install(staging.path())?;
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    fs::rename(staging.path(), folder)
        .with_context(|| format!("cannot create {}", folder.display()))
}

/// Pip's command that installs into a folder, without the names of packages.
pub fn install(folder: &Path) -> Command {
    let mut command = python();
    command.args(["-m", "pip", "install"]);
    command.args(["--quiet", "--disable-pip-version-check", "--retries=1"]);
    command.arg("--target").arg(folder);
    command
}

/// Installs pip where Python comes without it, as on Debian, and nobody has to be asked.
fn ensure_pip() -> Result<()> {
    let Err(error) = run_quietly(python().args(["-m", "pip", "--version"])) else {
        return Ok(());
    };
    apt::install(&[PIP]).with_context(|| format!("{error:#}"))
}

fn python() -> Command {
    Command::new(if cfg!(windows) { "python" } else { "python3" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_filled_as_a_whole_or_not_at_all() {
        let target = tempfile::tempdir().unwrap();
        let folder = target.path().join("tools/package");
        assert!(fill(&folder, |_| anyhow::bail!("no network")).is_err());
        assert!(!folder.exists());
        let write = |staging: &Path| Ok(fs::write(staging.join("file"), "new")?);
        for _ in 0..2 {
            fill(&folder, write).unwrap();
            assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "new");
        }
        assert_eq!(
            fs::read_dir(target.path().join("tools")).unwrap().count(),
            1
        );
    }

    #[test]
    fn the_remedy_can_be_typed() {
        let remedy = onnx_remedy(Path::new("target"));
        assert!(remedy.contains("-m pip install"), "{remedy}");
        assert!(remedy.contains(" onnx~=1."), "{remedy}");
    }
}
