//! The programs that the parts start.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::build;
use crate::command::{cargo, output};
use crate::workspace::{executable, test_program};

/// The program of the tests that cross crates.
const TESTS: &str = "cross";

/// Built programs, and the data that they read.
pub struct Programs {
    pub train: PathBuf,
    pub tests: PathBuf,
    /// A folder with MNIST; none leaves it to the programs to find it.
    pub mnist: Option<PathBuf>,
}

impl Programs {
    /// Builds them.
    pub fn build() -> Result<Self> {
        let built = build::programs("release")?;
        let tests = "test --release --no-run -p tests --test cross --message-format=json-render-diagnostics";
        let tests = output(&mut cargo(tests))?;
        Ok(Self {
            train: executable(&built, "train")?,
            tests: test_program(&tests, TESTS)?,
            mnist: None,
        })
    }

    /// Those of a folder that [`super::pack`] filled.
    pub fn unpacked(folder: &Path) -> Self {
        Self {
            train: folder.join("train"),
            tests: folder.join(TESTS),
            mnist: Some(folder.join("mnist")).filter(|folder| folder.is_dir()),
        }
    }

    pub fn train(&self, arguments: &str) -> Command {
        self.command(&self.train, arguments)
    }

    pub fn tests(&self, arguments: &str) -> Command {
        self.command(&self.tests, arguments)
    }

    fn command(&self, program: &Path, arguments: &str) -> Command {
        let mut command = Command::new(program);
        command.args(arguments.split(' '));
        if let Some(folder) = &self.mnist {
            command.env("MNIST_DIR", folder);
        }
        command
    }
}
