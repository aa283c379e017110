//! Builds for a Raspberry Pi.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::platform::Platform;
use crate::command::output;
use crate::firmware::toolchain::Toolchain;
use crate::workspace::executable;

/// Which of the programs `infer`.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Whether it runs ONNX models, with tract.
    pub onnx: bool,
    /// Whether it brings its library of C.
    pub is_static: bool,
}

/// The one that runs everything, for a system like Debian.
pub const USUAL: Variant = Variant {
    onnx: true,
    is_static: false,
};

/// The one that runs flash files alone.
pub const FLASH_ONLY: Variant = Variant {
    onnx: false,
    is_static: false,
};

pub struct Builder {
    platform: &'static Platform,
    triple: &'static str,
    variant: Variant,
    toolchain: Toolchain,
}

impl Builder {
    /// For this platform; installs what is missing.
    pub fn new(platform: &'static Platform, variant: Variant) -> Result<Self> {
        platform.find_compiler()?;
        let triple = if variant.is_static {
            platform.static_triple
        } else {
            platform.triple
        };
        let toolchain = Toolchain::active(&[triple])?;
        Ok(Self {
            platform,
            triple,
            variant,
            toolchain,
        })
    }

    /// The profile of small programs.
    pub fn profile(&self) -> &'static str {
        if self.variant.onnx { "pi" } else { "pi-flash" }
    }

    pub fn infer(&self, profile: &str) -> Result<PathBuf> {
        let mut command = self.cargo("build", profile);
        command.args(["--package", "infer"]);
        if !self.variant.onnx {
            command.arg("--no-default-features");
        }
        command.arg("--message-format=json-render-diagnostics");
        executable(&output(&mut command)?, "infer")
    }

    /// The crates that the program is made of, a line each: name, version and licence.
    pub fn crates(&self) -> Result<String> {
        let mut command = self.toolchain.cargo("tree", &[]);
        command.args([
            "--package",
            "infer",
            "--edges",
            "normal,no-proc-macro",
            "--target",
        ]);
        command.args([self.triple, "--prefix", "none", "--no-dedupe"]);
        command.args(["--format", "{p} {l}"]);
        if !self.variant.onnx {
            command.arg("--no-default-features");
        }
        let tree = output(&mut command)?;
        // Those with a path are this repository's.
        let mut lines: Vec<&str> = tree.lines().filter(|line| !line.contains(" (/")).collect();
        lines.sort_unstable();
        lines.dedup();
        Ok(lines.join("\n") + "\n")
    }

    /// What runs the core's tests in the emulator, but for the longest ones: they damage the shipped file, and there are
    /// others of their kind for a small one.
    pub fn core_tests(&self, profile: &str) -> Command {
        let mut command = self.cargo("test", profile);
        command.args(["--package", "no_std_core", "--tests", "--no-fail-fast"]);
        command.args(["--", "--skip", "shipped::changed"]);
        self.platform.set_runner(&mut command);
        command
    }

    /// What runs the tests of the core's engine for hosts in the emulator, as another processor of the platform.
    pub fn host_tests(&self, profile: &str, processor: &str) -> Command {
        let mut command = self.cargo("test", profile);
        command.args(["--package", "no_std_core", "--test", "suite", "host::"]);
        self.platform.set_runner(&mut command);
        command.env("QEMU_CPU", processor);
        command
    }

    fn cargo(&self, subcommand: &str, profile: &str) -> Command {
        let mut command = self.toolchain.cargo(subcommand, &[]);
        self.platform.set_compiler(&mut command, self.triple);
        command.args(["--profile", profile, "--target", self.triple]);
        command
    }
}
