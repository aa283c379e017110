//! Runtimes that are not there or broken: said in a line, and never replaced by another unless the user leaves the choice.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Finished, QUICK, Sandbox};
use crate::skip::{Cause, skip};

const MODEL_COMMANDS: [&str; 4] = [
    "fit --data digits --batch 16 --epochs 1 --out run --overwrite",
    "export --run run --data digits",
    "evaluate --model run/digits.onnx --data digits",
    "doctor --json",
];

/// The program with `ORT_DYLIB_PATH` naming `library`, relative to the folder.
fn with_library(sandbox: &Sandbox, library: &str, line: &str) -> Command {
    let mut command = sandbox.command(line);
    command.env("ORT_DYLIB_PATH", sandbox.path(library));
    command
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
    doctor
        .args(["doctor", "--json", "--runtime", "tract"])
        .current_dir("/");
    doctor.envs(std::env::var_os("ORT_DYLIB_PATH").map(|library| ("ORT_DYLIB_PATH", library)));
    let library = report(&Finished::of(&mut doctor))["library"]
        .as_str()
        .map(PathBuf::from);
    if library.is_none() {
        skip(
            test,
            Cause::Tool,
            "ONNX Runtime is not installed; `pip install onnxruntime` provides it",
        );
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
        ("digits", "found one that cannot be used"),
    ] {
        let parts = [
            library,
            "expected ONNX Runtime 1.",
            found,
            "ORT_DYLIB_PATH",
            "`--runtime tract`",
        ];
        for line in MODEL_COMMANDS {
            for runtime in ["onnxruntime", "cuda"] {
                let line = format!("{line} --runtime {runtime}");
                sandbox.refuses_command(&mut with_library(&sandbox, library, &line), &parts);
            }
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
    for line in MODEL_COMMANDS {
        for (runtime, wheel) in [
            ("onnxruntime", "onnxruntime`"),
            ("cuda", "'onnxruntime-gpu[cuda,cudnn]'`"),
        ] {
            let line = format!("{line} --runtime {runtime}");
            let wheel = format!("`pip install --upgrade {wheel}");
            sandbox.refuses(
                &line,
                &["not found", "ORT_DYLIB_PATH", &wheel, "`--runtime tract`"],
            );
        }
    }
}

#[test]
fn auto_falls_back_to_tract_and_says_so() {
    let sandbox = with_broken_libraries();
    for library in ["none.so", "text.so"] {
        let line = "evaluate --model run/digits.onnx --data digits --runtime auto";
        let finished = Finished::of(&mut with_library(&sandbox, library, line));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(
            finished.stdout.contains("on 20 images\ntract"),
            "{finished:?}"
        );
        let note = finished.stderr.strip_suffix('\n').unwrap();
        assert!(
            note.starts_with("note: tract is used: ") && !note.contains('\n'),
            "{note}"
        );
        assert!(
            note.contains(library) && note.contains("expected ONNX Runtime"),
            "{note}"
        );
        // `auto` is what is taken where nothing is said.
        let line = "evaluate --model run/digits.onnx --data digits";
        let again = Finished::of(&mut with_library(&sandbox, library, line));
        assert_eq!(
            (again.stdout, again.stderr),
            (finished.stdout, finished.stderr)
        );
    }
}

#[test]
fn the_doctor_reports_a_broken_library() {
    let sandbox = with_broken_libraries();
    for library in ["none.so", "text.so"] {
        let finished = Finished::of(&mut with_library(&sandbox, library, "doctor --json"));
        let report = report(&finished);
        assert_eq!(report["runtime"], "tract");
        assert!(report["library"].is_null(), "{report}");
        let path = sandbox.path(library).display().to_string();
        let missing = format!("{path} (of unknown version) cannot be used");
        assert_eq!(report["library_missing"], missing);
        assert_eq!(
            format!("note: {}\n", report["note"].as_str().unwrap()),
            finished.stderr
        );
        assert!(
            report["advice"]
                .as_str()
                .unwrap()
                .contains("ORT_DYLIB_PATH"),
            "{report}"
        );
        let table = Finished::of(&mut with_library(&sandbox, library, "doctor"));
        assert_eq!(table.code, Some(0), "{table:?}");
        let row = |name: &str| {
            table
                .stdout
                .lines()
                .find(|line| line.starts_with(name))
                .unwrap()
        };
        assert!(row("onnxruntime").contains(&missing), "{table:?}");
        assert!(
            row("used").contains("tract") && row("used").contains("--runtime auto"),
            "{table:?}"
        );
        assert!(row("better").contains("ORT_DYLIB_PATH"), "{table:?}");
    }
}

#[test]
fn an_old_library_is_told_with_the_version_that_is_needed() {
    let sandbox = Sandbox::new();
    let old = "libonnxruntime.so.1.9.2";
    sandbox.write(old, "This is no library.\n");
    let table = Finished::of(&mut with_library(&sandbox, old, "doctor --runtime tract"));
    for part in [
        "1.9.2) cannot be used; needed: 1.",
        "pip install --upgrade onnxruntime",
    ] {
        assert!(table.stdout.contains(part), "{part} is not in {table:?}");
    }
    for (provider, wheel) in [
        (false, "onnxruntime`"),
        (true, "'onnxruntime-gpu[cuda,cudnn]'`"),
    ] {
        if provider {
            sandbox.write(
                &format!("{DLL_PREFIX}onnxruntime_providers_cuda{DLL_SUFFIX}"),
                "",
            );
        }
        let mut doctor = with_library(&sandbox, old, "doctor --runtime onnxruntime");
        let upgrade = format!("`pip install --upgrade {wheel}");
        sandbox.refuses_command(&mut doctor, &["or newer, found 1.9.2", &upgrade]);
    }
}

#[test]
fn the_doctor_reports_tract_in_json_and_in_words() {
    let sandbox = Sandbox::new();
    let finished = sandbox.train("doctor --json --runtime tract");
    assert_eq!(finished.success().lines().count(), 1);
    let report = report(&finished);
    assert_eq!(
        (&report["runtime"], &report["note"]),
        (&"tract".into(), &Value::Null)
    );
    let description = report["description"].as_str().unwrap();
    assert!(
        description.starts_with("tract") && description.contains("CPU"),
        "{report}"
    );
    for key in ["library", "cuda_provider", "gpu", "python", "advice"] {
        assert!(report.get(key).is_some(), "{key} is not in {report}");
    }
    let table = sandbox.train("doctor --runtime tract");
    let names: Vec<&str> = table
        .success()
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(
        names,
        [
            "tract",
            "onnxruntime",
            "cuda",
            "gpu",
            "python",
            "used",
            "better"
        ]
    );
    assert!(
        table
            .stdout
            .contains(&format!("{description} (--runtime tract)")),
        "{table:?}"
    );
}

#[test]
fn a_broken_second_runtime_is_no_obstacle() {
    let sandbox = with_broken_libraries();
    for line in [
        "export --run run --data digits",
        &format!("fit {QUICK} --epochs 1 --overwrite"),
    ] {
        let finished = Finished::of(&mut with_library(&sandbox, "text.so", line));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(
            finished.stdout.ends_with("the trainer on tract\n"),
            "{finished:?}"
        );
        let warning = "warning: run/digits.onnx: not checked on onnxruntime: ";
        let reason = "text.so: expected ONNX Runtime";
        assert!(
            finished.stderr.contains(warning) && finished.stderr.contains(reason),
            "{finished:?}"
        );
    }
}

#[test]
fn a_model_is_checked_on_both_runtimes() {
    let test = "runtimes::a_model_is_checked_on_both_runtimes";
    let Some(library) = installed_library(test) else {
        return;
    };
    let sandbox = Sandbox::with_digits();
    let fit = "fit --data digits --batch 16 --epochs 1 --threads 1";
    for (runtime, other) in [("tract", "onnxruntime"), ("onnxruntime", "tract")] {
        let line = format!("{fit} --augment invert --runtime {runtime} --out {runtime}");
        let finished = Finished::of(sandbox.command(&line).env("ORT_DYLIB_PATH", &library));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let end = format!("agrees with the trainer on {runtime} and {other}\n");
        assert!(finished.stdout.ends_with(&end), "{finished:?}");
        assert_eq!(sandbox.files(runtime).len(), 2);
    }
}

#[test]
fn a_precision_that_the_runtime_does_not_have_is_refused() {
    let sandbox = Sandbox::with_run();
    let parts = ["tf32", "found runtime tract", "--precision float32"];
    sandbox.refuses(
        &format!("fit {QUICK} --precision tf32 --out run --overwrite"),
        &parts,
    );
}

#[test]
fn cuda_is_never_replaced_by_the_cpu() {
    let Some(library) = installed_library("runtimes::cuda_is_never_replaced_by_the_cpu") else {
        return;
    };
    let sandbox = Sandbox::with_run();
    let command = |line: &str| {
        let mut command = sandbox.command(&format!("{line} --runtime cuda"));
        command.env("ORT_DYLIB_PATH", &library);
        command
    };
    let doctor = Finished::of(&mut command("doctor"));
    if doctor.code == Some(0) {
        assert!(doctor.stdout.contains(", CUDA, "), "{doctor:?}");
        return;
    }
    for line in MODEL_COMMANDS {
        sandbox.refuses_command(
            &mut command(line),
            &["CUDA is not available", "pip install"],
        );
    }
}

#[cfg(unix)]
#[test]
fn a_cuda_provider_that_does_not_load_leaves_the_cpu_to_auto() {
    let test = "runtimes::a_cuda_provider_that_does_not_load_leaves_the_cpu_to_auto";
    let Some(installed) = installed_library(test) else {
        return;
    };
    let sandbox = Sandbox::with_run();
    sandbox.write(
        &format!("{DLL_PREFIX}onnxruntime_providers_cuda{DLL_SUFFIX}"),
        "no library",
    );
    let library = format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}");
    std::os::unix::fs::symlink(installed, sandbox.path(&library)).unwrap();
    for line in MODEL_COMMANDS {
        let mut command = with_library(&sandbox, &library, &format!("{line} --runtime cuda"));
        sandbox.refuses_command(
            &mut command,
            &["CUDA is not available", "driver", "pip install"],
        );
    }
    let report = report(&Finished::of(&mut with_library(
        &sandbox,
        &library,
        "doctor --json",
    )));
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
        command
            .env("ORT_DYLIB_PATH", &library)
            .env("TMPDIR", "/no-folder");
        let finished = Finished::of(command.arg(data));
        let end = "agrees with the trainer on tract and onnxruntime\n";
        assert!(finished.success().ends_with(end), "{finished:?}");
    }
}
