//! Builds what runs on boards.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::boards::Board;
use super::toolchain::Toolchain;
use crate::command::{relative, run};

/// A toolchain for boards, and where it builds.
pub struct Builder {
    toolchain: Toolchain,
    folder: PathBuf,
}

impl Builder {
    /// For these boards, with tools and builds in the folder `target`; installs what is missing.
    pub fn new(target: &Path, boards: &[&Board]) -> Result<Self> {
        Ok(Self {
            toolchain: Toolchain::find(&target.join("tools"), &targets(boards))?,
            folder: target.join("firmware"),
        })
    }

    pub fn firmware(&self, board: &Board) -> Result<PathBuf> {
        self.build(board, board.package, board.program)
    }

    /// Builds a program of the package for QEMU's machines that is no firmware, for a board's processor.
    pub fn program(&self, board: &Board, program: &str) -> Result<PathBuf> {
        self.build(board, "qemu", program)
    }

    /// Checks a board's programs for what the compiler and clippy warn of.
    pub fn lint(&self, board: &Board) -> Result<()> {
        let mut command = self.cargo("clippy", board, board.package, board.program);
        run(command.args(["--no-deps", "--", "-D", "warnings"]))
    }

    fn build(&self, board: &Board, package: &str, program: &str) -> Result<PathBuf> {
        run(&mut self.cargo("build", board, package, program))?;
        let folder = self.folder.join(board.target);
        Ok(folder.join("release").join(program))
    }

    /// Most packages are in one workspace, some on their own.
    fn cargo(&self, subcommand: &str, board: &Board, package: &str, program: &str) -> Command {
        let manifest = format!("no_std_core/boards/{package}/Cargo.toml");
        let mut command = self.toolchain.cargo(subcommand, &board.flags());
        command.args(["--quiet", "--release", "--locked"]);
        command.args(["--manifest-path", &manifest, "--package", package]);
        command.args(["--bin", program, "--target", board.target]);
        command.arg("--target-dir").arg(relative(&self.folder));
        command
    }
}

/// What boards are compiled for, each once.
pub fn targets(boards: &[&Board]) -> Vec<&'static str> {
    let targets: BTreeSet<_> = boards.iter().map(|board| board.target).collect();
    targets.into_iter().collect()
}
