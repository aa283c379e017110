//! Folders that hold a run already, or are at work.

use std::fs::File;

use crate::running::Running;
use crate::sandbox::{EVALUATE, EXPORT, Finished, QUICK, Sandbox};

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
    sandbox.succeeds(&format!("{again} --overwrite"));
    let files = sandbox.files("run");
    assert!(files.keys().eq(earlier.keys()));
    assert!(
        files
            .iter()
            .all(|(name, content)| earlier[name] != *content)
    );
    // Half a run is one, too, though none to go on with; another run's checkpoint is no leave to replace this one.
    let checkpoint = sandbox.path("run/checkpoint.safetensors");
    std::fs::rename(checkpoint, sandbox.path("best")).unwrap();
    for line in [&again, &format!("fit {QUICK} --resume best --out run")] {
        let ways = "found digits.onnx in it; replace it (`--overwrite`), or name another folder";
        sandbox.refuses(line, &[ways]);
    }
    // A run may be named by its file.
    for (run, out) in [
        ("best", "resumed"),
        ("resumed/checkpoint.safetensors", "./resumed/"),
    ] {
        sandbox.succeeds(&format!(
            "fit {QUICK} --resume {run} --epochs 1 --out {out}"
        ));
    }
}

#[test]
fn a_second_fit_is_kept_out_of_the_folder() {
    let sandbox = Sandbox::with_digits();
    let mut first = Running::start(&sandbox, &format!("fit {QUICK} --epochs 100000 --out run"));
    first.wait_for_line("epoch ");
    let second = format!("fit {QUICK} --epochs 1 --out run --overwrite");
    let refusal = "run: expected a folder that no other `train` works in";
    sandbox.train(&second).refusal(&[refusal, "`--out`"]);
    first.wait_for_line("1/100000 ");
    sandbox.train(EXPORT).refusal(&[refusal]);
    sandbox.succeeds(&format!("{EXPORT} --out model.onnx"));
    first.signal("KILL");
    first.finish();
    sandbox.succeeds(&second);
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
    let [left, earlier] = [left, earlier].map(|mut files| files.remove("checkpoint.safetensors"));
    assert!(left.is_some() && left != earlier);
    sandbox.succeeds(EXPORT);
}

#[test]
fn files_of_different_runs_are_told_apart() {
    let sandbox = Sandbox::with_run();
    sandbox.succeeds(&format!("fit {QUICK} --seed 1 --epochs 1 --out other"));
    sandbox.succeeds(EVALUATE);
    let other = sandbox.read("other/checkpoint.safetensors");
    sandbox.write("run/checkpoint.safetensors", other);
    let note = "note: run/digits.onnx was exported from another checkpoint than run/checkpoint.safetensors";
    let resume = "fit --data digits --runtime tract --resume run --epochs 1 --out run";
    for line in [EVALUATE, resume] {
        let finished = sandbox.train(line).expect_code(0);
        assert!(finished.stderr.starts_with(note), "{finished:?}");
    }
    sandbox.succeeds(EVALUATE);
}

#[test]
fn a_step_takes_all_images_where_there_are_few() {
    let sandbox = Sandbox::with_digits();
    let line = "fit --data digits --runtime tract --epochs 1";
    let finished = sandbox.train(line).expect_code(0);
    let note = "note: a step takes all 64 images instead of 128 (`--batch`)\n";
    assert_eq!(finished.stderr, note);
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
        EVALUATE,
        &format!("{EVALUATE} --scores -"),
        &format!("{EXPORT} --out new.onnx"),
        "doctor --runtime tract",
        "bench --runtime tract --batch 1 --steps 1",
        "--help",
        "fit --help",
        "--version",
    ] {
        let (reader, closed) = std::io::pipe().unwrap();
        drop(reader);
        let closed = Finished::of(sandbox.command(line).stdout(closed)).expect_code(141);
        assert_eq!(closed.stderr, "", "{line}");
        let full = File::options().write(true).open("/dev/full").unwrap();
        let full = Finished::of(sandbox.command(line).stdout(full));
        let refusal = "standard output: expected to write all results";
        full.refusal(&[refusal, "No space left"]);
    }
    let names: Vec<_> = sandbox.files("new").into_keys().collect();
    assert_eq!(names, ["checkpoint.safetensors", "digits.onnx"]);
    let model = sandbox.read("new/digits.onnx");
    sandbox.succeeds(&fit);
    assert!(sandbox.read("new/digits.onnx") == model);
}
