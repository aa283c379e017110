//! What is run on a GPU, part by part.

mod checks;
mod speed;
mod training;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::programs::Programs;
use super::report::{Finding, Measured};
use crate::command::output_within;

const PRECISIONS: [&str; 2] = ["float32", "tf32"];
const NETWORKS: [&str; 3] = ["resnet8", "ds-cnn", "mobilenet-v1-025"];

pub struct Part {
    pub name: &'static str,
    /// What it does, for people.
    pub plan: &'static str,
    /// Longest time that it may take.
    pub limit: Duration,
    work: Work,
}

enum Work {
    Once(fn(&mut Run) -> Result<()>),
    /// For each of these names.
    Each(&'static [&'static str], fn(&mut Run, &str) -> Result<()>),
}

/// Seconds of all parts together: six minutes at most.
pub static PARTS: &[Part] = &[
    part(
        20,
        "Runtime",
        "train doctor --runtime cuda",
        Work::Once(checks::runtime),
    ),
    part(
        90,
        "Tests",
        "the tests with cuda in their names, a process each",
        Work::Once(checks::tests),
    ),
    part(
        60,
        "Steps and epochs",
        "train bench, with and without CUDA graphs, in float32 and tf32",
        Work::Each(&PRECISIONS, speed::steps),
    ),
    part(
        40,
        "PyTorch",
        "the same network there, eagerly and as a CUDA graph, if a Python has it",
        Work::Once(speed::pytorch),
    ),
    part(
        70,
        "Networks",
        "train bench and train fit twice with one seed, of networks with batch normalisation, strides and depthwise layers",
        Work::Each(&NETWORKS, training::network),
    ),
    part(
        50,
        "Accuracy of 99 %",
        "train fit on MNIST from scratch: epochs, and seconds to the end of the program",
        Work::Each(&PRECISIONS, training::goal),
    ),
    part(
        30,
        "Bits",
        "train fit twice with the same seed: the same model to the bit",
        Work::Each(&PRECISIONS, training::bits),
    ),
];

const fn part(seconds: u64, name: &'static str, plan: &'static str, work: Work) -> Part {
    Part {
        name,
        plan,
        limit: Duration::from_secs(seconds),
        work,
    }
}

impl Part {
    pub fn measure(&self, programs: &Programs) -> Measured {
        let start = Instant::now();
        let mut run = Run {
            programs,
            end: start + self.limit,
            findings: Vec::new(),
            failures: Vec::new(),
        };
        match self.work {
            Work::Once(work) => {
                let result = work(&mut run);
                run.attempt(self.name, result);
            }
            Work::Each(names, work) => {
                for name in names {
                    let result = work(&mut run, name);
                    run.attempt(name, result);
                }
            }
        }
        Measured {
            name: self.name,
            seconds: start.elapsed().as_secs_f64(),
            findings: run.findings,
            failures: run.failures,
        }
    }
}

/// A part that is running, and what it has found.
struct Run<'a> {
    programs: &'a Programs,
    end: Instant,
    findings: Vec<Finding>,
    failures: Vec<String>,
}

impl Run<'_> {
    fn output(&self, command: &mut Command) -> Result<String> {
        output_within(command, self.end.saturating_duration_since(Instant::now()))
    }

    fn found(&mut self, what: impl Into<String>, value: impl Into<Value>, unit: &'static str) {
        self.findings.push(Finding {
            what: what.into(),
            value: value.into(),
            unit,
        });
    }

    /// Keeps what went wrong, so that what comes after it is run too.
    fn attempt(&mut self, what: &str, result: Result<()>) {
        if let Err(error) = result {
            self.failures.push(format!("{what}: {error:#}"));
        }
    }

    /// What a command prints as its last line, which is JSON.
    fn json(&self, command: &mut Command) -> Result<Value> {
        let printed = self.output(command)?;
        let line = printed.lines().last().unwrap_or_default();
        serde_json::from_str(line).with_context(|| format!("expected JSON, found {line:?}"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn all_parts_together_take_six_minutes_at_most() {
        let limit: Duration = PARTS.iter().map(|part| part.limit).sum();
        assert!(limit <= Duration::from_mins(6), "{limit:?}");
    }

    fn measured(train: &Path, name: &str) -> Measured {
        let programs = Programs {
            train: train.into(),
            tests: train.into(),
            mnist: None,
        };
        let part = PARTS.iter().find(|part| part.name == name).unwrap();
        part.measure(&programs)
    }

    #[test]
    fn a_part_that_fails_says_why() {
        for part in PARTS.iter().filter(|part| part.name != "PyTorch") {
            let failures = measured(Path::new("no-such-program"), part.name).failures;
            assert!(failures[0].contains("cannot start"), "{failures:?}");
        }
    }

    /// A stand-in for the programs, which answers as they do.
    #[cfg(unix)]
    #[test]
    fn what_the_programs_answer_is_found() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        let script = r#"#!/bin/sh
case "$*" in
doctor*) echo '{"runtime": "cuda", "description": "a runtime"}' ;;
bench*--no-cuda-graphs) echo 'no kernel' >&2; exit 1 ;;
bench*) echo '{"epoch": {"step_ms": 0.5, "seconds": 0.25}, "utilization": {"gpu": 1}, "step": {"median_ms": 2.0}}' ;;
fit*) for out; do :; done; mkdir "$out"
    case "$*" in
    *ds-cnn*) printf '\004\0\0\0\0\0\0\0%.4s' "$(basename "$out")" ;;
    *float32*) basename "$out" ;;
    esac > "$out/checkpoint.safetensors"
    printf 'epoch\n1/2 0.2 0.9 0.1 0.9850 0.5\n2/2 0.1 0.9 0.1 0.9901 0.25\n' ;;
--list*) printf 'a::cuda::runs: test\na::skips_on_cuda: test\na::other: test\n' ;;
*skips_on_cuda) echo 'environment skips: no GPU' > "$BATON_SKIPS" ;;
*) echo 'val_accuracy in Float32: 0.99' ;;
esac
"#;
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let shown = |name: &str| {
            let measured = measured(&program, name);
            let findings = measured.findings.iter();
            let text: Vec<String> = findings
                .map(|one| format!("{} {}", one.what, one.value))
                .collect();
            (text.join("\n"), measured.failures)
        };
        assert_eq!(
            shown("Runtime"),
            ("runtime \"a runtime\"".into(), Vec::new())
        );
        let (steps, failures) = shown("Steps and epochs");
        assert!(
            steps.contains("step of an epoch, CUDA graphs, tf32 0.5"),
            "{steps}"
        );
        assert_eq!(failures.len(), 2, "{failures:?}");
        assert!(
            failures[0].starts_with("float32: no kernel"),
            "{failures:?}"
        );
        let (tests, failures) = shown("Tests");
        assert!(
            tests.contains("runs \"passed") && tests.contains("skips_on_cuda \"skipped"),
            "{tests}"
        );
        assert!(
            tests.contains("val_accuracy") && !tests.contains("other"),
            "{tests}"
        );
        assert_eq!(failures, ["skips_on_cuda: environment skips: no GPU"]);
        let (goal, failures) = shown("Accuracy of 99 %");
        assert!(
            goal.contains("epochs, float32 2\ntraining, float32 0.75"),
            "{goal}"
        );
        assert!(failures.is_empty(), "{failures:?}");
        let (bits, failures) = shown("Bits");
        assert!(
            bits.contains("float32 \"DIFFERENT\"") && bits.contains("tf32 \"equal\""),
            "{bits}"
        );
        assert_eq!(failures, ["float32: the checkpoints differ"]);
        let (networks, failures) = shown("Networks");
        assert!(
            networks.contains("step, resnet8 0.5\ntwo runs, resnet8 \"equal\"")
                && networks.contains("ds-cnn \"equal variables"),
            "{networks}"
        );
        assert_eq!(failures, ["ds-cnn: the checkpoints differ"]);
    }
}
