//! `cargo xtask firmware check`: what the core needs on a microcontroller.
//!
//! The firmware in [`FOLDER`] calls all of the core. Linked, it must have no function that panics, allocates or computes
//! in floating point.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use super::symbols::{Need, Symbols};
use super::toolchain::{self, Toolchain};
use crate::command::{relative, run, run_failing};
use crate::console::heading;
use crate::tally::Tally;

const FOLDER: &str = "no_std_core/boards/link-check";

/// The smallest processors and the middle ones, both by names under which floats are calls of functions and show.
const TARGETS: [&str; 2] = ["thumbv6m-none-eabi", "thumbv7em-none-eabi"];

/// The firmware's profiles and their optimisation levels.
const PROFILES: [(&str, &str); 2] = [("release", "s"), ("fast", "3")];

/// The function that the firmware's panic handler calls and that nobody defines.
const TRAP: &str = "a_panic_can_be_reached";

/// Checks the core on every target, each of which is one test, with tools and builds in the folder `target`.
pub fn check(target: &Path, tally: &mut Tally) {
    heading("Firmware: cargo xtask firmware check");
    match Toolchain::find(&target.join("tools"), &TARGETS) {
        Ok(toolchain) => {
            for triple in TARGETS {
                let firmware = Firmware {
                    toolchain: &toolchain,
                    folder: target.join("firmware"),
                    triple,
                };
                firmware.test(tally);
            }
        }
        Err(error) => {
            println!("{error:#}");
            for triple in TARGETS {
                tally.missing(&name(triple), &toolchain::remedy(&TARGETS));
            }
        }
    }
}

fn name(triple: &str) -> String {
    format!("Firmware for {triple}")
}

/// The firmware for one target.
struct Firmware<'a> {
    toolchain: &'a Toolchain,
    /// Where cargo builds it.
    folder: PathBuf,
    triple: &'a str,
}

impl Firmware<'_> {
    fn test(&self, tally: &mut Tally) {
        tally.test(&name(self.triple), || self.check());
    }

    /// Checks the firmware in every profile; returns the sizes of its code.
    fn check(&self) -> Result<String> {
        let mut sizes = Vec::new();
        for (profile, level) in PROFILES {
            let symbols = self.link(profile, &[])?;
            ensure!(
                symbols.has_core(),
                "opt-level {level}: expected functions of the core, found none"
            );
            let needs = symbols.needs();
            ensure!(
                needs.is_empty(),
                "opt-level {level}: expected no panic, allocator or float, found {}",
                needs.join(", ")
            );
            sizes.push(format!("{} at opt-level {level}", symbols.code_len()));
        }
        self.check_that_faults_show()?;
        Ok(format!("bytes of code: {}", sizes.join(", ")))
    }

    /// That a firmware with a panic and a float is refused twice: by the linker, and, where the trap is defined, by its
    /// symbols.
    fn check_that_faults_show(&self) -> Result<()> {
        let (profile, _) = PROFILES[0];
        let faulty = "--features=faulty";
        let complaints = run_failing(&mut self.build(profile, &[faulty]))?;
        ensure!(
            complaints.contains(TRAP),
            "expected {TRAP} to be missing, found {complaints}"
        );
        let trap = format!("-Clink-arg=--defsym={TRAP}=0");
        let symbols = self.link(profile, &[faulty, "--", &trap])?;
        for need in [Need::Panic, Need::Float] {
            ensure!(
                symbols.needs_any(need),
                "expected a deliberate {need:?} to show in the symbols"
            );
        }
        Ok(())
    }

    fn link(&self, profile: &str, arguments: &[&str]) -> Result<Symbols> {
        run(&mut self.build(profile, arguments))?;
        let built = self.folder.join(self.triple).join(profile);
        Symbols::read(&built.join("link-check"))
    }

    fn build(&self, profile: &str, arguments: &[&str]) -> Command {
        let mut command = self.toolchain.cargo(&["rustc", "--quiet"], &[]);
        command
            .arg("--manifest-path")
            .arg(format!("{FOLDER}/Cargo.toml"));
        command.args(["--profile", profile, "--target", self.triple]);
        command.arg("--target-dir").arg(relative(&self.folder));
        command.args(arguments);
        command
    }
}
