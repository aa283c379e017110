//! Builds what runs on boards.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use device::Fit;

use super::boards::Board;
use super::layout::Layout;
use super::subject::Subject;
use super::toolchain::Toolchain;
use crate::command::{relative, run, run_loudly};

/// What the firmware's build script takes the model from, and which operators.
const MODEL: &str = "BATON_MODEL";
const OPERATORS: &str = "BATON_OPERATORS";

/// A toolchain for boards, and where it builds.
pub struct Builder {
    toolchain: Toolchain,
    /// Where tools are.
    pub tools: PathBuf,
    folder: PathBuf,
    /// Held while a program is built and put where no other build replaces it.
    building: Mutex<()>,
}

impl Builder {
    /// For these boards, with tools and builds in the folder `target`; installs what is missing.
    pub fn new(target: &Path, boards: &[&Board]) -> Result<Self> {
        let tools = target.join("tools");
        Ok(Self {
            toolchain: Toolchain::find(&tools, &targets(boards))?,
            tools,
            folder: target.join("firmware"),
            building: Mutex::new(()),
        })
    }

    /// A board's firmware with a model, which must fit.
    pub fn firmware(&self, board: &Board, subject: &Subject) -> Result<PathBuf> {
        let path = self.build(board, board.package, board.program, subject)?;
        let (model, layout) = (subject.model(), Layout::read(&path)?);
        let room = layout
            .room
            .context("expected the ends of the stack, found none")?;
        if model.arena_len() as u64 <= room {
            return Ok(path);
        }
        let len = subject.file.len() as u64;
        Err(Unfit::new(board, [len, len], [model.arena_len() as u64, room]).into())
    }

    /// Builds a program of the package for QEMU's machines that is no firmware, for a board's processor.
    pub fn program(&self, board: &Board, program: &str, subject: &Subject) -> Result<PathBuf> {
        self.build(board, "qemu", program, subject)
    }

    /// Checks a board's programs for what the compiler and clippy warn of.
    pub fn lint(&self, board: &Board) -> Result<()> {
        let mut command = self.cargo("clippy", board, board.package, board.program);
        run(command.args(["--no-deps", "--", "-D", "warnings"]))
    }

    fn build(
        &self,
        board: &Board,
        package: &str,
        program: &str,
        subject: &Subject,
    ) -> Result<PathBuf> {
        let _building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = self.cargo("build", board, package, program);
        command.env(MODEL, &subject.path);
        command.env(OPERATORS, if subject.all_operators { "all" } else { "" });
        if let Err((error, complaints)) = run_loudly(&mut command) {
            let Some(bytes) = overflow(&complaints) else {
                eprint!("{complaints}");
                return Err(error);
            };
            let needs = subject.file.len() as u64;
            let arena = subject.model().arena_len() as u64;
            return Err(Unfit::new(board, [needs, needs.saturating_sub(bytes)], [arena; 2]).into());
        }
        let built = self.folder.join("built");
        fs::create_dir_all(&built)?;
        let path = built.join(format!("{}-{program}", board.name));
        let from = self.folder.join(board.target).join("release").join(program);
        fs::copy(&from, &path).with_context(|| format!("cannot copy {}", from.display()))?;
        Ok(path)
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

/// Why a model does not go into a firmware.
#[derive(Debug)]
pub struct Unfit {
    board: &'static str,
    fit: Fit,
}

impl Unfit {
    /// Bytes of flash and of memory, needed and there.
    fn new(board: &Board, flash: [u64; 2], memory: [u64; 2]) -> Self {
        let fit = Fit {
            flash,
            memory,
            missing: Vec::new(),
        };
        Self {
            board: board.name,
            fit,
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (board, fit) = (self.board, &self.fit);
        write!(
            f,
            "{board}: expected a model that fits, found one that does not:\n{fit}"
        )
    }
}

impl std::error::Error for Unfit {}

/// By how many bytes a program is too long for the flash, if that is what the linker complains of.
fn overflow(complaints: &str) -> Option<u64> {
    let (_, rest) = complaints.split_once("overflowed by ")?;
    let digits = rest.split(|character: char| !character.is_ascii_digit());
    digits.into_iter().next()?.parse().ok()
}

/// What boards are compiled for, each once.
pub fn targets(boards: &[&Board]) -> Vec<&'static str> {
    let targets: BTreeSet<_> = boards.iter().map(|board| board.target).collect();
    targets.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_says_by_how_much_a_model_is_too_long() {
        let complaint = "rust-lld: error: section '.slot_a' will not fit in region 'SLOT_A': overflowed by 1198 bytes";
        assert_eq!(overflow(complaint), Some(1198));
        assert_eq!(overflow("error: undefined symbol"), None);
    }
}
