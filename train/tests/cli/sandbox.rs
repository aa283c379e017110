//! A folder in which the program runs, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::idx;

/// Options of a fit that takes a fraction of a second on [`Sandbox::with_digits`].
pub const QUICK: &str = "--data digits --batch 16 --runtime tract";
/// What measures the model of [`Sandbox::with_run`].
pub const EVALUATE: &str = "evaluate --model run/digits.onnx --data digits --runtime tract";
/// What exports the run of [`Sandbox::with_run`].
pub const EXPORT: &str = "export --run run --data digits --runtime tract";
/// A search path without programs: neither Python, which may hold ONNX Runtime, nor the GPU's tools are found.
pub const NO_PROGRAMS: &str = "/no-programs";

/// The content of a file; a failed comparison shows its length and digest and not its megabytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(pub Vec<u8>);

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, digest) = (self.0.len(), Sha256::digest(&self.0));
        write!(
            formatter,
            "{length} bytes, SHA-256 {:02x?}...",
            &digest[..4]
        )
    }
}

/// Every file of a folder by its path.
pub type Files = BTreeMap<String, Content>;

/// A folder that is gone when the test ends; relative paths of command lines lie in it.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// An empty folder.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with IDX files in `digits`: 64 images to train on and 20 to test on.
    pub fn with_digits() -> Self {
        let sandbox = Self::new();
        idx::write_digits(&sandbox.path("digits"), 64, 20);
        sandbox
    }

    /// A folder with `digits` and the results of one epoch in `run`.
    pub fn with_run() -> Self {
        let sandbox = Self::with_digits();
        sandbox.succeeds(&format!("fit {QUICK} --epochs 1 --out run"));
        sandbox
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Writes a file, in a folder that is made if it is not there.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Every file at or under `name`, hidden ones too, with its content; nothing if there is no such folder.
    pub fn files(&self, name: &str) -> Files {
        let mut files = Files::new();
        collect(&self.path(name), "", &mut files);
        files
    }

    /// The program with the words of `line` as arguments and an environment that does not depend on the machine.
    pub fn command(&self, line: &str) -> Command {
        let mut command = self.isolated(env!("CARGO_BIN_EXE_train"));
        command.env("PATH", NO_PROGRAMS);
        command.args(line.split_whitespace());
        command
    }

    /// Any program in this folder, with the machine's search path and nothing else that matters to `train`.
    pub fn isolated(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for variable in [
            "MNIST_DIR",
            "PICTURES_DIR",
            "ORT_DYLIB_PATH",
            "LD_LIBRARY_PATH",
        ] {
            command.env_remove(variable);
        }
        command.env("BATON_CACHE", self.path("cache"));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs the program with the words of `line` as arguments.
    pub fn train(&self, line: &str) -> Finished {
        Finished::of(&mut self.command(line))
    }

    /// Runs a command that must succeed and complain of nothing, and returns what it prints.
    pub fn succeeds(&self, line: &str) -> String {
        self.train(line).success().to_owned()
    }

    /// Runs a command line that must be refused as wrong usage with all of `parts`.
    pub fn misuses(&self, line: &str, parts: &[&str]) {
        assert_parts(self.train(line).misuse(), parts);
    }

    /// Runs a command that must fail with one line that has all of `parts`, and leave every file as it was.
    pub fn refuses(&self, line: &str, parts: &[&str]) {
        self.refuses_command(&mut self.command(line), parts);
    }

    /// [`Sandbox::refuses`] for a command that is more than its arguments.
    pub fn refuses_command(&self, command: &mut Command, parts: &[&str]) {
        let before = self.files("");
        Finished::of(command).refusal(parts);
        assert_eq!(self.files(""), before, "{command:?} changed files");
    }
}

fn collect(path: &Path, name: &str, files: &mut Files) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let last = path.file_name().unwrap().to_str().unwrap();
            let separator = if name.is_empty() { "" } else { "/" };
            collect(&path, &format!("{name}{separator}{last}"), files);
        }
    } else if path.exists() {
        files.insert(name.to_owned(), Content(fs::read(path).unwrap()));
    }
}

/// Fails unless all of `parts` are in a text.
pub fn assert_parts(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; `None` if a signal ended the program.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// Fails unless the program ended with this code.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Standard output of a command that must succeed and complain of nothing.
    pub fn success(&self) -> &str {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{self:?}");
        &self.stdout
    }

    /// The first line that a command which must succeed prints.
    pub fn first_line(&self) -> &str {
        self.success().lines().next().unwrap_or_default()
    }

    /// The error of a command that must fail: exit code 1 and one line on standard error that has all of `parts`.
    pub fn refusal(&self, parts: &[&str]) -> &str {
        assert_eq!(self.code, Some(1), "{self:?}");
        let message = self
            .stderr
            .strip_prefix("error: ")
            .and_then(|rest| rest.strip_suffix('\n'));
        let message = message.filter(|message| !message.contains('\n'));
        let message = message.unwrap_or_else(|| panic!("expected one line `error: ...`: {self:?}"));
        assert_parts(message, parts);
        message
    }

    /// Standard error of a command whose command line must be refused, with exit code 2.
    pub fn misuse(&self) -> &str {
        assert_eq!((self.code, &*self.stdout), (Some(2), ""), "{self:?}");
        &self.stderr
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
