//! `infer predict` with files of both kinds.

use std::fs;

use serde_json::Value;

use crate::program::{Outcome, Workplace};

#[test]
fn flash_files_run_with_and_without_asking() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255).picture("b.png", 127);
    let pictures = ["--model", "brightness.q8", "a.png", "b.png"];
    let expected = Outcome::done(
        "a. CNN thinks it's a bright (100.0%)\n\
         b. CNN thinks it's a dark (50.0%), not sure it is a digit\n",
    );
    for engine in [&[][..], &["--engine", "int8"], &["--engine", "auto"]] {
        let command = [&["predict"], engine, &pictures].concat();
        assert_eq!(workplace.run(&command), expected);
    }
}

#[test]
fn objects_say_whether_a_picture_is_accepted() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255).picture("b.png", 127);
    let command = [
        "predict",
        "--json",
        "--model",
        "brightness.q8",
        "a.png",
        "b.png",
    ];
    let outcome = workplace.run(&command);
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    let objects: Vec<Value> = outcome
        .output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects[0]["accepted"], true);
    assert_eq!(objects[1]["accepted"], false);
    assert_eq!(objects[1]["probabilities"], serde_json::json!([0.5, 0.5]));

    let command = ["predict", "--json", "--model", "brightness.onnx", "a.png"];
    assert!(!workplace.run(&command).output.contains("accepted"));
}

#[test]
fn engines_refuse_the_files_of_the_other() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    for (engine, file, expected, found, other) in [
        (
            "int8",
            "brightness.onnx",
            "a flash file",
            "an ONNX model",
            "float",
        ),
        (
            "float",
            "brightness.q8",
            "an ONNX model",
            "a flash file",
            "int8",
        ),
    ] {
        let outcome = workplace.run(&["predict", "--engine", engine, "--model", file, "a.png"]);
        let error = format!(
            "error: {file}: expected {expected}, found {found}; \
             leave out --engine to let the file decide, or give --engine {other}\n"
        );
        assert_eq!(outcome, Outcome::failed("", &error));
    }
    let outcome = workplace.run(&["predict", "--engine", "fast", "a.png"]);
    assert_eq!(outcome.code, 2);
}

#[test]
fn damaged_flash_files_are_refused() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    let mut damaged = fs::read(workplace.path("brightness.q8")).unwrap();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(workplace.path("damaged.q8"), &damaged).unwrap();
    fs::write(workplace.path("cut.q8"), &damaged[..last]).unwrap();
    for (file, reason) in [
        ("damaged.q8", "expected checksum "),
        ("cut.q8", "expected a file of "),
    ] {
        for command in [
            &["predict", "--model", file, "a.png"][..],
            &["inspect", file],
        ] {
            let outcome = workplace.run(command);
            assert_eq!((outcome.code, outcome.output.as_str()), (1, ""));
            assert!(outcome.errors.starts_with(&format!("error: {file}: byte ")));
            assert!(outcome.errors.contains(reason), "{}", outcome.errors);
            assert_eq!(outcome.errors.lines().count(), 1);
        }
    }
}
