//! Folders that hold a run already, or are at work.

use std::fs::File;

use crate::running::Running;
use crate::sandbox::{Finished, QUICK, Sandbox};

#[test]
fn an_earlier_run_is_replaced_only_when_asked_for() {
    let sandbox = Sandbox::with_run();
    let again = format!("fit {QUICK} --seed 1 --epochs 1 --out run");
    let ways = [
        "run: expected a folder without an earlier run",
        "`--resume run`",
        "`--overwrite`",
    ];
    sandbox.refuses(&again, &ways);
    let earlier = sandbox.files("run");
    sandbox.train(&format!("{again} --overwrite")).success();
    let files = sandbox.files("run");
    assert!(files.keys().eq(earlier.keys()));
    assert!(
        files
            .iter()
            .all(|(name, content)| earlier[name] != *content)
    );
    // Half a run is one, too, and another run's checkpoint is no leave to replace this one.
    std::fs::rename(
        sandbox.path("run/checkpoint.safetensors"),
        sandbox.path("best"),
    )
    .unwrap();
    for line in [&again, &format!("fit {QUICK} --resume best --out run")] {
        sandbox.refuses(line, &["found digits.onnx in it"]);
    }
    // A run may be named by its file.
    let resume = format!("fit {QUICK} --resume best --epochs 1 --out resumed");
    sandbox.train(&resume).success();
    let resume = format!("fit {QUICK} --resume resumed/checkpoint.safetensors --out ./resumed/");
    sandbox.train(&resume).success();
}

#[test]
fn a_second_fit_is_kept_out_of_the_folder() {
    let sandbox = Sandbox::with_digits();
    let mut first = Running::start(&sandbox, &format!("fit {QUICK} --epochs 100000 --out run"));
    first.wait_for_line("epoch ");
    let second = format!("fit {QUICK} --epochs 1 --out run --overwrite");
    let refused = sandbox.train(&second);
    refused.refusal(&[
        "run: expected a folder that no other `train` works in",
        "`--out`",
    ]);
    first.wait_for_line("1/100000 ");
    let export = "export --run run --data digits --runtime tract";
    let refused = sandbox.train(export);
    refused.refusal(&["run: expected a folder that no other `train` works in"]);
    sandbox
        .train(&format!("{export} --out model.onnx"))
        .success();
    first.signal("KILL");
    first.finish();
    sandbox.train(&second).success();
}

#[test]
fn a_killed_fit_leaves_no_model_of_another_checkpoint() {
    let sandbox = Sandbox::with_run();
    let earlier = sandbox.files("run");
    let line = format!("fit {QUICK} --seed 1 --epochs 100000 --out run --overwrite");
    let mut fit = Running::start(&sandbox, &line);
    fit.wait_for_line("1/100000 ");
    fit.signal("KILL");
    fit.finish();
    let left = sandbox.files("run");
    assert!(!left.contains_key("digits.onnx"));
    assert_ne!(
        left["checkpoint.safetensors"],
        earlier["checkpoint.safetensors"]
    );
    sandbox
        .train("export --run run --data digits --runtime tract")
        .success();
}

#[test]
fn files_of_different_runs_are_told_apart() {
    let sandbox = Sandbox::with_run();
    sandbox
        .train(&format!("fit {QUICK} --seed 1 --epochs 1 --out other"))
        .success();
    let evaluate = "evaluate --model run/digits.onnx --data digits --runtime tract";
    sandbox.train(evaluate).success();
    sandbox.write(
        "run/checkpoint.safetensors",
        sandbox.read("other/checkpoint.safetensors"),
    );
    let note = "note: run/digits.onnx was exported from another checkpoint than run/checkpoint.safetensors";
    let resume = "fit --data digits --runtime tract --resume run --epochs 1 --out run";
    for line in [evaluate, resume] {
        let finished = sandbox.train(line);
        assert!(
            finished.code == Some(0) && finished.stderr.starts_with(note),
            "{finished:?}"
        );
    }
    sandbox.train(evaluate).success();
}

#[test]
fn a_step_takes_all_images_where_there_are_few() {
    let sandbox = Sandbox::with_digits();
    let line = "fit --data digits --runtime tract --epochs 1";
    let finished = sandbox.train(line);
    let note = "note: a step takes all 64 images instead of 128 (`--batch`)\n";
    assert_eq!(
        (finished.code, &*finished.stderr),
        (Some(0), note),
        "{finished:?}"
    );
    let parts = ["--batch: expected", "64 samples", "found 65"];
    sandbox.refuses(&format!("{line} --batch 65 --out new"), &parts);
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_nobody_can_read_stop_nothing() {
    let sandbox = Sandbox::with_run();
    let fit = format!("fit {QUICK} --epochs 2 --out new --overwrite");
    let quantize = "quantize --model run/digits.onnx --data digits --runtime tract --out int8";
    for line in [
        &*fit,
        quantize,
        "summary",
        "data --data digits",
        "evaluate --model run/digits.onnx --data digits --runtime tract",
        "evaluate --model run/digits.onnx --data digits --runtime tract --scores -",
        "export --data digits --runtime tract --out new.onnx",
        "doctor --runtime tract",
        "bench --runtime tract --batch 1 --steps 1",
        "--help",
        "fit --help",
        "--version",
    ] {
        let (reader, closed) = std::io::pipe().unwrap();
        drop(reader);
        let closed = Finished::of(sandbox.command(line).stdout(closed));
        assert_eq!(
            (closed.code, &*closed.stderr),
            (Some(141), ""),
            "{line}: {closed:?}"
        );
        let full = File::options().write(true).open("/dev/full").unwrap();
        let full = Finished::of(sandbox.command(line).stdout(full));
        full.refusal(&[
            "standard output: expected to write all results",
            "No space left",
        ]);
    }
    let names: Vec<_> = sandbox.files("new").into_keys().collect();
    assert_eq!(names, ["checkpoint.safetensors", "digits.onnx"]);
    let model = sandbox.read("new/digits.onnx");
    sandbox.train(&fit).success();
    assert!(sandbox.read("new/digits.onnx") == model);
}
