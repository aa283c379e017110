//! `infer evaluate`.

use std::fs;

use serde_json::Value;

use crate::program::{Outcome, Workplace};
use crate::support;

/// An IDX file of bytes with these dimensions.
fn idx(dimensions: &[usize], elements: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, u8::try_from(dimensions.len()).unwrap()];
    for &size in dimensions {
        file.extend(u32::try_from(size).unwrap().to_be_bytes());
    }
    file.extend(elements);
    file
}

/// The two files of a test set: pictures of one grey each, and their labels.
pub fn test_set(greys: &[u8], labels: &[u8]) -> [(&'static str, Vec<u8>); 2] {
    let pixels: Vec<u8> = greys.iter().flat_map(|&grey| [grey; 28 * 28]).collect();
    [
        (
            "t10k-images-idx3-ubyte",
            idx(&[greys.len(), 28, 28], &pixels),
        ),
        ("t10k-labels-idx1-ubyte", idx(&[labels.len()], labels)),
    ]
}

/// A folder `data` with three pictures, of which the models get two right.
fn workplace() -> Workplace {
    let workplace = Workplace::new();
    fs::create_dir(workplace.path("data")).unwrap();
    for (name, content) in test_set(&[255, 0, 250], &[1, 0, 0]) {
        fs::write(workplace.path("data").join(name), content).unwrap();
    }
    workplace
}

const COMMAND: [&str; 4] = ["evaluate", "--data", "data", "--model"];

fn evaluate(workplace: &Workplace, arguments: &[&str]) -> Outcome {
    workplace.run(&[&COMMAND, arguments].concat())
}

#[test]
fn tables_of_both_kinds() {
    let workplace = workplace();
    let confusion = "rows: truth, columns: prediction\n\
                     \x20       dark  bright\n\
                     \x20 dark     1       1\n\
                     bright     0       1\n";
    for (file, accepted) in [("brightness.q8", true), ("brightness.onnx", false)] {
        let outcome = evaluate(&workplace, &[file]);
        assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
        assert!(
            outcome
                .output
                .starts_with("accuracy 0.6667 (2 of 3 right)\n"),
            "{}",
            outcome.output
        );
        assert_eq!(
            outcome.output.contains("accepted 1.0000 (3 of 3)\n"),
            accepted
        );
        assert!(outcome.output.ends_with(confusion), "{}", outcome.output);
    }
}

#[test]
fn objects_of_inverted_pictures() {
    let workplace = workplace();
    let outcome = evaluate(&workplace, &["brightness.q8", "--invert", "--json"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    let object: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(
        (&object["images"], &object["correct"]),
        (&3.into(), &1.into())
    );
    assert_eq!(object["confusion"], serde_json::json!([[1, 1], [1, 0]]));
    assert_eq!(object["labels"], serde_json::json!(["dark", "bright"]));
}

#[test]
fn only_the_first_images_count() {
    let workplace = workplace();
    for (limit, first_line) in [
        ("1", "accuracy 1.0000 (1 of 1 right)"),
        ("9", "accuracy 0.6667 (2 of 3 right)"),
    ] {
        let outcome = evaluate(&workplace, &["brightness.q8", "--limit", limit]);
        assert_eq!(outcome.output.lines().next(), Some(first_line));
    }
    assert_eq!(
        evaluate(&workplace, &["brightness.q8", "--limit", "0"]).code,
        2
    );
}

#[test]
fn scores_are_written_raw() {
    let workplace = workplace();
    let outcome = evaluate(&workplace, &["brightness.q8", "--scores", "scores.bin"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    let scores = fs::read(workplace.path("scores.bin")).unwrap();
    assert_eq!(scores, [0, 98, 0, (-98_i8).cast_unsigned(), 0, 94]);
    evaluate(
        &workplace,
        &["brightness-int8.onnx", "--scores", "int8.bin"],
    );
    assert_eq!(fs::read(workplace.path("int8.bin")).unwrap(), scores);

    evaluate(&workplace, &["brightness.onnx", "--scores", "scores.bin"]);
    let scores = fs::read(workplace.path("scores.bin")).unwrap();
    let logits: Vec<f32> = scores
        .as_chunks()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    assert_eq!(logits.len(), 6);
    assert!(
        (logits[1] - 1.0).abs() < 1e-3 && (logits[3] + 1.0).abs() < 1e-3,
        "{logits:?}"
    );
}

#[test]
fn scores_are_written_whole_or_not_at_all() {
    let workplace = workplace();
    let outcome = evaluate(
        &workplace,
        &["brightness.q8", "--scores", "none/scores.bin"],
    );
    assert_eq!((outcome.code, outcome.output.as_str()), (1, ""));
    assert!(
        outcome
            .errors
            .starts_with("error: none/scores.bin: cannot be written: ")
    );

    fs::write(
        workplace.path("nan.onnx"),
        support::constant(&[0.0, f32::NAN], None),
    )
    .unwrap();
    fs::write(workplace.path("scores.bin"), "earlier").unwrap();
    let before = fs::read_dir(workplace.path(".")).unwrap().count();
    assert_eq!(
        evaluate(&workplace, &["nan.onnx", "--scores", "scores.bin"]).code,
        1
    );
    fs::create_dir(workplace.path("folder")).unwrap();
    let outcome = evaluate(&workplace, &["brightness.q8", "--scores", "folder"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (1, ""));
    assert_eq!(fs::read(workplace.path("scores.bin")).unwrap(), b"earlier");
    assert_eq!(
        fs::read_dir(workplace.path(".")).unwrap().count(),
        before + 1
    );
}

#[test]
fn scores_never_take_the_place_of_an_input() {
    let workplace = workplace();
    fs::hard_link(workplace.path("brightness.q8"), workplace.path("link")).unwrap();
    for (scores, input) in [
        ("brightness.q8", "--model (brightness.q8)"),
        ("./data/../brightness.q8", "--model (brightness.q8)"),
        ("link", "--model (brightness.q8)"),
        (
            "data/t10k-labels-idx1-ubyte",
            "--data (data/t10k-labels-idx1-ubyte)",
        ),
    ] {
        let outcome = evaluate(&workplace, &["brightness.q8", "--scores", scores]);
        let error = format!(
            "error: {scores}: expected an output that is none of the inputs, found {input}; give the output another name\n"
        );
        assert_eq!(outcome, Outcome::failed("", &error));
    }
    assert_eq!(evaluate(&workplace, &["brightness.q8"]).code, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn scores_go_to_standard_output_before_the_table() {
    let workplace = workplace();
    let mut command = workplace.infer(&COMMAND);
    command.args(["brightness.q8", "--scores", "/dev/stdout"]);
    let file = fs::File::create(workplace.path("all")).unwrap();
    assert!(command.stdout(file).status().unwrap().success());
    let found = fs::read(workplace.path("all")).unwrap();
    assert!(
        found.starts_with(b"\x00b\x00\x9e\x00\x5eaccuracy 0.6667"),
        "{found:?}"
    );
    let outcome = evaluate(&workplace, &["brightness.q8", "--scores", "/dev/null"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn signals_end_the_program_with_their_code() {
    let workplace = workplace();
    let pipe = workplace.path("pipe");
    let run = |program: &str| std::process::Command::new(program);
    assert!(run("mkfifo").arg(&pipe).status().unwrap().success());
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        // Waits for ever for a reader of its output.
        let mut command = workplace.infer(&COMMAND);
        let mut child = command
            .args(["brightness.q8", "--scores", "pipe"])
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let killed = run("kill").args([signal, &child.id().to_string()]).status();
        assert!(killed.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn the_environment_names_the_folder() {
    let workplace = workplace();
    let command = ["evaluate", "--model", "brightness.q8"];
    let outcome: Outcome = workplace
        .infer(&command)
        .env("MNIST_DIR", "data")
        .output()
        .unwrap()
        .into();
    assert_eq!(outcome.code, 0, "{}", outcome.errors);
    let outcome: Outcome = workplace
        .infer(&command)
        .env_remove("MNIST_DIR")
        .output()
        .unwrap()
        .into();
    assert_eq!(outcome.code, 2);
    assert!(outcome.errors.contains("--data"), "{}", outcome.errors);
}

#[test]
fn bad_data_and_models_are_refused() {
    let workplace = workplace();
    let refusal = |data: &str, model: &str| {
        let outcome = workplace.run(&["evaluate", "--data", data, "--model", model]);
        assert_eq!((outcome.code, outcome.output.as_str()), (1, ""));
        outcome.errors
    };
    let [images, labels] = test_set(&[255, 0, 250], &[0, 1, 2]);
    fs::create_dir_all(workplace.path("other")).unwrap();
    fs::write(workplace.path("other").join(images.0), &images.1).unwrap();
    let missing = "error: other: expected t10k-labels-idx1-ubyte (packed with gzip or not), found t10k-images-idx3-ubyte\n";
    assert_eq!(refusal("other", "brightness.q8"), missing);
    assert!(
        refusal("none", "brightness.q8")
            .starts_with("error: none: expected a folder of IDX files, found nothing")
    );
    assert!(
        refusal("data", "none.q8").starts_with("error: none.q8: expected a file, found nothing")
    );

    fs::write(workplace.path("other").join(labels.0), labels.1).unwrap();
    let error = refusal("other", "brightness.q8");
    assert!(
        error.contains("expected labels 0 to 1, found label 2 at index 2"),
        "{error}"
    );
    fs::write(
        workplace.path("other").join(images.0),
        idx(&[3, 28, 27], &[0; 2268]),
    )
    .unwrap();
    let error = refusal("other", "brightness.q8");
    assert!(
        error.contains("expected 28x28 images, found 28x27"),
        "{error}"
    );
}

#[test]
fn other_layouts_and_blank_images_are_read() {
    let workplace = workplace();
    let [images, labels] = test_set(&[0, 255], &[0, 1]);
    fs::create_dir_all(workplace.path("root/EMNIST/raw")).unwrap();
    for (name, content) in [
        ("emnist-digits-test-images-idx3-ubyte.gz", images.1),
        ("EMNIST-DIGITS-TEST-LABELS.IDX1-UBYTE", labels.1),
    ] {
        fs::write(workplace.path("root/EMNIST/raw").join(name), content).unwrap();
    }
    let outcome = workplace.run(&["evaluate", "--data", "root", "--model", "brightness.q8"]);
    assert_eq!(
        outcome.output.lines().next(),
        Some("accuracy 1.0000 (2 of 2 right)"),
        "{outcome:?}"
    );
}
