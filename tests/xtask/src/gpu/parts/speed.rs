//! How long steps take, and `PyTorch`'s.

use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use super::Run;

/// The network, in `PyTorch`.
const PYTORCH: &str = include_str!("../../../../peers/pytorch_peer.py");
/// Steps of an epoch of MNIST.
const STEPS: usize = 469;
/// Of what `train bench` reports: name, place and unit.
const BENCH: [(&str, &str, &str); 4] = [
    ("step of an epoch", "/epoch/step_ms", "ms"),
    ("epoch of MNIST", "/epoch/seconds", "s"),
    ("GPU busy", "/utilization/gpu", ""),
    ("step that the host feeds", "/step/median_ms", "ms"),
];

pub fn steps(run: &mut Run, precision: &str) -> Result<()> {
    let with = bench(run, precision, "CUDA graphs", "");
    with.and(bench(
        run,
        precision,
        "without CUDA graphs",
        " --no-cuda-graphs",
    ))
}

fn bench(run: &mut Run, precision: &str, name: &str, option: &str) -> Result<()> {
    let options = format!("--steps {STEPS} --precision {precision}{option}");
    let mut command = run
        .programs
        .train(&format!("bench --runtime cuda --json {options}"));
    let report = run.json(&mut command)?;
    for (what, path, unit) in BENCH {
        let value = report.pointer(path).cloned();
        run.found(format!("{what}, {name}, {precision}"), value, unit);
    }
    Ok(())
}

pub fn pytorch(run: &mut Run) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_one_of_the_times() {
        assert_eq!(median(&json!([3.0, 1.0, 2.0])), json!(2.0));
        assert_eq!(median(&json!([])), Value::Null);
    }
}
