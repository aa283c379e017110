//! What `train bench` reports: that its numbers are there and agree with each other. How large they are is no test.

use serde_json::Value;

use crate::runtimes::{installed_library, report};
use crate::sandbox::{Finished, Sandbox, assert_parts};

const LINE: &str = "bench --threads 2 --batch 32 --steps 3 --runtime";

fn number(report: &Value, path: &str) -> f64 {
    let value = report.pointer(path).and_then(Value::as_f64);
    value.unwrap_or_else(|| panic!("{path} is no number in {report}"))
}

/// What every runtime reports of 3 steps of 32 images on 2 threads.
fn assert_consistent(report: &Value, runtime: &str) {
    let description = report["description"].as_str().unwrap();
    assert_parts(description, &[runtime, "2 threads"]);
    assert!(report["batch"] == 32 && report["steps"] == 3, "{report}");
    let [median, min, p95] =
        ["median", "min", "p95"].map(|of| number(report, &format!("/step/{of}_ms")));
    assert!(0.0 < min && min <= median && median <= p95, "{report}");
    let step = number(report, "/epoch/step_ms");
    assert_close(number(report, "/epoch/images_per_second"), 32_000.0 / step);
    assert_close(number(report, "/epoch/seconds"), 1.875 * step);
    if cfg!(unix) {
        assert!(number(report, "/utilization/cpu") > 0.0, "{report}");
    }
    assert!(report["utilization"]["gpu"].is_null(), "{report}");
}

fn assert_close(found: f64, expected: f64) {
    let error = (found / expected - 1.0).abs();
    assert!(error < 1e-9, "{found} instead of {expected}");
}

#[test]
fn steps_and_epochs_are_reported() {
    let sandbox = Sandbox::new();
    let tract = sandbox.train(&format!("{LINE} tract --json"));
    assert_consistent(&report(&tract), "tract");
    let table = sandbox.succeeds(&format!("{LINE} tract"));
    let names = table.lines().filter_map(|row| row.split(' ').next());
    assert!(names.eq(["runtime", "step", "epoch", "utilization"]));
    if let Some(library) = installed_library("bench::steps_and_epochs_are_reported") {
        let mut command = sandbox.command(&format!("{LINE} onnxruntime --json"));
        let report = report(&Finished::of(command.env("ORT_DYLIB_PATH", &library)));
        assert_consistent(&report, "ONNX Runtime");
    }
    assert_eq!(sandbox.files("").len(), 0);
}

#[test]
fn wrong_options_are_named() {
    for (line, parts) in [
        ("bench --steps 0", ["'0'", "--steps"]),
        ("bench --steps many", ["'many'", "--steps"]),
        ("bench --batch 0", ["'0'", "--batch"]),
        ("bench --batch 60001", ["'60001'", "--batch"]),
        ("bench --threads 0", ["'0'", "--threads"]),
        ("bench --runtime jax", ["'jax'", "tract"]),
        ("bench --epochs 2", ["'--epochs'", "unexpected"]),
    ] {
        Sandbox::new().misuses(line, &parts);
    }
}
