//! `infer predict`.

use std::fs;
use std::iter;
use std::path::Path;
use std::process::Stdio;

use image::{GrayImage, ImageFormat, Luma};
use serde_json::Value;

use crate::program::{Outcome, Workplace, drawing};
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
    let error = format!(
        "error: empty: expected picture files ({formats}) in the folder, found an empty folder\n"
    );
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
    drawing(0)
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
    let other = ["predict", "--engine", "fast", "a.png"];
    assert_eq!(workplace.run(&other).code, 2);
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
    for arguments in [
        &["predict", "--model", "digits.onnx", "a.png"][..],
        &["predict", "--json", "--model", "digits.onnx", "a.png"],
        &["inspect", "digits.onnx"],
        &["--help"],
        &["evaluate", "--help"],
        &["--version"],
    ] {
        let mut command = workplace.infer(arguments);
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
        assert_eq!(outcome.code, 1, "{arguments:?}");
        let message = "error: standard output: expected to print the result, found: ";
        assert!(outcome.errors.starts_with(message), "{}", outcome.errors);
        assert_eq!(outcome.errors.lines().count(), 1);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_passed_and_one_by_name_is_read() {
    let workplace = Workplace::new();
    workplace.picture("folder/z.png", 255);
    let pipe = workplace.path("folder/pipe.png");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let predict = |picture| workplace.run(&["predict", "--model", "brightness.onnx", picture]);
    let bright = |name| Outcome::done(&format!("{name}. CNN thinks it's a bright (73.1%)\n"));
    assert_eq!(predict("folder"), bright("z"));
    let picture = fs::read(workplace.path("folder/z.png")).unwrap();
    let writer = std::thread::spawn(move || fs::write(pipe, picture).unwrap());
    assert_eq!(predict("folder/pipe.png"), bright("pipe"));
    writer.join().unwrap();
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_is_told_in_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let workplace = Workplace::new();
    let name = std::ffi::OsStr::from_bytes(b"\xFF\n.png");
    drawing(0)
        .save_with_format(workplace.path(".").join(name), ImageFormat::Png)
        .unwrap();
    let mut command = workplace.infer(&["predict", "--json", "--model", "brightness.onnx"]);
    let outcome = Outcome::from(command.arg(name).output().unwrap());
    let object: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(object["file"], "\u{fffd}\n.png");
    assert_eq!(object["file_bytes"], "/woucG5n");
}

#[test]
fn probabilities_are_not_made_so_again() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    for end in ["Softmax", "LogSoftmax", "Identity"] {
        let nodes = vec![
            support::node("Flatten", &["pixels"], "flat"),
            support::node("Gemm", &["flat", "weights", "bias"], "sums"),
            support::node(end, &["sums"], "ended"),
            support::node("Identity", &["ended"], "logits"),
        ];
        let constants = vec![
            support::tensor("weights", &[784, 2], &[0.0; 2 * 784]),
            support::tensor("bias", &[2], &[0.0, 3.0]),
        ];
        let model = support::encode(&support::model(nodes, constants, 2));
        fs::write(workplace.path("end.onnx"), model).unwrap();
        let outcome = workplace.run(&["predict", "--model", "end.onnx", "a.png"]);
        assert_eq!(
            outcome,
            Outcome::done("a. CNN thinks it's a 1 (95.3%)\n"),
            "{end}"
        );
    }
}

#[test]
fn a_model_that_asks_for_too_much_is_refused_before_it_runs() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    let giant = |count: i64| {
        let nodes = vec![
            support::node("Expand", &["pixels", "sizes"], "giant"),
            support::with_ints(
                support::node("ReduceMax", &["giant"], "largest"),
                "axes",
                &[0, 1],
            ),
            support::node("Flatten", &["largest"], "flat"),
            support::node("Gemm", &["flat", "weights", "bias"], "logits"),
        ];
        let constants = vec![
            support::integers("sizes", &[count, 1, 28, 28]),
            support::tensor("weights", &[784, 2], &[0.0; 2 * 784]),
            support::tensor("bias", &[2], &[0.0, 1.0]),
        ];
        let model = support::encode(&support::model(nodes, constants, 2));
        fs::write(workplace.path("giant.onnx"), model).unwrap();
    };
    giant(200_000);
    for command in [
        &["predict", "--model", "giant.onnx", "a.png"][..],
        &["inspect", "giant.onnx"],
    ] {
        let outcome = workplace.run(command);
        let expected = "error: giant.onnx: expected a model of at most 512 MiB of values, found 599 MiB of values with Expand (giant); if that is meant, give --limits-times 2\n";
        assert_eq!(outcome, Outcome::failed("", expected));
    }
    let outcome = workplace.run(&["inspect", "giant.onnx", "--limits-times", "2"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    assert!(
        workplace
            .run(&["predict", "--help"])
            .output
            .contains("512 MiB of values")
    );
}

#[test]
fn files_of_two_quantisations_are_noticed() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 255);
    let model = support::with_metadata(
        support::int8::brightness(0),
        &[("flash_checksum", "00000000")],
    );
    fs::write(
        workplace.path("brightness-int8.onnx"),
        support::encode(&model),
    )
    .unwrap();
    for model in ["brightness.q8", "brightness-int8.onnx"] {
        let outcome = workplace.run(&["predict", "--model", model, "a.png"]);
        let note = format!("note: {model} and brightness");
        assert!(
            outcome.code == 0 && outcome.errors.starts_with(&note),
            "{outcome:?}"
        );
    }
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
    let blank = GrayImage::from_pixel(40, 40, Luma([255]));
    blank.save(workplace.path("blank.png")).unwrap();
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
        for prepare in ["plain", "centred"] {
            let blank = run(&["--prepare", prepare], "blank.png");
            assert_eq!(blank, Outcome::failed("", error));
        }
    }
}

#[test]
fn a_model_that_makes_tract_panic_is_one_line() {
    let workplace = Workplace::new();
    workplace.picture("1.png", 0);
    let pool = support::node("MaxPool", &["pixels"], "pooled");
    let pool = support::with_ints(pool, "kernel_shape", &[1, 1]);
    let pool = support::with_ints(pool, "strides", &[0, 0]);
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
