//! `cargo xtask test`: every check there is, the last line with their counts.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::command::{cargo, describe, output, run, run_quietly, status, watch};
use crate::console::{heading, human};
use crate::firmware;
use crate::instructions;
use crate::library;
use crate::onnxruntime;
use crate::own_pictures;
use crate::page;
use crate::pi;
use crate::pip;
use crate::summary::{self, Counts};
use crate::tally::Tally;
use crate::workspace::executable;

/// Pinned, since its last line is read.
const INSTALL_NEXTEST: &str = "cargo install cargo-nextest@0.9.143 --locked";

const INSTALL_RUSTFMT: &str = "rustup component add rustfmt";

/// A check: one cargo command.
struct Step {
    heading: &'static str,
    /// Separated by spaces.
    arguments: &'static str,
    /// What installs the tool, where a Rust toolchain may lack it.
    install: Option<&'static str>,
    /// What finds the counts of tests in a line of output, where this runs tests.
    counts: Option<fn(&str) -> Option<Counts>>,
}

impl Step {
    const fn new(heading: &'static str, arguments: &'static str) -> Self {
        Self {
            heading,
            arguments,
            install: None,
            counts: None,
        }
    }

    const fn installed_by(self, command: &'static str) -> Self {
        Self {
            install: Some(command),
            ..self
        }
    }

    const fn counted_by(self, counts: fn(&str) -> Option<Counts>) -> Self {
        Self {
            counts: Some(counts),
            ..self
        }
    }
}

/// All of the workspace in the release profile: the tests of both kinds share compiled dependencies, and all share build
/// scripts and procedural macros. The boards are a workspace of their own, since they are for other machines; the fuzz
/// target is only compiled, since fuzzing takes another toolchain.
const STEPS: &[Step] = &[
    Step::new("Formatting", "fmt --all --check").installed_by(INSTALL_RUSTFMT),
    Step::new(
        "Lints",
        "clippy --release --workspace --all-targets -- -D warnings",
    )
    .installed_by("rustup component add clippy"),
    Step::new(
        "Tests",
        "nextest run --release --workspace --no-fail-fast --config-file tests/nextest.toml",
    )
    .installed_by(INSTALL_NEXTEST)
    .counted_by(summary::nextest),
    Step::new(
        "Examples in documentation",
        "test --doc --release --workspace --no-fail-fast",
    )
    .counted_by(summary::harness),
    Step::new(
        "Formatting of firmware",
        "fmt --all --check --manifest-path no_std_core/boards/Cargo.toml",
    )
    .installed_by(INSTALL_RUSTFMT),
    Step::new(
        "Fuzz target",
        "check --release --locked --manifest-path no_std_core/fuzz/Cargo.toml",
    ),
    Step::new(
        "Documentation",
        "doc --release --workspace --no-deps --config build.rustdocflags=['-Dwarnings']",
    ),
];

/// Runs every step, whatever becomes of the others, with tools and temporary files in the folder `target`.
///
/// Returns whether nothing failed; a missing tool is a failure where the environment says `CI=true`.
pub fn test(target: &Path) -> Result<bool> {
    let start = Instant::now();
    let skips = tempfile::NamedTempFile::new_in(target)
        .with_context(|| format!("cannot create a file in {}", target.display()))?
        .into_temp_path();
    let mut tally = Tally::new(env::var_os("CI").is_some_and(|value| value == "true"));

    let mut environment = tools(target, &mut tally)?;
    environment.push(("BATON_SKIPS", skips.as_os_str().to_owned()));
    let programs = build(&environment);
    match &programs {
        Ok(messages) => fetch_data(&executable(messages, "train")?),
        Err(error) => println!("{error:#}"),
    }
    for step in STEPS {
        step.run(&environment, &mut tally)?;
    }
    firmware::check(target, &mut tally);
    match programs.and_then(|messages| executable(&messages, "infer")) {
        Ok(infer) => {
            if let Some(programs) = infer.parent() {
                own_pictures::suite(programs, &environment, target, &mut tally);
            }
            firmware::suite(target, &mut tally);
            library::suite(target, &mut tally);
            page::suite(&infer, target, &mut tally);
            pi::suite(&infer, &mut tally);
            instructions::suite(target, &mut tally);
        }
        Err(_) => tally.step("Build", false, Counts::default()),
    }
    let lines =
        fs::read_to_string(&skips).with_context(|| format!("cannot read {}", skips.display()))?;
    tally.self_skipped(&lines);

    heading(&format!("All in {}", human(start.elapsed())));
    print!("{tally}");
    Ok(tally.good())
}

/// Variables for a child process.
type Environment = Vec<(&'static str, OsString)>;

impl Step {
    fn run(&self, environment: &Environment, tally: &mut Tally) -> Result<()> {
        let mut command = cargo(self.arguments);
        command.envs(environment.iter().cloned());
        heading(&format!("{}: {}", self.heading, describe(&command)));
        if let Some(install) = self.install
            && !available(self.arguments, environment)
        {
            tally.missing(self.heading, &format!("`{install}` installs it"));
            return Ok(());
        }

        let start = Instant::now();
        let (success, tests) = match self.counts {
            Some(counts) => count(&mut command, counts)?,
            None => (status(&mut command)?.success(), Counts::default()),
        };
        let verdict = if success { "passed" } else { "FAILED" };
        println!("{} {verdict} in {}", self.heading, human(start.elapsed()));
        tally.step(self.heading, success, tests);
        Ok(())
    }
}

/// Runs tests and adds up what `counts` finds; a run in which it finds nothing is no success.
pub fn count(
    command: &mut Command,
    counts: impl Fn(&str) -> Option<Counts>,
) -> Result<(bool, Counts)> {
    let mut found = false;
    let mut total = Counts::default();
    let status = watch(command, |line| {
        if let Some(counts) = counts(line) {
            found = true;
            total += counts;
        }
    })?;
    Ok((status.success() && found, total))
}

/// Fetches what tests on real data need into the user's cache, where it is not there; without it they skip themselves.
fn fetch_data(train: &Path) {
    heading("Data");
    for data in ["data", "pictures"] {
        if let Err(error) = run(Command::new(train).arg(data)) {
            println!("{error:#}");
        }
    }
}

/// Builds what the tests are about to need, with the same features of dependencies, and returns cargo's messages.
fn build(environment: &Environment) -> Result<String> {
    heading("Build");
    let build = "build --release --workspace --tests --message-format=json-render-diagnostics";
    output(cargo(build).envs(environment.iter().cloned()))
}

/// Installs what is missing into the folder `tools` of `target`, as far as possible; returns what makes children find it.
fn tools(target: &Path, tally: &mut Tally) -> Result<Environment> {
    heading("Tools");
    let tools = target.join("tools");
    let inherited = env::var_os("PATH").unwrap_or_default();
    let path = [tools.join("bin")]
        .into_iter()
        .chain(env::split_paths(&inherited));
    let mut environment = vec![("PATH", env::join_paths(path)?)];
    let install = INSTALL_NEXTEST.trim_start_matches("cargo ");
    if !available("nextest", &environment)
        && let Err(error) = run(cargo(install).arg("--root").arg(tools))
    {
        println!("{error:#}");
    }
    match onnxruntime::library(target) {
        Ok(library) => environment.extend(onnxruntime::variables(&library)),
        Err(error) => {
            println!("{error:#}");
            tally.missing("ONNX Runtime", &onnxruntime::remedy(target));
        }
    }
    match pip::onnx(target) {
        Ok(folder) => environment.extend(folder.map(|folder| ("PYTHONPATH", folder.into()))),
        Err(error) => {
            println!("{error:#}");
            tally.missing("Python's package onnx", &pip::onnx_remedy(target));
        }
    }
    Ok(environment)
}

/// Whether there is the subcommand that the arguments of a cargo command begin with.
fn available(arguments: &str, environment: &Environment) -> bool {
    let subcommand = arguments.split(' ').next().unwrap_or_default();
    let mut probe = cargo(&format!("{subcommand} --version"));
    run_quietly(probe.envs(environment.iter().cloned())).is_ok()
}
