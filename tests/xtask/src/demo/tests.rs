//! The programs are shell scripts here.

use std::os::unix::fs::PermissionsExt;

use anyhow::bail;
use tempfile::TempDir;

use super::*;

/// Logs its arguments; `$here` is its folder. Its runtime is native once a library is named.
const TRAIN: &str = r#"
echo "train $*" >>"$here/log"
case "$1" in
doctor)
    if [ "$ORT_DYLIB_PATH" = installed ]; then runtime=onnxruntime; else runtime=tract; fi
    echo "{\"runtime\": \"$runtime\", \"description\": \"a $runtime\", \"library\": null}" ;;
data) [ -e "$here/mnist" ] ;;
pictures) echo "$here/pictures" ;;
fit)
    [ ! -e "$here/broken" ] ;;
esac
"#;

const INFER: &str = r#"
echo "infer $*" >>"$here/log"
echo "1 at  3.9%. CNN thinks it's a 3 (43.6%)"
"#;

fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    let script = format!("#!/bin/sh\nhere='{}'\n{script}", folder.display());
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn programs(folder: &Path) -> Programs {
    Programs {
        train: program(folder, "train", TRAIN),
        infer: program(folder, "infer", INFER),
    }
}

/// What builds optimised programs where that must not be asked for.
fn needless() -> Result<Programs> {
    bail!("optimised programs are needless")
}

fn demo() -> (TempDir, Demo) {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo {
        programs: programs(folder.path()),
        folder: folder.path().join("demo"),
        library: None,
        mnist: None,
        fit_options: Vec::new(),
    };
    (folder, demo)
}

/// What ran, without the name of the folder.
fn log(folder: &TempDir) -> String {
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    log.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn with_everything_at_hand_mnist_is_trained_whole() {
    let (folder, mut demo) = demo();
    fs::write(folder.path().join("mnist"), "").unwrap();
    fs::create_dir_all(demo.folder.join("plain")).unwrap();
    fs::write(demo.folder.join("plain").join("old"), "").unwrap();
    demo.tour(|| Ok("installed".into()), needless).unwrap();
    let expected = "\
train doctor --json
train doctor --json
train data
train pictures
train summary
train fit --epochs 2 --out demo/plain
infer predict --truth-from-name --model demo/plain/digits.onnx pictures
train fit --resume demo/plain --augment invert --epochs 2 --out demo/inverted
infer predict --truth-from-name --model demo/inverted/digits.onnx pictures
";
    assert_eq!(log(&folder), expected);
    assert!(!demo.folder.join("plain").join("old").exists());
}

#[test]
fn with_nothing_at_hand_it_trains_less_and_on_drawn_digits() {
    let (folder, mut demo) = demo();
    demo.tour(|| bail!("offline"), || Ok(programs(folder.path())))
        .unwrap();
    let fits: Vec<_> = log(&folder)
        .lines()
        .filter(|line| line.starts_with("train fit"))
        .map(str::to_owned)
        .collect();
    assert_eq!(fits.len(), 2);
    for fit in fits {
        assert!(fit.ends_with(" --limit 12000 --data synthetic"), "{fit}");
    }
}

#[test]
fn a_library_that_does_not_load_leaves_tract() {
    let (folder, mut demo) = demo();
    demo.tour(|| Ok("unusable".into()), || Ok(programs(folder.path())))
        .unwrap();
    assert!(log(&folder).contains("--limit 12000"));
    assert_eq!(demo.library, None);
}

#[test]
fn a_folder_that_the_user_named_is_not_replaced_by_drawn_digits() {
    let (folder, mut demo) = demo();
    demo.mnist = Some("typo".into());
    let error = demo.tour(|| Ok("installed".into()), needless).unwrap_err();
    let expected = "MNIST_DIR: expected a folder with MNIST, found typo;";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert!(!log(&folder).contains("train fit"));
}

#[test]
fn a_failing_child_ends_it_with_its_name() {
    let (folder, mut demo) = demo();
    fs::write(folder.path().join("broken"), "").unwrap();
    let error = format!(
        "{:#}",
        demo.tour(|| bail!("offline"), || Ok(programs(folder.path())))
            .unwrap_err()
    );
    assert!(error.starts_with("`train fit --epochs 2 --out "), "{error}");
    assert!(error.ends_with("failed (exit status: 1)"), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn the_doctor_must_answer_in_json() {
    assert!(Doctor::parse("tract\n").is_none());
    assert!(Doctor::parse(r#"{"runtime": "tract"}"#).is_none());
    let doctor = Doctor::parse(r#"{"runtime": "cuda", "description": "a GPU", "more": 1}"#);
    assert!(doctor.is_some_and(|doctor| doctor.runtime == "cuda"));
}
