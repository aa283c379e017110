//! `infer predict`: pictures in, lines out.

use std::fs;
use std::iter;
use std::process::Stdio;

use image::ImageFormat;
use serde_json::Value;

use crate::program::{Outcome, Workplace, drawing};

const DARK: &str = "CNN thinks it's a dark (73.1%)\n";
const BRIGHT: &str = "CNN thinks it's a bright (73.1%)\n";
const THREE: &str = "CNN thinks it's a 3 (43.6%)\n";

#[test]
fn tables_name_the_file_or_its_truth() {
    let workplace = Workplace::new();
    workplace.picture("1.png", 0).picture("dog.png", 0);
    let predict = |arguments: &[&str]| {
        let pictures = ["1.png", "dog.png"];
        let table = workplace.predict_with("digits.onnx", &[&pictures, arguments].concat());
        table.succeeded()
    };
    assert_eq!(predict(&[]), format!("1. {THREE}dog. {THREE}"));
    let with_truth = predict(&["--truth-from-name"]);
    assert_eq!(with_truth, format!("1 at  3.9%. {THREE}dog. {THREE}"));
}

#[test]
fn folders_in_natural_order() {
    let workplace = Workplace::new();
    for name in ["dog", "10", "9", "1", "2"] {
        workplace.picture(&format!("folder/{name}.png"), 0);
    }
    fs::write(workplace.path("folder/notes.txt"), "not a picture").unwrap();
    let lines = ["1", "2", "9", "10", "dog"].map(|name| format!("{name}. {THREE}"));
    let table = workplace.predict_with("digits.onnx", &["folder"]);
    assert_eq!(table.succeeded(), lines.concat());

    fs::create_dir(workplace.path("empty")).unwrap();
    assert_eq!(
        workplace.predict_with("digits.onnx", &["empty"]).failed(),
        "error: empty: expected picture files (PNG, JPEG, BMP, GIF, PGM or WebP) in the folder, found an empty folder\n"
    );
}

#[test]
fn json_lines() {
    let workplace = Workplace::new();
    workplace
        .picture("folder/dark.png", 0)
        .picture("dog.png", 127);
    let objects = |model| {
        let arguments = ["--json", "--truth-from-name", "folder", "dog.png"];
        let lines = workplace.predict_with(model, &arguments).succeeded();
        let parts = lines.lines().map(|line| {
            let (start, time) = line.split_once(r#","elapsed_microseconds":"#).unwrap();
            time.strip_suffix('}').unwrap().parse::<u64>().unwrap();
            start.replace(r"folder\\", "folder/")
        });
        parts.collect::<Vec<_>>()
    };
    assert_eq!(
        objects("brightness.q8"),
        [
            r#"{"file":"folder/dark.png","label":"dark","class":0,"probability":1.0,"probabilities":[1.0,0.0],"truth":"dark","truth_probability":1.0,"accepted":true"#,
            r#"{"file":"dog.png","label":"dark","class":0,"probability":0.5,"probabilities":[0.5,0.5],"accepted":false"#,
        ]
    );
    let floats = objects("digits.onnx");
    let object: Value = serde_json::from_str(&format!("{}}}", floats[1])).unwrap();
    let [probability, probabilities] = [&object["probability"], &object["probabilities"]];
    assert!((probability.as_f64().unwrap() - 0.436).abs() < 1e-6);
    let probabilities = probabilities.as_array().unwrap().iter().map(Value::as_f64);
    assert_eq!(probabilities.len(), 10);
    let sum: f64 = probabilities.map(Option::unwrap).sum();
    assert!((sum - 1.0).abs() < 1e-12);
    assert!(object.get("accepted").is_none());
}

#[test]
fn standard_input() {
    let workplace = Workplace::new();
    workplace.picture("white.png", 255);
    let command = ["predict", "--model", "brightness.onnx", "-"];
    let white = fs::read(workplace.path("white.png")).unwrap();
    let outcome = workplace.run_with_input(&command, &white);
    assert_eq!(outcome.succeeded(), format!("-. {BRIGHT}"));
    assert_eq!(
        workplace.run_with_input(&command, b"").failed(),
        "error: -: expected a picture (PNG, JPEG, BMP, GIF, PGM or WebP), found an empty file\n"
    );
}

#[test]
fn content_counts_and_not_the_extension() {
    let workplace = Workplace::new();
    let picture = workplace.path("a.png");
    drawing(0)
        .save_with_format(picture, ImageFormat::Jpeg)
        .unwrap();
    let table = workplace.predict_with("brightness.onnx", &["a.png"]);
    assert_eq!(table.succeeded(), format!("a. {DARK}"));
}

#[test]
fn a_bad_picture_does_not_stop_the_others() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0).picture("b.png", 255);
    fs::write(workplace.path("text.png"), "no picture").unwrap();
    let pictures = ["a.png", "text.png", "missing.png", "b.png"];
    let outcome = workplace.predict_with("brightness.onnx", &pictures);
    assert_eq!(outcome.code, 1);
    assert_eq!(outcome.output, format!("a. {DARK}b. {BRIGHT}"));
    assert_eq!(
        outcome.errors,
        "error: text.png: expected a picture (PNG, JPEG, BMP, GIF, PGM or WebP), found a file of another kind\n\
         error: missing.png: expected a file, found nothing of that name\n"
    );
}

#[test]
fn wrong_usage() {
    let workplace = Workplace::new();
    for arguments in [
        &[][..],
        &["predict"],
        &["predict", "--no-such-option", "a.png"],
        &["paint"],
    ] {
        let outcome = workplace.run(arguments);
        assert_eq!((outcome.code, outcome.output.as_str()), (2, ""));
        assert!(outcome.errors.contains("Usage: infer"), "{outcome:?}");
    }
    assert_eq!(workplace.predict(&["--engine", "fast", "a.png"]).code, 2);
    let help = workplace.predict(&["--help"]).succeeded();
    assert!(help.contains("512 MiB of values"), "{help}");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let mut arguments = vec!["predict", "--model", "digits.onnx"];
    arguments.extend(iter::repeat_n("a.png", 2000));
    let mut command = workplace.infer(&arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let outcome = Outcome::from(child.wait_with_output().unwrap());
    assert_eq!(outcome.succeeded(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    for arguments in [
        &["predict", "--model", "digits.onnx", "a.png"][..],
        &["predict", "--json", "--model", "digits.onnx", "a.png"],
        &["inspect", "digits.onnx"],
        &["--help"],
        &["evaluate", "--help"],
        &["--version"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = workplace.infer(arguments);
        command.stdout(full.unwrap()).stderr(Stdio::piped());
        let error = Outcome::from(command.output().unwrap()).failed();
        let message = "error: standard output: expected to print the result, found: ";
        assert!(error.starts_with(message), "{arguments:?} {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_passed_and_one_by_name_is_read() {
    let workplace = Workplace::new();
    workplace.picture("folder/z.png", 255);
    let pipe = workplace.path("folder/pipe.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let predict = |picture| {
        workplace
            .predict_with("brightness.onnx", &[picture])
            .succeeded()
    };
    assert_eq!(predict("folder"), format!("z. {BRIGHT}"));
    let picture = fs::read(workplace.path("folder/z.png")).unwrap();
    let writer = std::thread::spawn(move || fs::write(pipe, picture).unwrap());
    assert_eq!(predict("folder/pipe.png"), format!("pipe. {BRIGHT}"));
    writer.join().unwrap();
}

#[cfg(unix)]
#[test]
fn a_path_is_escaped_once_and_told_in_bytes_if_it_is_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let workplace = Workplace::new();
    for (name, shown, bytes) in [
        (
            &b"\xFF\n.png"[..],
            "\u{fffd}\n.png",
            Value::from("/woucG5n"),
        ),
        ("größe.png".as_bytes(), "größe.png", Value::Null),
        (b"a\nb\"c\\d.png", "a\nb\"c\\d.png", Value::Null),
        (b"\x1b[31m.png", "\u{1b}[31m.png", Value::Null),
    ] {
        let name = OsStr::from_bytes(name);
        drawing(0).save(workplace.path(".").join(name)).unwrap();
        let mut command = workplace.infer(&["predict", "--json", "--model", "brightness.onnx"]);
        let object = Outcome::from(command.arg(name).output().unwrap()).succeeded();
        let object: Value = serde_json::from_str(&object).unwrap();
        assert_eq!(object["file"], shown);
        assert_eq!(object.get("file_bytes").unwrap_or(&Value::Null), &bytes);
    }
}
