//! `cargo xtask instructions`: how many instructions the integer engine takes for a picture on the cores of Raspberry Pis.
//!
//! They are counted in QEMU, where the same program takes the same number every time.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::apt::{self, unpacked};
use crate::command::{output, run_quietly};
use crate::console::heading;
use crate::firmware::metrics::grouped;
use crate::firmware::toolchain::Toolchain;
use crate::pi;
use crate::snapshots::{Metrics, Rules, Snapshots};
use crate::tally::Tally;
use crate::workspace::example;

/// What the project promises of the digits, a tenth or more below what XNNPACK takes in 8 bits on the same core.
const RULES: Rules = Rules {
    file: "tests/instructions/snapshots.json",
    update: "cargo xtask instructions --update",
    limits: &[
        (Some("Cortex-A53"), INSTRUCTIONS, 1_100_000),
        (Some("Cortex-A72"), INSTRUCTIONS, 1_100_000),
        (Some("Cortex-A76"), INSTRUCTIONS, 450_000),
        (None, STRUCTURE_LOADS, 0),
    ],
};

const INSTRUCTIONS: &str = "instructions";
const STRUCTURE_LOADS: &str = "structure loads";

const DIGITS: &str = "models/digits.q8";
const TRIPLE: &str = "aarch64-unknown-linux-gnu";
const COMPILER: &str = "aarch64-linux-gnu-gcc";
/// Where Debian's cross compiler has the libraries of the target.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";
const EMULATOR: &str = "qemu-aarch64";
/// The folder of the tools that the emulator is unpacked in: the static one of the system takes no plugins.
const FOLDER: &str = "qemu-user";
const PACKAGE: [&str; 1] = ["qemu-user"];
const PLUGIN: &str = "tests/instructions/counter.c";

/// The cores of the Raspberry Pi 3, 4 and 5, and what runs models there.
const CORES: [(&str, &str, &str); 3] = [
    ("Cortex-A53", "cortex-a53", "NEON"),
    ("Cortex-A72", "cortex-a72", "NEON"),
    ("Cortex-A76", "cortex-a76", "NEON dot product"),
];

/// Runs whose instructions are counted, after the first ones, which fill caches and memory.
const RUNS: [u64; 2] = [5, 15];

/// What to count.
#[derive(Debug, Args)]
pub struct Options {
    /// Flash files to count for
    #[arg(default_value = DIGITS, value_name = "FILE")]
    models: Vec<PathBuf>,

    /// Write what the digits take into the snapshots
    #[arg(long)]
    update: bool,
}

/// Counts, and prints a line for each model and core.
pub fn run(options: &Options, target: &Path) -> Result<ExitCode> {
    let counter = Counter::new(target)?;
    for model in &options.models {
        for (core, ..) in CORES {
            let metrics = counter.count(core, model)?;
            let count = |name: &str| grouped(metrics[name]);
            let (instructions, loads) = (count(INSTRUCTIONS), count(STRUCTURE_LOADS));
            println!(
                "{}: {core}: {instructions} instructions, {loads} structure loads",
                model.display()
            );
        }
    }
    if options.update {
        let mut snapshots = Snapshots::read(&RULES).unwrap_or_else(|_| Snapshots::new(&RULES));
        for (core, ..) in CORES {
            snapshots.update(core, counter.count(core, Path::new(DIGITS))?);
        }
        snapshots.write()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares the counts with their snapshots.
pub fn suite(target: &Path, tally: &mut Tally) {
    heading("Instructions on a Raspberry Pi's cores");
    match Counter::new(target) {
        Ok(counter) => {
            for (core, ..) in CORES {
                tally.test(&format!("Instructions, {core}"), || counter.check(core));
            }
        }
        Err(error) => {
            println!("{error:#}");
            tally.missing(
                "Instructions on a Raspberry Pi's cores",
                &apt::remedy(&PACKAGE),
            );
        }
    }
}

/// What counts instructions.
struct Counter {
    /// The folder of tools, the plugin and the program that runs a model.
    tools: PathBuf,
    plugin: PathBuf,
    program: PathBuf,
}

impl Counter {
    /// Builds what is needed, and fetches the emulator where it is missing.
    fn new(target: &Path) -> Result<Self> {
        pi::find_compiler()?;
        let tools = target.join("tools");
        let folder = tools.join(FOLDER);
        if unpacked::program(&folder, EMULATOR).is_none() {
            unpacked::unpack(&PACKAGE, &folder)?;
        }
        let plugin = folder.join("counter.so");
        run_quietly(
            Command::new("cc")
                .args(["-shared", "-fPIC", "-O2", "-o"])
                .args([plugin.as_os_str(), PLUGIN.as_ref()]),
        )?;
        Ok(Self {
            tools,
            plugin,
            program: program()?,
        })
    }

    /// The instructions of one run of a model on a core.
    fn count(&self, core: &str, model: &Path) -> Result<Metrics> {
        let of_core = CORES.iter().find(|(name, ..)| *name == core);
        let &(_, processor, backend) = of_core.context("expected a core of the table")?;
        let [few, many] = RUNS.map(|times| self.run(processor, backend, model, times));
        let (few, many) = (few?, many?);
        let each = |(name, &many): (&String, &u64)| {
            let more = many.checked_sub(few.get(name).copied().unwrap_or(0));
            (name.clone(), more.unwrap_or(0) / (RUNS[1] - RUNS[0]))
        };
        Ok(many.iter().map(each).collect())
    }

    /// What the plugin has counted when the program has run a model some times.
    fn run(&self, processor: &str, backend: &str, model: &Path, times: u64) -> Result<Metrics> {
        let emulator = unpacked::program(&self.tools.join(FOLDER), EMULATOR);
        let mut command = emulator.context("the emulator is gone")?;
        command.args(["-L", LIBRARIES, "-cpu", processor, "-plugin"]);
        command.arg(&self.plugin).arg(&self.program);
        command.arg(model).args([backend, &times.to_string()]);
        let found = command
            .output()
            .with_context(|| format!("cannot run {EMULATOR}"))?;
        let text = String::from_utf8_lossy(&found.stderr);
        ensure!(found.status.success(), "{EMULATOR}: {}", text.trim());
        parse(&text)
    }

    fn check(&self, core: &str) -> Result<String> {
        let metrics = self.count(core, Path::new(DIGITS))?;
        let changes = Snapshots::read(&RULES)?.compare(core, &metrics);
        for improvement in &changes.improvements {
            println!("{improvement}");
        }
        ensure!(changes.failures.is_empty(), changes.failures.join("; "));
        Ok(format!("{} for a digit", grouped(metrics[INSTRUCTIONS])))
    }
}

/// Builds the program that runs a model some times.
fn program() -> Result<PathBuf> {
    let toolchain = Toolchain::active(&[TRIPLE])?;
    let flags = [format!("-Clinker={COMPILER}")];
    let mut command = toolchain.cargo("build", &flags);
    command.args(["--release", "--target", TRIPLE, "--package", "no_std_core"]);
    command.args(["--features", "host", "--example", "repeat"]);
    command.arg("--message-format=json-render-diagnostics");
    example(&output(&mut command)?, "repeat")
}

/// The counts that the plugin prints: a name and a number a line.
fn parse(text: &str) -> Result<Metrics> {
    let line = |line: &str| {
        let (name, count) = line.rsplit_once(' ')?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    let metrics: Metrics = text.lines().filter_map(line).collect();
    for name in [INSTRUCTIONS, STRUCTURE_LOADS] {
        if !metrics.contains_key(name) {
            bail!("expected a count of {name}, found {text:?}");
        }
    }
    Ok(metrics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_lines() {
        let metrics = parse("instructions 12\nstructure loads 0\n").unwrap();
        assert_eq!((metrics[INSTRUCTIONS], metrics[STRUCTURE_LOADS]), (12, 0));
        assert!(parse("instructions 12\n").is_err());
        assert!(parse("").is_err());
    }
}
