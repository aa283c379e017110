//! `infer predict`.

use std::fs;
use std::iter;
use std::path::Path;
use std::process::Stdio;

use image::{GrayImage, ImageFormat, Luma};
use serde_json::Value;
use tract_onnx::pb::{AttributeProto, attribute_proto};

use crate::program::{Outcome, Workplace};
use crate::support;

#[test]
fn table_of_files() {
    let workplace = Workplace::new();
    workplace.picture("1.png", 0).picture("dog.png", 0);
    let command = ["predict", "--model", "digits.onnx", "1.png", "dog.png"];
    assert_eq!(
        workplace.run(&command),
        Outcome::done("1. CNN thinks it's a 3 (43.6%)\ndog. CNN thinks it's a 3 (43.6%)\n")
    );
    assert_eq!(
        workplace.run(&[&command[..], &["--truth-from-name"]].concat()),
        Outcome::done(
            "1 at  3.9%. CNN thinks it's a 3 (43.6%)\ndog. CNN thinks it's a 3 (43.6%)\n"
        )
    );
}

#[test]
fn folders_in_natural_order() {
    let workplace = Workplace::new();
    let names = ["dog", "10", "9", "1", "2"];
    for name in names {
        workplace.picture(&format!("folder/{name}.png"), 0);
    }
    fs::write(workplace.path("folder/notes.txt"), "not a picture").unwrap();
    let outcome = workplace.run(&["predict", "--model", "digits.onnx", "folder"]);
    let lines =
        ["1", "2", "9", "10", "dog"].map(|name| format!("{name}. CNN thinks it's a 3 (43.6%)\n"));
    assert_eq!(outcome, Outcome::done(&lines.concat()));

    fs::create_dir(workplace.path("empty")).unwrap();
    let outcome = workplace.run(&["predict", "--model", "digits.onnx", "empty"]);
    let formats = "PNG, JPEG, BMP, GIF, PGM or WebP";
    let error =
        format!("error: empty: expected picture files ({formats}) in the folder, found none\n");
    assert_eq!(outcome, Outcome::failed("", &error));
}

#[test]
fn json_lines() {
    let workplace = Workplace::new();
    workplace.picture("folder/3.png", 0).picture("dog.png", 0);
    let command = [
        "predict",
        "--model",
        "digits.onnx",
        "--json",
        "--truth-from-name",
        "folder",
        "dog.png",
    ];
    let outcome = workplace.run(&command);
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    let objects: Vec<Value> = outcome
        .output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [three, dog] = &objects[..] else {
        panic!("{objects:?}")
    };

    assert_eq!(
        Path::new(three["file"].as_str().unwrap()),
        Path::new("folder").join("3.png")
    );
    assert_eq!(
        (&three["label"], &three["class"]),
        (&Value::from("3"), &Value::from(3))
    );
    assert_eq!(three["truth"], "3");
    assert_eq!(three["truth_probability"], three["probability"]);
    assert!((three["probability"].as_f64().unwrap() - 0.436).abs() < 1e-6);
    let probabilities: Vec<f64> = three["probabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p.as_f64().unwrap())
        .collect();
    assert_eq!(probabilities.len(), 10);
    assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(three["elapsed_microseconds"].is_u64());

    assert_eq!(dog["file"], "dog.png");
    assert!(dog.get("truth").is_none() && dog.get("truth_probability").is_none());
}

#[test]
fn standard_input() {
    let workplace = Workplace::new();
    workplace.picture("white.png", 255);
    let command = ["predict", "--model", "brightness.onnx", "-"];
    let white = fs::read(workplace.path("white.png")).unwrap();
    let outcome = workplace.run_with_input(&command, &white);
    assert_eq!(
        outcome,
        Outcome::done("-. CNN thinks it's a bright (73.1%)\n")
    );

    let error =
        "error: -: expected a picture (PNG, JPEG, BMP, GIF, PGM or WebP), found an empty file\n";
    assert_eq!(
        workplace.run_with_input(&command, b""),
        Outcome::failed("", error)
    );
}

#[test]
fn content_counts_and_not_the_extension() {
    let workplace = Workplace::new();
    GrayImage::from_pixel(30, 30, Luma([0]))
        .save_with_format(workplace.path("a.png"), ImageFormat::Jpeg)
        .unwrap();
    let outcome = workplace.run(&["predict", "--model", "brightness.onnx", "a.png"]);
    assert_eq!(
        outcome,
        Outcome::done("a. CNN thinks it's a dark (73.1%)\n")
    );
}

#[test]
fn a_bad_picture_does_not_stop_the_others() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0).picture("b.png", 255);
    fs::write(workplace.path("text.png"), "no picture").unwrap();
    let pictures = ["a.png", "text.png", "missing.png", "b.png"];
    let command = [&["predict", "--model", "brightness.onnx"][..], &pictures].concat();
    assert_eq!(
        workplace.run(&command),
        Outcome::failed(
            "a. CNN thinks it's a dark (73.1%)\nb. CNN thinks it's a bright (73.1%)\n",
            "error: text.png: expected a picture (PNG, JPEG, BMP, GIF, PGM or WebP), found a file of another kind\n\
             error: missing.png: expected a file, found nothing of that name\n"
        )
    );
}

#[test]
fn bad_models() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let outcome = workplace.run(&["predict", "--model", "none.onnx", "a.png"]);
    let error = "error: none.onnx: expected a file, found nothing of that name\n";
    assert_eq!(outcome, Outcome::failed("", error));

    fs::write(
        workplace.path("nan.onnx"),
        support::constant(&[0.0, f32::NAN], None),
    )
    .unwrap();
    let outcome = workplace.run(&["predict", "--model", "nan.onnx", "a.png"]);
    let error = "error: nan.onnx: expected finite logits, found NaN for class 1; the weights may be damaged\n";
    assert_eq!(outcome, Outcome::failed("", error));
}

#[test]
fn the_built_in_model_knows_the_ten_digits() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let outcome = workplace.run(&["predict", "--json", "a.png"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    let object: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(object["probabilities"].as_array().unwrap().len(), 10);
    assert_eq!(object["label"], object["class"].to_string());
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
        assert_eq!(
            (outcome.code, outcome.output.as_str()),
            (2, ""),
            "{arguments:?}"
        );
        assert!(
            outcome.errors.contains("Usage: infer"),
            "{}",
            outcome.errors
        );
    }
    assert_eq!(workplace.run(&["predict", "--help"]).code, 0);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let mut arguments = vec!["predict", "--model", "digits.onnx"];
    arguments.extend(iter::repeat_n("a.png", 2000));
    let mut command = workplace.infer(&arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let outcome = Outcome::from(child.wait_with_output().unwrap());
    assert_eq!(outcome, Outcome::done(""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let mut command = workplace.infer(&["predict", "--model", "digits.onnx", "a.png"]);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let outcome = Outcome::from(
        command
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap(),
    );
    assert_eq!(outcome.code, 1);
    let message = "error: standard output: expected to print the result, found: ";
    assert!(outcome.errors.starts_with(message), "{}", outcome.errors);
}

#[test]
fn drawings_are_centred_if_asked() {
    let workplace = Workplace::new();
    // A small dark stroke: nearly all of the picture is bright.
    let paper = GrayImage::from_fn(200, 200, |x, y| {
        let ink = (20..60).contains(&x) && (20..60).contains(&y);
        Luma([if ink { 0 } else { 255 }])
    });
    paper.save(workplace.path("a.png")).unwrap();
    workplace.picture("blank.png", 255);
    for model in ["brightness.onnx", "brightness.q8", "brightness-int8.onnx"] {
        let run = |options: &[&str], picture| {
            workplace.run(&[&["predict", "--model", model], options, &[picture]].concat())
        };
        let plain = run(&[], "a.png");
        assert!(
            plain.output.starts_with("a. CNN thinks it's a bright"),
            "{plain:?}"
        );
        assert_eq!(run(&["--prepare", "plain"], "a.png"), plain);
        // The ink becomes a light square of 20 x 20 pixels, a little more than half of the picture.
        let centred = run(&["--prepare", "centred"], "a.png");
        assert!(
            centred.output.starts_with("a. CNN thinks it's a bright"),
            "{centred:?}"
        );
        assert_ne!(centred, plain);
        let error = "error: blank.png: expected a drawing, found a blank picture\n";
        assert_eq!(
            run(&["--prepare", "centred"], "blank.png"),
            Outcome::failed("", error)
        );
    }
}

#[test]
fn a_model_that_makes_tract_panic_is_one_line() {
    let workplace = Workplace::new();
    workplace.picture("1.png", 0);
    let mut pool = support::node("MaxPool", &["pixels"], "pooled");
    pool.attribute = ["kernel_shape", "strides"]
        .map(|name| AttributeProto {
            name: name.into(),
            r#type: attribute_proto::AttributeType::Ints as i32,
            ints: vec![i64::from(name == "kernel_shape"); 2],
            ..AttributeProto::default()
        })
        .to_vec();
    let nodes = vec![
        pool,
        support::node("Flatten", &["pooled"], "flat"),
        support::node("Gemm", &["flat", "weights", "bias"], "logits"),
    ];
    let constants = vec![
        support::tensor("weights", &[784, 2], &[0.0; 2 * 784]),
        support::tensor("bias", &[2], &[0.0; 2]),
    ];
    let model = support::encode(&support::model(nodes, constants, 2));
    fs::write(workplace.path("zero.onnx"), model).unwrap();
    let outcome = workplace.run(&["predict", "--model", "zero.onnx", "1.png"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (1, ""));
    assert_eq!(outcome.errors.lines().count(), 1, "{}", outcome.errors);
    assert!(
        outcome.errors.starts_with("error: zero.onnx: "),
        "{}",
        outcome.errors
    );
}
