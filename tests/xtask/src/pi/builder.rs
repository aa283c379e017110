//! Builds for a Raspberry Pi.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::platform::Platform;
use crate::command::output;
use crate::firmware::toolchain::Toolchain;
use crate::workspace::executable;

pub struct Builder {
    platform: &'static Platform,
    toolchain: Toolchain,
}

impl Builder {
    /// For this platform; installs what is missing.
    pub fn new(platform: &'static Platform) -> Result<Self> {
        platform.find_compiler()?;
        let toolchain = Toolchain::active(&[platform.triple])?;
        Ok(Self {
            platform,
            toolchain,
        })
    }

    pub fn infer(&self, profile: &str) -> Result<PathBuf> {
        let mut command = self.cargo("build", profile);
        command.args(["--package", "infer"]);
        command.arg("--message-format=json-render-diagnostics");
        executable(&output(&mut command)?, "infer")
    }

    /// What runs the core's tests in the emulator.
    pub fn core_tests(&self, profile: &str) -> Command {
        let mut command = self.cargo("test", profile);
        command.args(["--package", "no_std_core", "--tests", "--no-fail-fast"]);
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
        let flags = [
            format!("-Clinker={}", self.platform.compiler),
            "-Cstrip=symbols".to_owned(),
        ];
        let mut command = self.toolchain.cargo(subcommand, &flags);
        command.args(["--profile", profile, "--target", self.platform.triple]);
        command
    }
}
