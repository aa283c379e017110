//! `cargo xtask test`: every check there is, the last line with their counts.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::command::{cargo, describe, run, run_quietly, status, watch};
use crate::console::{heading, human};
use crate::firmware;
use crate::onnxruntime;
use crate::summary::{self, Counts};
use crate::tally::Tally;

/// A check: one cargo command.
struct Step {
    heading: &'static str,
    arguments: &'static [&'static str],
    /// Set for this command on top of what every command gets.
    environment: &'static [(&'static str, &'static str)],
    /// What installs the tool, where a Rust toolchain may lack it.
    install: Option<&'static str>,
    /// Whether cargo-nextest runs tests here, which are counted one by one.
    counted: bool,
}

/// All in the release profile, so that the dependencies are compiled once.
const STEPS: &[Step] = &[
    Step {
        heading: "Formatting",
        arguments: &["fmt", "--all", "--check"],
        environment: &[],
        install: Some("rustup component add rustfmt"),
        counted: false,
    },
    Step {
        heading: "Lints",
        arguments: &[
            "clippy",
            "--release",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        environment: &[],
        install: Some("rustup component add clippy"),
        counted: false,
    },
    Step {
        heading: "Tests",
        arguments: &[
            "nextest",
            "run",
            "--release",
            "--workspace",
            "--no-fail-fast",
            "--config-file",
            "tests/nextest.toml",
        ],
        environment: &[],
        install: Some("cargo install cargo-nextest --locked"),
        counted: true,
    },
    Step {
        heading: "Documentation",
        arguments: &["doc", "--release", "--workspace", "--no-deps"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
        install: None,
        counted: false,
    },
];

/// Runs every step, whatever becomes of the others, with tools and temporary files in the folder `target`.
///
/// Returns whether nothing failed and, where the environment says `CI=true`, nothing was skipped.
pub fn test(target: &Path) -> Result<bool> {
    let start = Instant::now();
    let skips = tempfile::NamedTempFile::new_in(target)
        .with_context(|| format!("cannot create a file in {}", target.display()))?
        .into_temp_path();
    let mut tally = Tally::new(env::var_os("CI").is_some_and(|value| value == "true"));

    let mut environment = tools(target, &mut tally)?;
    environment.push(("BATON_SKIPS", skips.as_os_str().to_owned()));
    for step in STEPS {
        step.run(&environment, &mut tally)?;
    }
    firmware::check(target, &mut tally);
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
        command
            .envs(environment.iter().cloned())
            .envs(self.environment.iter().copied());
        heading(&format!("{}: {}", self.heading, describe(&command)));
        if let Some(install) = self.install
            && !available(self.arguments[0], environment)
        {
            tally.missing(self.heading, &format!("`{install}` installs it"));
            return Ok(());
        }

        let start = Instant::now();
        let (success, tests) = if self.counted {
            count(&mut command)?
        } else {
            (status(&mut command)?.success(), Counts::default())
        };
        let verdict = if success { "passed" } else { "FAILED" };
        println!("{} {verdict} in {}", self.heading, human(start.elapsed()));
        tally.step(self.heading, success, tests);
        Ok(())
    }
}

/// Runs cargo-nextest; a run without a summary is no success.
fn count(command: &mut Command) -> Result<(bool, Counts)> {
    let mut tests = None;
    let status = watch(command, |line| tests = summary::parse(line).or(tests))?;
    Ok((
        status.success() && tests.is_some(),
        tests.unwrap_or_default(),
    ))
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
    if !available("nextest", &environment) {
        let mut install = cargo(&["install", "cargo-nextest", "--locked", "--root"]);
        if let Err(error) = run(install.arg(tools)) {
            println!("{error:#}");
        }
    }
    match onnxruntime::library(target) {
        Ok(library) => environment.push(("ORT_DYLIB_PATH", library.into())),
        Err(error) => {
            println!("{error:#}");
            tally.missing("ONNX Runtime", &onnxruntime::remedy(target));
        }
    }
    Ok(environment)
}

fn available(subcommand: &str, environment: &Environment) -> bool {
    let mut probe = cargo(&[subcommand, "--version"]);
    run_quietly(probe.envs(environment.iter().cloned())).is_ok()
}
