//! The table of platforms that a Raspberry Pi can be.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::apt;
use crate::command::{output, run_quietly};

/// A Raspberry Pi under one kind of system, and what builds for it and stands in for it here.
#[derive(Debug, PartialEq, Eq)]
pub struct Platform {
    pub name: &'static str,
    /// How wide its system's addresses are.
    pub bits: u32,
    /// What it is compiled for.
    pub triple: &'static str,
    /// The same for a program that brings its library of C, musl.
    pub static_triple: &'static str,
    /// What Debian calls it.
    pub architecture: &'static str,
    /// The C compiler, which links and assembles.
    pub compiler: &'static str,
    /// The packages that have the C compiler and a library of C to link with.
    packages: [&'static str; 2],
    /// QEMU's program that runs one program of the platform.
    emulator: &'static str,
    /// Where the emulator finds the platform's libraries, which processor it emulates, and what tract is to know of it.
    environment: [(&'static str, &'static str); 3],
}

const EMULATORS: &str = "qemu-user-static";

/// Every platform. The processors are the oldest ones that have the platform's system, except that aarch64's is a
/// Raspberry Pi 4's.
///
/// tract chooses its inner loops by `/proc/cpuinfo`, where QEMU lets programs see another processor: this one.
pub const PLATFORMS: [Platform; 2] = [
    Platform {
        name: "aarch64",
        bits: 64,
        triple: "aarch64-unknown-linux-gnu",
        static_triple: "aarch64-unknown-linux-musl",
        architecture: "arm64",
        compiler: "aarch64-linux-gnu-gcc",
        packages: ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
        emulator: "qemu-aarch64-static",
        environment: [
            ("QEMU_LD_PREFIX", "/usr/aarch64-linux-gnu"),
            ("QEMU_CPU", "cortex-a72"),
            ("TRACT_CPU_AARCH64_KIND", "a72"),
        ],
    },
    Platform {
        name: "armv7",
        bits: 32,
        triple: "armv7-unknown-linux-gnueabihf",
        static_triple: "armv7-unknown-linux-musleabihf",
        architecture: "armhf",
        compiler: "arm-linux-gnueabihf-gcc",
        packages: ["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
        emulator: "qemu-arm-static",
        environment: [
            ("QEMU_LD_PREFIX", "/usr/arm-linux-gnueabihf"),
            ("QEMU_CPU", "cortex-a7"),
            ("TRACT_CPU_ARM32_NEON", "true"),
        ],
    },
];

pub fn names() -> impl Iterator<Item = &'static str> {
    PLATFORMS.iter().map(|platform| platform.name)
}

pub fn named(name: &str) -> Option<&'static Platform> {
    PLATFORMS.iter().find(|platform| platform.name == name)
}

impl Platform {
    /// Makes sure that the C compiler and its library are there; what is missing is installed if nobody has to be asked.
    pub fn find_compiler(&self) -> Result<()> {
        if !self.links() {
            apt::install(&self.packages)?;
        }
        let compiler = self.compiler;
        ensure!(
            self.links(),
            "{compiler}: expected a library libc.so, found none"
        );
        Ok(())
    }

    /// Whether the compiler finds a library of C, of which it otherwise repeats the name.
    fn links(&self) -> bool {
        let library = output(Command::new(self.compiler).arg("-print-file-name=libc.so"));
        library.is_ok_and(|path| Path::new(path.trim()).is_absolute())
    }

    /// Makes sure that the emulator is there; it is installed if nobody has to be asked.
    pub fn find_emulator(&self) -> Result<()> {
        let probe = || run_quietly(Command::new(self.emulator).arg("--version"));
        probe().or_else(|_| apt::install(&[EMULATORS]).and_then(|()| probe()))
    }

    /// What runs the program in the emulator.
    pub fn emulate(&self, program: &Path) -> Command {
        let mut command = Command::new(self.emulator);
        command.envs(self.environment).arg(program);
        command
    }

    /// Makes a cargo run programs of this platform in the emulator.
    pub fn set_runner(&self, cargo: &mut Command) {
        let triple = self.triple.to_uppercase().replace('-', "_");
        let runner = format!("CARGO_TARGET_{triple}_RUNNER");
        cargo.env(runner, self.emulator).envs(self.environment);
    }

    /// Makes a cargo link, and compile what is in C or assembly, for one of the platform's triples.
    pub fn set_compiler(&self, cargo: &mut Command, triple: &str) {
        let name = triple.replace('-', "_");
        let linker = format!("CARGO_TARGET_{}_LINKER", name.to_uppercase());
        let variables = [linker, format!("CC_{name}")];
        cargo.envs(variables.map(|variable| (variable, self.compiler)));
    }

    /// What to type where something is missing.
    pub fn remedy(&self) -> String {
        let [compiler, library] = self.packages;
        let packages = apt::remedy(&[compiler, library, EMULATORS]);
        format!("`rustup target add {}` and, {packages}", self.triple)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_platform() {
        for (platform, name) in PLATFORMS.iter().zip(names()) {
            assert_eq!(named(name), Some(platform));
        }
        assert_eq!(named("x86_64"), None);
    }

    #[test]
    fn cargo_takes_the_runner_from_the_environment() {
        let [_, armv7] = &PLATFORMS;
        let mut command = Command::new("cargo");
        armv7.set_runner(&mut command);
        let variable = "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER";
        let expected = (variable.as_ref(), Some("qemu-arm-static".as_ref()));
        assert!(command.get_envs().any(|variable| variable == expected));
    }

    #[test]
    fn the_remedy_can_be_typed() {
        let remedy = PLATFORMS[0].remedy();
        let packages = "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static`";
        for part in ["`rustup target add aarch64-unknown-linux-gnu`", packages] {
            assert!(remedy.contains(part), "{remedy}");
        }
    }
}
