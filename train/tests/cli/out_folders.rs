//! Places that cannot be written to: earlier results survive, and nothing half-written is left.

use std::fs;

use crate::idx::TEST_IMAGES;
use crate::sandbox::{EVALUATE, EXPORT, QUICK, Sandbox};

#[test]
fn a_file_in_the_way_of_the_folder_stays() {
    let sandbox = Sandbox::with_digits();
    sandbox.write("taken", "not a folder");
    for out in ["taken", "taken/run", "taken/a/b"] {
        let line = format!("fit {QUICK} --epochs 1 --out {out}");
        sandbox.refuses(&line, &[&format!("{out}: cannot be written"), "untouched"]);
    }
}

#[test]
fn a_folder_in_the_way_of_a_result_stays() {
    let sandbox = Sandbox::with_run();
    for (out, name) in [("new", "checkpoint.safetensors"), ("other", "digits.onnx")] {
        sandbox.write(&format!("{out}/{name}/notes"), "a folder in the way");
        let line = format!("fit {QUICK} --epochs 1 --out {out} --overwrite");
        sandbox.refuses(&line, &[&format!("{out}/{name}: cannot be written")]);
    }
    sandbox.write("models/digits.onnx/notes", "a folder in the way");
    let line = format!("{EXPORT} --out models/digits.onnx");
    sandbox.refuses(&line, &["models/digits.onnx: cannot be written"]);
}

#[test]
fn results_without_a_folder_are_refused() {
    let sandbox = Sandbox::with_run();
    for (command, result) in [
        (format!("{EXPORT} --out"), "nowhere/digits.onnx"),
        (format!("{EVALUATE} --scores"), "nowhere/scores"),
        (format!("{EVALUATE} --scores"), "digits"),
    ] {
        let refusal = format!("{result}: cannot be written");
        sandbox.refuses(&format!("{command} {result}"), &[&refusal]);
    }
}

#[cfg(unix)]
#[test]
fn results_that_are_inputs_are_refused() {
    let sandbox = Sandbox::with_run();
    let images = format!("digits/{TEST_IMAGES}");
    let [link, model] = ["checkpoint", "linked/digits.onnx"].map(|name| sandbox.path(name));
    fs::hard_link(sandbox.path("run/checkpoint.safetensors"), link).unwrap();
    fs::create_dir(sandbox.path("linked")).unwrap();
    std::os::unix::fs::symlink(sandbox.path(&images), model).unwrap();
    let (evaluate, export) = (format!("{EVALUATE} --scores"), format!("{EXPORT} --out"));
    for (line, input) in [
        (format!("{evaluate} run/digits.onnx"), "--model"),
        (format!("{evaluate} {images}"), "--data"),
        (format!("{export} run/checkpoint.safetensors"), "--run"),
        (format!("{export} checkpoint"), "--run"),
        (format!("{export} {images}"), "--data"),
        (format!("fit {QUICK} --out linked --overwrite"), "--data"),
    ] {
        let refusal = "expected an output that is none of the inputs";
        sandbox.refuses(&line, &[refusal, input]);
    }
}

#[cfg(unix)]
#[test]
fn links_to_results_stay() {
    let sandbox = Sandbox::with_run();
    fs::create_dir(sandbox.path("kept")).unwrap();
    let link = sandbox.path("run/digits.onnx");
    fs::rename(&link, sandbox.path("kept/model")).unwrap();
    std::os::unix::fs::symlink("../kept/model", &link).unwrap();
    sandbox.succeeds(&format!(
        "fit {QUICK} --epochs 1 --seed 1 --out run --overwrite"
    ));
    assert!(link.is_symlink() && sandbox.path("kept/model").is_file());
}

#[cfg(target_os = "linux")]
mod linux {
    use std::process::Command;

    use crate::sandbox::{EVALUATE, EXPORT, Finished, NO_PROGRAMS, QUICK, Sandbox};
    use crate::skip::{Cause, skip};

    #[test]
    fn a_file_system_without_files_of_ours_is_refused() {
        // Permissions do not bind the superuser, but nobody can create files here.
        let sandbox = Sandbox::with_run();
        for (command, result) in [
            (format!("fit {QUICK} --epochs 1 --out"), "/proc/run"),
            (format!("{EXPORT} --out"), "/proc/digits.onnx"),
            (format!("{EVALUATE} --scores"), "/proc/scores"),
        ] {
            let refusal = format!("{result}: cannot be written");
            sandbox.refuses(&format!("{command} {result}"), &[&refusal]);
        }
    }

    /// A command of `unshare` under which file systems can be mounted; `None` after the test was reported as skipped.
    fn private_mounts(test: &str) -> Option<&'static [&'static str]> {
        const WAYS: [&[&str]; 2] = [&["--map-root-user", "--mount"], &["--mount"]];
        let trial = ["/bin/sh", "-c", "mount -t tmpfs tmpfs /mnt"];
        let works = |way: &&&[&str]| {
            let output = Command::new("unshare").args(**way).args(trial).output();
            output.is_ok_and(|output| output.status.success())
        };
        let found = WAYS.iter().find(works).copied();
        if found.is_none() {
            let reason = "`unshare --mount` is not permitted here";
            skip(test, Cause::Environment, reason);
        }
        found
    }

    /// Runs the program while `disk` is a file system of 3 MB with the files of `run` in it, after the shell command
    /// `change`. What is on it at the end lies in `after`.
    fn on_a_disk(sandbox: &Sandbox, way: &[&str], change: &str, line: &str) -> Finished {
        let script = r#"
            mkdir disk after && mount -t tmpfs -o size=3m tmpfs disk && cp run/* disk &&
            eval "$CHANGE" || exit 100
            PATH="$TRAIN_PATH" "$@"
            code=$?
            cp -R disk/. after && exit $code"#;
        let mut command = sandbox.isolated("unshare");
        command.env("CHANGE", change).env("TRAIN_PATH", NO_PROGRAMS);
        command.args(way).args(["/bin/sh", "-c", script, "sh"]);
        command.arg(env!("CARGO_BIN_EXE_train"));
        Finished::of(command.args(line.split_whitespace()))
    }

    #[test]
    fn earlier_results_survive_a_full_disk() {
        let test = "out_folders::linux::earlier_results_survive_a_full_disk";
        let Some(way) = private_mounts(test) else {
            return;
        };
        let checkpoint = "disk/checkpoint.safetensors";
        let resume = "fit --data digits --runtime tract --resume disk --out disk";
        for (line, file) in [
            (
                format!("fit {QUICK} --epochs 2 --out disk --overwrite"),
                checkpoint,
            ),
            (resume.into(), checkpoint),
            (format!("{EXPORT} --out disk/new.onnx"), "disk/new.onnx"),
        ] {
            let sandbox = Sandbox::with_run();
            // Room for a checkpoint of 1.7 MB and a model of 0.9 MB, but not for another of either.
            let finished = on_a_disk(&sandbox, way, "true", &line);
            finished.refusal(&[&format!("{file}: cannot be written: No space left")]);
            assert_eq!(sandbox.files("after"), sandbox.files("run"), "{line}");
        }
    }

    #[test]
    fn a_model_that_cannot_be_written_leaves_the_checkpoint() {
        let test = "out_folders::linux::a_model_that_cannot_be_written_leaves_the_checkpoint";
        let Some(way) = private_mounts(test) else {
            return;
        };
        let sandbox = Sandbox::with_run();
        // Room for a checkpoint, and none for a model beside it.
        let change = "rm disk/* && head -c 1m /dev/zero > disk/other";
        let line = format!("fit {QUICK} --epochs 1 --out disk");
        let finished = on_a_disk(&sandbox, way, change, &line);
        finished.refusal(&["disk/digits.onnx: cannot be written: No space left"]);
        let names: Vec<_> = sandbox.files("after").into_keys().collect();
        assert_eq!(names, ["checkpoint.safetensors", "other"]);
    }

    #[test]
    fn nothing_changes_on_a_read_only_disk() {
        let test = "out_folders::linux::nothing_changes_on_a_read_only_disk";
        let Some(way) = private_mounts(test) else {
            return;
        };
        for (command, file) in [
            (format!("fit {QUICK} --epochs 1 --out"), "disk"),
            (format!("fit {QUICK} --epochs 1 --out"), "disk/new"),
            (format!("{EXPORT} --out"), "disk/new.onnx"),
            (format!("{EVALUATE} --scores"), "disk/scores"),
        ] {
            let sandbox = Sandbox::with_run();
            let line = format!("{command} {file}");
            let finished = on_a_disk(&sandbox, way, "mount -o remount,bind,ro disk", &line);
            finished.refusal(&[&format!("{file}: cannot be written: Read-only file system")]);
            assert_eq!(sandbox.files("after"), sandbox.files("run"), "{line}");
        }
    }
}
