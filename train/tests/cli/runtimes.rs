//! Runtimes that are not there or broken: said in a line, and never replaced by another unless the user leaves the choice.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Finished, QUICK, Sandbox, assert_parts};
use crate::skip::{Cause, skip};

const MODEL_COMMANDS: [&str; 4] = [
    "fit --data digits --batch 16 --epochs 1 --out run --overwrite",
    "export --run run --data digits",
    "evaluate --model run/digits.onnx --data digits",
    "doctor --json",
];

/// The program with `ORT_DYLIB_PATH` naming `library`, which may be relative to the folder.
fn with_library(sandbox: &Sandbox, library: impl AsRef<Path>, line: &str) -> Command {
    let mut command = sandbox.command(line);
    command.env("ORT_DYLIB_PATH", sandbox.path("").join(library));
    command
}

/// What such a program, which must succeed, says.
fn said(sandbox: &Sandbox, library: impl AsRef<Path>, line: &str) -> Finished {
    Finished::of(&mut with_library(sandbox, library, line)).expect_code(0)
}

/// Every command that needs a runtime must refuse this one.
fn assert_refused(sandbox: &Sandbox, library: impl AsRef<Path>, runtime: &str, parts: &[&str]) {
    for line in MODEL_COMMANDS {
        let line = format!("{line} --runtime {runtime}");
        sandbox.refuses_command(&mut with_library(sandbox, &library, &line), parts);
    }
}

/// A folder with a run and with two names for ONNX Runtime's library: `none.so`, which is not there, and `text.so`.
fn with_broken_libraries() -> Sandbox {
    let sandbox = Sandbox::with_run();
    sandbox.write("text.so", "This is no library.\n");
    sandbox
}

/// The machine's ONNX Runtime; without one `test` is to be skipped, and is reported as such.
pub fn installed_library(test: &str) -> Option<PathBuf> {
    let mut doctor = Sandbox::new().isolated(env!("CARGO_BIN_EXE_train"));
    doctor.args(["doctor", "--json", "--runtime", "tract"]);
    doctor.current_dir("/");
    doctor.envs(std::env::var_os("ORT_DYLIB_PATH").map(|library| ("ORT_DYLIB_PATH", library)));
    let report = report(&Finished::of(&mut doctor));
    let library = report["library"].as_str().map(PathBuf::from);
    if library.is_none() {
        let reason = "ONNX Runtime is not installed; `pip install onnxruntime` provides it";
        skip(test, Cause::Tool, reason);
    }
    library
}

/// The JSON that a command which must succeed prints.
pub fn report(finished: &Finished) -> Value {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap()
}

#[test]
fn a_broken_library_is_named_with_the_ways_out() {
    let sandbox = with_broken_libraries();
    for (library, found) in [
        ("none.so", "found no file"),
        ("text.so", "found one that cannot be used"),
        ("digits", "found a folder"),
    ] {
        let expected = "expected ONNX Runtime 1.";
        let ways = ["ORT_DYLIB_PATH", "`--runtime tract`"];
        for runtime in ["onnxruntime", "cuda"] {
            let parts = [library, expected, found, ways[0], ways[1]];
            assert_refused(&sandbox, library, runtime, &parts);
        }
    }
}

#[test]
fn a_runtime_that_is_not_installed_is_named_with_its_wheel() {
    let sandbox = Sandbox::with_run();
    if !report(&sandbox.train("doctor --json"))["library"].is_null() {
        // A library in the system's path cannot be hidden; the other tests name theirs.
        let test = "runtimes::a_runtime_that_is_not_installed_is_named_with_its_wheel";
        let reason = "ONNX Runtime is installed for the whole system";
        return skip(test, Cause::Environment, reason);
    }
    for (runtime, wheel) in [
        ("onnxruntime", "`pip install --upgrade onnxruntime`"),
        (
            "cuda",
            "`pip install --upgrade 'onnxruntime-gpu[cuda,cudnn]'`",
        ),
    ] {
        for line in MODEL_COMMANDS {
            let line = format!("{line} --runtime {runtime}");
            let parts = ["not found", "ORT_DYLIB_PATH", wheel, "`--runtime tract`"];
            sandbox.refuses(&line, &parts);
        }
    }
}

#[test]
fn auto_falls_back_to_tract_and_says_so_as_the_doctor_does() {
    let sandbox = with_broken_libraries();
    for library in ["none.so", "text.so"] {
        // `auto` is what is taken where nothing is said.
        for choice in ["", "--runtime auto"] {
            let line = format!("evaluate --model run/digits.onnx --data digits {choice}");
            let finished = said(&sandbox, library, &line);
            assert_parts(&finished.stdout, &["on 20 images\ntract"]);
            let note = finished.stderr.strip_suffix('\n').unwrap();
            assert!(note.starts_with("note: tract is used: ") && !note.contains('\n'));
            assert_parts(note, &[library, "expected ONNX Runtime"]);
        }
        let finished = said(&sandbox, library, "doctor --json");
        let report = report(&finished);
        assert_eq!(report["runtime"], "tract");
        assert!(report["library"].is_null(), "{report}");
        let path = sandbox.path(library).display().to_string();
        let missing = format!("{path} (of unknown version) does not load");
        assert_eq!(report["library_missing"], missing);
        let note = report["note"].as_str().unwrap();
        assert_eq!(format!("note: {note}\n"), finished.stderr);
        assert_parts(report["advice"].as_str().unwrap(), &["ORT_DYLIB_PATH"]);
        let table = said(&sandbox, library, "doctor").stdout;
        for (name, parts) in [
            ("onnxruntime", &[&*missing][..]),
            ("used", &["tract", "--runtime auto"]),
            ("better", &["ORT_DYLIB_PATH"]),
        ] {
            let row = table.lines().find(|line| line.starts_with(name));
            assert_parts(row.unwrap(), parts);
        }
    }
}

#[test]
fn an_old_library_is_told_with_the_version_that_is_needed() {
    let sandbox = Sandbox::new();
    let old = "libonnxruntime.so.1.9.2";
    sandbox.write(old, "This is no library.\n");
    let table = said(&sandbox, old, "doctor --runtime tract").stdout;
    let unusable = "1.9.2) is too old; needed: 1.";
    assert_parts(&table, &[unusable, "pip install --upgrade onnxruntime"]);
    let provider = format!("{DLL_PREFIX}onnxruntime_providers_cuda{DLL_SUFFIX}");
    for (file, upgrade) in [
        ("other", "`pip install --upgrade onnxruntime`"),
        (
            &provider,
            "`pip install --upgrade 'onnxruntime-gpu[cuda,cudnn]'`",
        ),
    ] {
        sandbox.write(file, "");
        let mut doctor = with_library(&sandbox, old, "doctor --runtime onnxruntime");
        sandbox.refuses_command(&mut doctor, &["or newer, found 1.9.2", upgrade]);
    }
}

#[test]
fn the_doctor_reports_tract_in_json_and_in_words() {
    let sandbox = Sandbox::new();
    let finished = sandbox.train("doctor --json --runtime tract");
    assert_eq!(finished.success().lines().count(), 1);
    let report = report(&finished);
    assert_eq!(report["runtime"], "tract");
    assert!(report["note"].is_null());
    let description = report["description"].as_str().unwrap();
    assert!(description.starts_with("tract") && description.contains("CPU"));
    for key in ["library", "cuda_provider", "gpu", "python", "advice"] {
        assert!(report.get(key).is_some(), "{key} is not in {report}");
    }
    let table = sandbox.succeeds("doctor --runtime tract");
    let names = table.lines().filter_map(|line| line.split(' ').next());
    let expected = "tract onnxruntime cuda gpu python used better";
    assert!(names.eq(expected.split(' ')), "{table}");
    assert_parts(&table, &[&format!("{description} (--runtime tract)")]);
}

#[test]
fn a_broken_second_runtime_is_no_obstacle() {
    let sandbox = with_broken_libraries();
    for (line, model) in [
        ("export --run run --data digits", "digits.onnx"),
        (
            &format!("fit {QUICK} --epochs 1 --overwrite"),
            "digits.onnx",
        ),
        (
            "quantize --model run/digits.onnx --data digits --runtime tract",
            "digits-int8.onnx",
        ),
    ] {
        let finished = said(&sandbox, "text.so", line);
        assert!(finished.stdout.ends_with(" on tract\n"), "{finished:?}");
        let warning = format!("warning: run/{model}: not checked on onnxruntime: ");
        let reason = "text.so: expected ONNX Runtime";
        assert_parts(&finished.stderr, &[&warning, reason]);
    }
}

#[test]
fn a_model_is_checked_on_both_runtimes() {
    let test = "runtimes::a_model_is_checked_on_both_runtimes";
    let Some(library) = installed_library(test) else {
        return;
    };
    let sandbox = Sandbox::with_digits();
    let fit = "fit --data digits --batch 16 --epochs 1 --threads 1 --augment invert";
    for (runtime, other) in [("tract", "onnxruntime"), ("onnxruntime", "tract")] {
        let line = format!("{fit} --runtime {runtime} --out {runtime}");
        let finished = said(&sandbox, &library, &line);
        let end = format!("agrees with the trainer on {runtime} and {other}\n");
        assert!(finished.stdout.ends_with(&end), "{finished:?}");
        assert_eq!(sandbox.files(runtime).len(), 2);
    }
}

#[test]
fn a_precision_that_the_runtime_does_not_have_is_refused() {
    let sandbox = Sandbox::with_run();
    let line = format!("fit {QUICK} --precision tf32 --out run --overwrite");
    let parts = ["tf32", "found runtime tract", "--precision float32"];
    sandbox.refuses(&line, &parts);
}

#[test]
fn cuda_is_never_replaced_by_the_cpu() {
    let Some(library) = installed_library("runtimes::cuda_is_never_replaced_by_the_cpu") else {
        return;
    };
    let sandbox = Sandbox::with_run();
    let doctor = Finished::of(&mut with_library(
        &sandbox,
        &library,
        "doctor --runtime cuda",
    ));
    if doctor.code == Some(0) {
        return assert_parts(&doctor.stdout, &[", CUDA, "]);
    }
    let parts = ["CUDA is not available", "pip install"];
    assert_refused(&sandbox, &library, "cuda", &parts);
}

#[cfg(unix)]
#[test]
fn a_cuda_provider_that_does_not_load_leaves_the_cpu_to_auto() {
    let test = "runtimes::a_cuda_provider_that_does_not_load_leaves_the_cpu_to_auto";
    let Some(installed) = installed_library(test) else {
        return;
    };
    let sandbox = Sandbox::with_run();
    let provider = format!("{DLL_PREFIX}onnxruntime_providers_cuda{DLL_SUFFIX}");
    sandbox.write(&provider, "no library");
    let library = format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}");
    std::os::unix::fs::symlink(installed, sandbox.path(&library)).unwrap();
    let parts = ["CUDA is not available", "driver", "pip install"];
    assert_refused(&sandbox, &library, "cuda", &parts);
    let report = report(&said(&sandbox, &library, "doctor --json"));
    assert_eq!(report["runtime"], "onnxruntime", "{report}");
}

#[cfg(unix)]
#[test]
fn the_second_runtime_takes_any_path_and_needs_no_temporary_folder() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let test = "runtimes::the_second_runtime_takes_any_path_and_needs_no_temporary_folder";
    let Some(library) = installed_library(test) else {
        return;
    };
    for name in [&b"-few"[..], b"not \xff text", b"=a b"] {
        let sandbox = Sandbox::with_digits();
        let name = OsString::from_vec(name.to_vec());
        std::fs::rename(sandbox.path("digits"), sandbox.path("").join(&name)).unwrap();
        let mut data = OsString::from("--data=");
        data.push(name);
        let mut command = sandbox.command("fit --batch 16 --epochs 1 --runtime tract --out=-run");
        command.env("ORT_DYLIB_PATH", &library);
        command.env("TMPDIR", "/no-folder").arg(data);
        let finished = Finished::of(&mut command);
        let end = "agrees with the trainer on tract and onnxruntime\n";
        assert!(finished.success().ends_with(end), "{finished:?}");
    }
}
