//! What is run on a GPU, part by part.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::programs::Programs;
use super::report::{Finding, Measured};
use crate::command::output_within;

/// The network, in PyTorch.
const PYTORCH: &str = include_str!("../../../peers/pytorch_peer.py");
/// What the tests that need a GPU have in their names.
const ON_CUDA: &str = "cuda";
/// Share of right answers on MNIST's test images.
const GOAL: f64 = 0.99;
const MOST_EPOCHS: usize = 20;
/// Steps of an epoch of MNIST.
const STEPS: usize = 469;
const PRECISIONS: [&str; 2] = ["float32", "tf32"];

pub struct Part {
    pub name: &'static str,
    /// What it does, for people.
    pub plan: &'static str,
    /// Longest time that it may take; all together no more than six minutes.
    pub limit: Duration,
    run: fn(&mut Run) -> Result<()>,
}

pub static PARTS: &[Part] = &[
    Part {
        name: "Runtime",
        plan: "train doctor --runtime cuda",
        limit: Duration::from_secs(40),
        run: runtime,
    },
    Part {
        name: "Tests",
        plan: "the tests with cuda in their names, a process each",
        limit: Duration::from_secs(110),
        run: tests,
    },
    Part {
        name: "Steps and epochs",
        plan: "train bench --runtime cuda, with and without CUDA graphs, in float32 and tf32",
        limit: Duration::from_secs(80),
        run: steps,
    },
    Part {
        name: "PyTorch",
        plan: "the same network there, eagerly and as a CUDA graph, if a Python has it",
        limit: Duration::from_secs(50),
        run: pytorch,
    },
    Part {
        name: "Accuracy of 99 %",
        plan: "train fit on MNIST from scratch: epochs, and seconds from the start of the program to its end",
        limit: Duration::from_secs(50),
        run: goal,
    },
    Part {
        name: "Bits",
        plan: "train fit twice with the same seed: the same model to the bit",
        limit: Duration::from_secs(30),
        run: bits,
    },
];

impl Part {
    pub fn measure(&self, programs: &Programs) -> Measured {
        let start = Instant::now();
        let mut run = Run {
            programs,
            end: start + self.limit,
            findings: Vec::new(),
            failures: Vec::new(),
        };
        if let Err(error) = (self.run)(&mut run) {
            run.failures.push(format!("{error:#}"));
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

fn runtime(run: &mut Run) -> Result<()> {
    let answer = run.json(&mut run.programs.train("doctor --runtime cuda --json"))?;
    let description = answer["description"].as_str().unwrap_or_default();
    run.found("runtime", description, "");
    ensure!(
        answer["runtime"] == "cuda",
        "expected runtime cuda, found {answer}"
    );
    Ok(())
}

/// A test counts as skipped if it says so in the file that it is given.
fn tests(run: &mut Run) -> Result<()> {
    let listed = run.output(&mut run.programs.tests("--list --format terse"))?;
    let tests = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    for name in tests.filter(|name| name.contains(ON_CUDA)) {
        let skips = tempfile::NamedTempFile::new()?;
        let mut command = run.programs.tests("--nocapture --exact");
        command.arg(name).env("BATON_SKIPS", skips.path());
        let start = Instant::now();
        let printed = run.output(&mut command);
        let skipped = std::fs::read_to_string(&skips)?;
        let verdict = match &printed {
            Ok(_) if skipped.is_empty() => "passed",
            Ok(_) => "skipped",
            Err(_) => "FAILED",
        };
        let short = name.rsplit("::").next().unwrap_or(name);
        let seconds = start.elapsed().as_secs_f64();
        run.found(short, format!("{verdict} in {seconds:.1} s"), "");
        for line in printed
            .iter()
            .flat_map(|text| text.lines())
            .filter(|line| line.starts_with("val_accuracy"))
        {
            run.found(format!("  {short}"), line, "");
        }
        let skip = skipped
            .lines()
            .next()
            .map_or(Ok(()), |line| Err(anyhow::anyhow!("{line}")));
        run.attempt(short, printed.map(drop).and(skip));
    }
    Ok(())
}

fn steps(run: &mut Run) -> Result<()> {
    let graphs = [
        ("CUDA graphs", ""),
        ("without CUDA graphs", " --no-cuda-graphs"),
    ];
    let mut fed = Value::Null;
    for precision in PRECISIONS {
        for (name, option) in graphs {
            let arguments = format!(
                "bench --runtime cuda --json --steps {STEPS} --precision {precision}{option}"
            );
            let name = format!("{name}, {precision}");
            let result = run.json(&mut run.programs.train(&arguments)).map(|bench| {
                let epoch = &bench["epoch"];
                run.found(
                    format!("step of an epoch, {name}"),
                    epoch["step_ms"].clone(),
                    "ms",
                );
                run.found(
                    format!("epoch of MNIST, {name}"),
                    epoch["seconds"].clone(),
                    "s",
                );
                let busy = bench["utilization"]["gpu"].clone();
                run.found(format!("GPU busy, {name}"), busy, "");
                fed = bench["step"]["median_ms"].clone();
            });
            run.attempt(&name, result);
        }
    }
    run.found("step fed by the host, float32", fed, "ms");
    Ok(())
}

fn pytorch(run: &mut Run) -> Result<()> {
    let script = tempfile::Builder::new().suffix(".py").tempfile()?;
    std::fs::write(&script, PYTORCH)?;
    let mut probe = Command::new("python3");
    if run.output(probe.args(["-c", "import torch"])).is_err() {
        run.found("not measured", "no python3 here has the package torch", "");
        return Ok(());
    }
    let mut command = Command::new("python3");
    command
        .arg(script.path())
        .args(["--batch", "128", "--steps"])
        .arg(STEPS.to_string());
    let found = run.json(&mut command)?;
    for one in found.as_array().into_iter().flatten() {
        let name = one["name"].as_str().unwrap_or_default();
        run.found(
            format!("step of an epoch, {name}"),
            one["epoch_step_ms"].clone(),
            "ms",
        );
        run.found(
            format!("step on a ready batch, {name}"),
            median(&one["steps_ms"]),
            "ms",
        );
    }
    Ok(())
}

fn median(times: &Value) -> Value {
    let mut times: Vec<f64> = times
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_f64)
        .collect();
    times.sort_by(f64::total_cmp);
    json!(times.get(times.len() / 2))
}

fn goal(run: &mut Run) -> Result<()> {
    for precision in PRECISIONS {
        let result = goal_in(run, precision);
        run.attempt(precision, result);
    }
    Ok(())
}

/// Trains until the goal is reached, to count its epochs, and then so many of them, to time the program.
fn goal_in(run: &mut Run, precision: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options = format!("--precision {precision}");
    let printed = run.output(&mut fit(
        run.programs,
        MOST_EPOCHS,
        &options,
        &folder.path().join("most"),
    ))?;
    let epochs: Vec<(f64, f64)> = printed.lines().filter_map(epoch).collect();
    let best = epochs.iter().map(|epoch| epoch.0).fold(0.0, f64::max);
    let reached = epochs.iter().position(|&(accuracy, _)| accuracy >= GOAL);
    let reached = reached.with_context(|| format!("{MOST_EPOCHS} epochs: the best was {best}"))?;
    let training: f64 = epochs[..=reached].iter().map(|&(_, seconds)| seconds).sum();
    run.found(format!("epochs, {precision}"), reached + 1, "");
    run.found(format!("training, {precision}"), training, "s");
    let start = Instant::now();
    run.output(&mut fit(
        run.programs,
        reached + 1,
        &options,
        &folder.path().join("timed"),
    ))?;
    run.found(
        format!("the whole program, {precision}"),
        start.elapsed().as_secs_f64(),
        "s",
    );
    Ok(())
}

/// `val_accuracy` and seconds of a row of `train fit`'s table.
fn epoch(line: &str) -> Option<(f64, f64)> {
    let cells: Vec<&str> = line.split_whitespace().collect();
    let &[number, _, _, _, accuracy, seconds] = &cells[..] else {
        return None;
    };
    number.split_once('/')?;
    Some((accuracy.parse().ok()?, seconds.parse().ok()?))
}

fn bits(run: &mut Run) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for precision in PRECISIONS {
        let model = |number: usize| {
            let out = folder.path().join(format!("{precision}{number}"));
            run.output(&mut fit(
                run.programs,
                1,
                &format!("--precision {precision}"),
                &out,
            ))?;
            std::fs::read(out.join("digits.onnx")).context("the model")
        };
        let (first, second) = (model(1)?, model(2)?);
        let same = if first == second {
            "equal"
        } else {
            "DIFFERENT"
        };
        run.found(format!("two runs, {precision}"), same, "");
        run.attempt(
            precision,
            (first == second).then_some(()).context("the models differ"),
        );
    }
    Ok(())
}

fn fit(programs: &Programs, epochs: usize, options: &str, out: &Path) -> Command {
    let mut command = programs.train(&format!(
        "fit --runtime cuda --epochs {epochs} {options} --out"
    ));
    command.arg(out);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_together_take_six_minutes_at_most() {
        let limit: Duration = PARTS.iter().map(|part| part.limit).sum();
        assert!(limit <= Duration::from_secs(360), "{limit:?}");
    }

    #[test]
    fn rows_of_the_table_of_epochs_are_found() {
        let row = "2/20   0.0726    0.9783    0.0356        0.9885      5.5";
        assert_eq!(epoch(row), Some((0.9885, 5.5)));
        for other in [
            "epoch    loss  accuracy  val_loss  val_accuracy  seconds",
            "MNIST: 60000 + 10000 images",
            "",
        ] {
            assert_eq!(epoch(other), None, "{other}");
        }
    }

    #[test]
    fn a_median_is_one_of_the_times() {
        assert_eq!(median(&json!([3.0, 1.0, 2.0])), json!(2.0));
        assert_eq!(median(&json!([])), Value::Null);
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
fit*) for out; do :; done; mkdir "$out"; echo "$out" | grep -o 'float32.$' > "$out/digits.onnx"
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
            failures[0].starts_with("without CUDA graphs, float32: no kernel"),
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
        assert_eq!(failures, ["float32: the models differ"]);
    }
}
