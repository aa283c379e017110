//! What `train bench` reports: that its numbers are there and agree with each other. How large they are is no test.

use serde_json::Value;

use crate::runtimes::{installed_library, report};
use crate::sandbox::{Finished, Sandbox, assert_parts};

const LINE: &str = "bench --threads 2 --batch 32 --steps 3 --runtime";

const NETWORK: &str = "
name = 'own'
input = [1, 5, 5]
classes = 2
layers = [
    { layer = 'conv', filters = 3, kernel = 3, activation = 'relu' },
    { layer = 'conv', filters = 4, kernel = 2, stride = 2 },
    { layer = 'flatten' },
    { layer = 'dense', units = 'classes' },
]
";

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
    let tract = sandbox.train(&format!("{LINE} tract --json --forms fixed"));
    assert_consistent(&report(&tract), "tract");
    let table = sandbox.succeeds(&format!("{LINE} tract --forms fixed"));
    let names = table.lines().filter_map(|row| row.split(' ').next());
    assert!(names.eq(["runtime", "network", "step", "epoch", "utilization"]));
    if let Some(library) = installed_library("bench::steps_and_epochs_are_reported") {
        let mut command = sandbox.command(&format!("{LINE} onnxruntime --json --forms fixed"));
        let report = report(&Finished::of(command.env("ORT_DYLIB_PATH", &library)));
        assert_consistent(&report, "ONNX Runtime");
    }
    assert_eq!(sandbox.files("").len(), 0);
}

/// What was measured once is remembered, and shown again.
#[test]
fn forms_of_any_network_are_measured_and_remembered() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("own.toml"), NETWORK).unwrap();
    let line = format!("{LINE} tract --network own.toml --input 3x9x8 --classes 2");
    let bench = || report(&sandbox.train(&format!("{line} --json")));
    let first = bench();
    assert_eq!(first["network"], "own");
    let forms = first["forms"].as_object().unwrap();
    let known = [
        "plain",
        "of one image",
        "transposed",
        "reversed",
        "correlation",
        "by patches",
    ];
    assert!(
        forms.len() > 2
            && forms
                .values()
                .all(|form| known.contains(&form.as_str().unwrap()))
    );
    let files = sandbox.files("cache/forms");
    assert_eq!(files.len(), 1);
    assert_eq!(bench()["forms"], first["forms"]);
    assert_eq!(sandbox.files("cache/forms"), files);
    let table = sandbox.succeeds(&format!("{line} --forms measured"));
    assert_eq!(table.matches("\nform ").count(), forms.len(), "{table}");
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
        ("bench --forms quick", ["'quick'", "measured"]),
        ("bench --network", ["--network", "value"]),
        ("bench --epochs 2", ["'--epochs'", "unexpected"]),
    ] {
        Sandbox::new().misuses(line, &parts);
    }
}
