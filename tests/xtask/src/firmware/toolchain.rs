//! A Rust toolchain that builds for microcontrollers.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::sysroot;
use crate::apt;
use crate::command::{cargo, describe, output, run_quietly};

/// A compiler that has the library `core` of the targets.
pub struct Toolchain {
    rustc: OsString,
    flags: Vec<String>,
}

impl Toolchain {
    /// The active toolchain if it has the targets, otherwise Debian's with libraries in the folder `tools`. Where both lack
    /// them, rustup adds them to the one, or they are built for the other.
    pub fn find(tools: &Path, targets: &[&str]) -> Result<Self> {
        let active = Self::installed();
        if active.has(targets) {
            return Ok(active);
        }
        if let Ok(debian) = Self::debian(tools)
            && debian.has(targets)
        {
            return Ok(debian);
        }
        Self::active(targets).or_else(|error| {
            eprintln!("{error:#}");
            sysroot::install(tools, targets)?;
            Self::debian(tools)
        })
    }

    /// The active toolchain; rustup adds the targets that it lacks.
    pub fn active(targets: &[&str]) -> Result<Self> {
        let active = Self::installed();
        if !active.has(targets) {
            eprintln!("Adding {} with rustup (once)", targets.join(", "));
            run_quietly(&mut rustup(targets))?;
        }
        ensure!(active.has(targets), "the active compiler is not rustup's");
        Ok(active)
    }

    fn debian(tools: &Path) -> Result<Self> {
        Ok(Self::new(sysroot::RUSTC, sysroot::flags(tools)?))
    }

    /// Whether it is Debian's, with Debian's linkers.
    pub fn is_debian(&self) -> bool {
        self.rustc == sysroot::RUSTC
    }

    fn installed() -> Self {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        Self::new(rustc, Vec::new())
    }

    /// The compiler `rustc` with these flags in every build for a microcontroller.
    fn new(rustc: impl Into<OsString>, flags: Vec<String>) -> Self {
        Self {
            rustc: rustc.into(),
            flags,
        }
    }

    /// Whether every target has the library `core`.
    fn has(&self, targets: &[&str]) -> bool {
        let mut targets = targets.iter();
        targets.all(|target| self.has_core(target).is_ok_and(|has| has))
    }

    fn has_core(&self, target: &str) -> Result<bool> {
        let mut command = Command::new(&self.rustc);
        command.args(&self.flags);
        let folder = output(command.args(["--print=target-libdir", "--target", target]))?;
        let mut files = fs::read_dir(folder.trim_end())?.flatten();
        Ok(files.any(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
    }

    /// Whether the compiler knows a processor of a target.
    pub fn has_processor(&self, target: &str, name: &str) -> Result<bool> {
        let mut command = Command::new(&self.rustc);
        let names = output(command.args(["--print=target-cpus", "--target", target]))?;
        Ok(names
            .lines()
            .any(|line| line.split_whitespace().next() == Some(name)))
    }

    /// The cargo that runs this program, with this toolchain's compiler, `flags` for it and none of the flags that the
    /// user has for other builds.
    pub fn cargo(&self, arguments: &str, flags: &[String]) -> Command {
        let flags = [&*self.flags, flags].concat().join("\u{1f}");
        let mut command = cargo(arguments);
        command
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", flags);
        command
    }
}

/// What to type where [`Toolchain::find`] fails.
pub fn remedy(targets: &[&str]) -> String {
    format!(
        "`{}` adds what it takes, or {}",
        describe(&rustup(targets)),
        apt::remedy(&sysroot::PACKAGES)
    )
}

fn rustup(targets: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["target", "add"]).args(targets);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_there_is_not_had() {
        let folder = tempfile::tempdir().unwrap();
        let sysroot = format!("--sysroot={}", folder.path().display());
        let toolchain = Toolchain::new("rustc", vec![sysroot]);
        assert!(toolchain.has(&[]));
        let targets = ["thumbv6m-none-eabi", "thumbv7em-none-eabi"];
        for target in targets {
            assert!(!toolchain.has(&targets), "{target} is not there");
            let libraries = sysroot::libraries(folder.path(), target);
            fs::create_dir_all(&libraries).unwrap();
            fs::write(libraries.join("libcompiler_builtins-1.rlib"), "").unwrap();
            assert!(!toolchain.has(&targets), "{target} has no core");
            fs::write(libraries.join("libcore-1.rlib"), "").unwrap();
        }
        assert!(toolchain.has(&targets));
        assert!(!Toolchain::new("no-such-rustc", Vec::new()).has(&targets));
    }

    #[test]
    fn flags_of_the_user_do_not_reach_the_firmware() {
        let flags = vec!["--sysroot=a b".to_owned(), "-Clinker=ld".to_owned()];
        let toolchain = Toolchain::new("rustc", flags);
        let command = toolchain.cargo("build", &["-Ctarget-cpu=cortex-m33".to_owned()]);
        let mut variables = command.get_envs();
        let expected = "--sysroot=a b\u{1f}-Clinker=ld\u{1f}-Ctarget-cpu=cortex-m33";
        let expected = ("CARGO_ENCODED_RUSTFLAGS".as_ref(), Some(expected.as_ref()));
        assert!(variables.any(|variable| variable == expected));
    }

    #[test]
    fn the_remedy_can_be_typed() {
        let remedy = remedy(&["thumbv6m-none-eabi"]);
        for part in ["`rustup target add thumbv6m-none-eabi`", " rust-web-src`"] {
            assert!(remedy.contains(part), "{remedy}");
        }
    }
}
