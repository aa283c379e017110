//! What `train bench` reports: that its numbers are there and agree with each other. How large they are is no test.

use serde_json::Value;

use crate::runtimes::{installed_library, report};
use crate::sandbox::{Finished, Sandbox};

const SECTIONS: [&str; 4] = ["forward", "gradients", "update", "host"];

fn number(report: &Value, path: &str) -> f64 {
    let value = report.pointer(path).and_then(Value::as_f64);
    value.unwrap_or_else(|| panic!("{path} is no number in {report}"))
}

/// What every runtime reports of 3 steps of 32 images on 2 threads.
fn assert_consistent(report: &Value, runtime: &str) {
    assert_eq!(report["runtime"], runtime);
    assert!(
        report["description"]
            .as_str()
            .unwrap()
            .contains("2 threads"),
        "{report}"
    );
    for (path, expected) in [
        ("/threads", 2.0),
        ("/batch", 32.0),
        ("/part", 16.0),
        ("/steps", 3.0),
    ] {
        assert_close(number(report, path), expected);
    }
    let [median, min, p95] =
        ["median", "min", "p95"].map(|of| number(report, &format!("/step/{of}_ms")));
    assert!(0.0 < min && min <= median && median <= p95, "{report}");
    assert_close(number(report, "/step/images_per_second"), 32_000.0 / median);
    let sections = SECTIONS.map(|section| number(report, &format!("/sections_ms/{section}")));
    assert!(sections.iter().all(|&section| section >= 0.0), "{report}");
    assert!(sections[0] > 0.0, "{report}");
    assert!(
        sections.iter().sum::<f64>() <= median * (1.0 + 1e-9),
        "{report}"
    );
    let step = number(report, "/epoch/step_ms");
    assert_close(number(report, "/epoch/images_per_second"), 32_000.0 / step);
    assert_close(number(report, "/epoch/seconds"), 1.875 * step);
    let host = |name: &str| number(report, &format!("/host/{name}_images_per_second"));
    assert!(host("inverted") > 0.0);
    assert_close(
        number(report, "/host/batch_ms"),
        32_000.0 * (1.0 / host("plain") + 1.0 / host("masks")),
    );
    if cfg!(unix) {
        assert!(number(report, "/utilization/cpu") > 0.0, "{report}");
    }
    assert!(report["utilization"]["gpu"].is_null(), "{report}");
}

fn assert_close(found: f64, expected: f64) {
    assert!(
        (found / expected - 1.0).abs() < 1e-9,
        "{found} instead of {expected}"
    );
}

#[test]
fn tract_reports_all_but_its_nodes() {
    let line = "bench --runtime tract --threads 2 --batch 32 --steps 3";
    let sandbox = Sandbox::new();
    let report = report(&sandbox.train(&format!("{line} --json")));
    assert_consistent(&report, "tract");
    for key in ["providers", "nodes"] {
        assert_eq!(report.get(key), Some(&Value::Null), "{report}");
    }
    let missing = report["nodes_missing"].as_str().unwrap();
    let finished = sandbox.train(line);
    let names = [
        "runtime",
        "step",
        "forward",
        "gradients",
        "update",
        "host",
        "epoch",
        "utilization",
        "batches",
        "nodes",
    ];
    let rows = finished
        .success()
        .lines()
        .map(|row| row.split_whitespace().next().unwrap());
    assert_eq!(rows.collect::<Vec<_>>(), names);
    assert!(finished.stdout.contains(missing), "{finished:?}");
    assert_eq!(sandbox.files("").len(), 0);
}

#[test]
fn onnxruntime_reports_the_provider_of_each_node() {
    let test = "bench::onnxruntime_reports_the_provider_of_each_node";
    let Some(library) = installed_library(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    let line = "bench --runtime onnxruntime --threads 2 --batch 32 --steps 3 --json";
    let report = report(&Finished::of(
        sandbox.command(line).env("ORT_DYLIB_PATH", &library),
    ));
    assert_consistent(&report, "onnxruntime");
    let nodes = report["nodes"].as_array().unwrap();
    for node in nodes {
        assert_eq!(node["provider"], "CPUExecutionProvider", "{node}");
        assert!(!node["name"].as_str().unwrap().is_empty(), "{node}");
        assert!(number(node, "/mean_microseconds") >= 0.0);
    }
    let of = |operator: &str| {
        nodes
            .iter()
            .filter(|node| node["operator"] == operator)
            .count()
    };
    // The two convolutions and at least the gradients of their weights.
    assert!(report["nodes_missing"].is_null(), "{report}");
    assert!(of("Conv") + of("FusedConv") >= 4, "{report}");
    assert_eq!(report["providers"].as_array().unwrap().len(), 1);
    assert_close(number(&report, "/providers/0/nodes"), nodes.len() as f64);
    let sum: f64 = nodes
        .iter()
        .map(|node| number(node, "/mean_microseconds"))
        .sum();
    assert_close(number(&report, "/providers/0/microseconds"), sum);
    assert_eq!(sandbox.files("").len(), 0, "a profile was left behind");
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
        let finished = Sandbox::new().train(line);
        let message = finished.misuse();
        for part in parts {
            assert!(
                message.contains(part),
                "{line}: {part} is not in: {message}"
            );
        }
    }
}

#[test]
fn the_help_says_how_sections_are_timed() {
    let finished = Sandbox::new().train("bench --help");
    let help = finished
        .success()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        help.contains("timed by a graph that ends after it"),
        "{help}"
    );
}
