//! Builds what runs on boards.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::boards::Board;
use super::toolchain::Toolchain;
use crate::command::{relative, run};

/// The workspace of boards.
const BOARDS: &str = "no_std_core/boards/Cargo.toml";

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

    /// Builds a board's firmware.
    pub fn firmware(&self, board: &Board) -> Result<PathBuf> {
        let command = self.toolchain.cargo("build", &board.flags());
        let workspace = workspace(board);
        self.program(
            command,
            &workspace,
            board.target,
            board.package,
            board.program,
        )
    }

    /// Checks a board's programs for what the compiler and clippy warn of.
    pub fn lint(&self, board: &Board) -> Result<()> {
        let mut command = self.toolchain.cargo("clippy", &board.flags());
        self.options(&mut command, &workspace(board));
        command.args(["--package", board.package, "--target", board.target]);
        command.args(["--bin", board.program, "--no-deps", "--", "-D", "warnings"]);
        run(&mut command)
    }

    /// Builds the program that proves the inner loops for a board's processor.
    pub fn proof(&self, board: &Board) -> Result<PathBuf> {
        let command = self.toolchain.cargo("build", &board.flags());
        self.program(command, BOARDS, board.target, "qemu", "backend")
    }

    /// Builds the program that is nothing but the core, for a board's processor.
    pub fn alone(&self, board: &Board) -> Result<PathBuf> {
        let command = self.toolchain.cargo("build", &board.flags());
        self.program(command, BOARDS, board.target, "qemu", "alone")
    }

    fn program(
        &self,
        mut command: Command,
        workspace: &str,
        target: &str,
        package: &str,
        program: &str,
    ) -> Result<PathBuf> {
        self.options(&mut command, workspace);
        command.args(["--package", package, "--bin", program, "--target", target]);
        run(&mut command)?;
        Ok(self.folder.join(target).join("release").join(program))
    }

    fn options(&self, command: &mut Command, workspace: &str) {
        command.args(["--quiet", "--release", "--locked"]);
        command.args(["--manifest-path", workspace]);
        command.arg("--target-dir").arg(relative(&self.folder));
    }
}

/// A manifest in the workspace of a board's package: most are in one, some on their own.
fn workspace(board: &Board) -> String {
    format!("no_std_core/boards/{}/Cargo.toml", board.package)
}

/// What boards are compiled for, each once.
pub fn targets(boards: &[&Board]) -> Vec<&'static str> {
    let targets: BTreeSet<_> = boards.iter().map(|board| board.target).collect();
    targets.into_iter().collect()
}
