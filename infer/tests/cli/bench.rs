//! `infer bench`.

use no_std_core::host::Backend;
use serde_json::Value;

use crate::program::{Outcome, Workplace};

fn bench(workplace: &Workplace, arguments: &[&str]) -> Outcome {
    let mut command = workplace.infer(&["bench", "--seconds", "0.01"]);
    command
        .env("BATON_CACHE", workplace.path("cache"))
        .env("ORT_DYLIB_PATH", workplace.path("none.so"))
        .args(arguments);
    command.output().unwrap().into()
}

#[test]
fn every_engine_is_timed_with_every_number_of_threads() {
    let workplace = Workplace::new();
    let arguments = ["--model", "brightness.q8", "--threads", "1,2", "--json"];
    let found = bench(&workplace, &arguments).succeeded();
    let found: Value = serde_json::from_str(&found).unwrap();
    let speeds = found["speeds"].as_array().unwrap();
    let names = Backend::all()
        .into_iter()
        .map(|backend| format!("integer engine, {}", backend.name()));
    let names: Vec<String> = names.collect();
    let expected = names
        .iter()
        .flat_map(|name| [(name.as_str(), 1), (name, 2)]);
    let settings = speeds.iter().map(|speed| {
        (
            speed["engine"].as_str().unwrap(),
            speed["threads"].as_u64().unwrap(),
        )
    });
    assert!(settings.eq(expected), "{found}");
    for speed in speeds {
        let time = |field: &str| speed[field].as_f64().unwrap();
        let quantiles = ["p50", "p95", "p99"].map(|part| time(&format!("{part}_microseconds")));
        assert!(quantiles.is_sorted() && quantiles[0] > 0.0, "{speed}");
        assert!(
            time("runs_per_second") > 0.0 && speed["runs"].as_u64() >= Some(10),
            "{speed}"
        );
    }
    // The model of the tests has one layer.
    assert_eq!(found["operators"].as_array().unwrap().len(), 1);
    assert_eq!(found["operators"][0]["operator"], "dense");
    assert!(
        names.iter().any(|name| found["choice"] == **name),
        "{found}"
    );
    let kept = std::fs::read_to_string(workplace.path("cache/engines.json")).unwrap();
    assert!(kept.contains(&found["choice"].to_string()), "{kept}");
}

#[test]
fn tables_name_the_choice() {
    let workplace = Workplace::new();
    let found = bench(
        &workplace,
        &["--model", "brightness.onnx", "--threads", "1"],
    );
    let found = found.succeeded();
    assert!(
        found.starts_with("brightness.onnx on ") && found.contains("p99 us"),
        "{found}"
    );
    assert!(found.ends_with("\nchoice: tract\n"), "{found}");
}

#[test]
fn more_threads_than_one_are_enough_for_a_choice() {
    let workplace = Workplace::new();
    let arguments = ["--model", "brightness.q8", "--threads", "3,2"];
    let found = bench(&workplace, &arguments).succeeded();
    assert!(found.contains("\nchoice: integer engine, "), "{found}");
}

#[test]
fn settings_out_of_range_are_wrong_usage() {
    let workplace = Workplace::new();
    for wrong in [["--threads", "0"], ["--seconds", "0"], ["--seconds", "x"]] {
        assert_eq!(
            workplace.run(&[&["bench"][..], &wrong].concat()).code,
            2,
            "{wrong:?}"
        );
    }
    let error = bench(&workplace, &["--model", "none"]).failed();
    assert_eq!(
        error,
        "error: none: expected a file, found nothing of that name\n"
    );
}

/// What cannot be kept is said, and what was found is printed all the same.
#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let workplace = Workplace::new();
    std::fs::write(workplace.path("cache"), "a file").unwrap();
    let found = bench(&workplace, &["--model", "brightness.q8", "--threads", "1"]);
    assert_eq!(found.code, 0);
    assert!(
        found.errors.starts_with("note: not remembered: "),
        "{}",
        found.errors
    );
    assert!(found.output.contains("choice: "), "{}", found.output);
}
