//! `infer evaluate`.

use std::fs;

use crate::program::{Outcome, Workplace};
use crate::support;

const IMAGES: &str = "t10k-images-idx3-ubyte";
const LABELS: &str = "t10k-labels-idx1-ubyte";

/// An IDX file of bytes with these dimensions.
fn idx(dimensions: &[usize], elements: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, u8::try_from(dimensions.len()).unwrap()];
    for &size in dimensions {
        file.extend(u32::try_from(size).unwrap().to_be_bytes());
    }
    file.extend(elements);
    file
}

/// Writes the two files of a test set into the folder `data`: pictures of one grey each, and their labels.
pub fn write_test_set(workplace: &Workplace, greys: &[u8], labels: &[u8]) {
    let pixels: Vec<u8> = greys.iter().flat_map(|&grey| [grey; 28 * 28]).collect();
    fs::create_dir(workplace.path("data")).unwrap();
    for (name, content) in [
        (IMAGES, idx(&[greys.len(), 28, 28], &pixels)),
        (LABELS, idx(&[labels.len()], labels)),
    ] {
        fs::write(workplace.path("data").join(name), content).unwrap();
    }
}

const GREYS: [u8; 5] = [255, 200, 0, 10, 127];

/// Two bright pictures, one of them called dark; three dark ones, one of them hardly so.
fn workplace() -> Workplace {
    let workplace = Workplace::new();
    write_test_set(&workplace, &GREYS, &[1, 0, 0, 0, 0]);
    workplace
}

const COMMAND: [&str; 4] = ["evaluate", "--data", "data", "--model"];

fn evaluate(workplace: &Workplace, arguments: &[&str]) -> Outcome {
    workplace.run(&[&COMMAND, arguments].concat())
}

#[test]
fn tables_of_both_kinds() {
    let workplace = workplace();
    let confusion = "\n\
                     rows: truth, columns: prediction\n\
                     \x20       dark  bright\n\
                     \x20 dark     3       1\n\
                     bright     0       1\n";
    for (file, accepted) in [
        ("brightness.q8", "accepted 0.8000 (4 of 5)\n"),
        ("brightness.onnx", ""),
    ] {
        let table = evaluate(&workplace, &[file]).succeeded();
        let (right, rest) = table.split_once("speed    ").unwrap();
        assert_eq!(right, format!("accuracy 0.8000 (4 of 5 right)\n{accepted}"));
        let (speed, rest) = rest.split_once(" inputs/s\n").unwrap();
        assert!(speed.parse::<u32>().unwrap() > 0);
        assert_eq!(rest, confusion);
    }
}

#[test]
fn objects_of_both_kinds() {
    let workplace = workplace();
    for (arguments, counts, confusion) in [
        (
            &["brightness.onnx", "--json"][..],
            r#""correct":4,"accuracy":0.8"#,
            "[[3,1],[0,1]]",
        ),
        // The grey of 127 becomes 128, whose logits are a tie: dark.
        (
            &["brightness.q8", "--json", "--invert"],
            r#""correct":2,"accuracy":0.4,"accepted":4"#,
            "[[2,2],[1,0]]",
        ),
    ] {
        let object = evaluate(&workplace, arguments).succeeded();
        let (start, rest) = object.split_once(r#","images_per_second":"#).unwrap();
        assert_eq!(start, format!(r#"{{"images":5,{counts}"#));
        let (speed, rest) = rest.split_once(',').unwrap();
        assert!(speed.parse::<f64>().unwrap() > 0.0);
        let end = format!(r#""labels":["dark","bright"],"confusion":{confusion}}}"#);
        assert_eq!(rest, end + "\n");
    }
}

#[test]
fn only_the_first_images_count() {
    let workplace = workplace();
    for (limit, first_line) in [
        ("1", "accuracy 1.0000 (1 of 1 right)"),
        ("9", "accuracy 0.8000 (4 of 5 right)"),
    ] {
        let table = evaluate(&workplace, &["brightness.q8", "--limit", limit]).succeeded();
        assert_eq!(table.lines().next(), Some(first_line));
    }
    let none = evaluate(&workplace, &["brightness.q8", "--limit", "0"]);
    assert_eq!(none.code, 2);
}

#[test]
fn scores_are_written_raw() {
    let workplace = workplace();
    let scores = |arguments: &[&str]| {
        evaluate(
            &workplace,
            &[arguments, &["--scores", "scores.bin"]].concat(),
        )
        .succeeded();
        fs::read(workplace.path("scores.bin")).unwrap()
    };
    for (arguments, logits) in [
        (&["brightness.q8"][..], [98, 56, -98, -90, 0_i8]),
        (&["brightness-int8.onnx"], [98, 56, -98, -90, 0]),
        (&["brightness.q8", "--invert"], [-98, -56, 98, 90, 0]),
    ] {
        let expected = logits.map(|logit| [0, logit.cast_unsigned()]);
        assert_eq!(scores(arguments), expected.as_flattened());
    }
    let printed = evaluate(
        &workplace,
        &["brightness.q8", "--limit", "2", "--scores", "-"],
    );
    assert_eq!(printed.succeeded().as_bytes(), [0, 98, 0, 56]);
    assert!(!workplace.path("-").exists());
    let floats = scores(&["brightness.onnx"]);
    let (floats, rest) = floats.as_chunks();
    assert_eq!((floats.len(), rest.len()), (10, 0));
    for (logits, grey) in floats.chunks(2).zip(GREYS) {
        let [dark, bright] = [0, 1].map(|class| f32::from_le_bytes(logits[class]));
        let expected = 2.0 * f32::from(grey) / 255.0 - 1.0;
        assert!(dark == 0.0 && (bright - expected).abs() < 1e-3, "{bright}");
    }
}

#[test]
fn scores_are_written_whole_or_not_at_all() {
    let workplace = workplace();
    let error = evaluate(
        &workplace,
        &["brightness.q8", "--scores", "none/scores.bin"],
    )
    .failed();
    let expected = "error: none/scores.bin: cannot be written: ";
    assert!(error.starts_with(expected), "{error}");

    let infinite = support::constant(&[0.0, f32::INFINITY], None);
    fs::write(workplace.path("infinite.onnx"), infinite).unwrap();
    fs::write(workplace.path("scores.bin"), "earlier").unwrap();
    fs::create_dir(workplace.path("folder")).unwrap();
    let count = || fs::read_dir(workplace.path(".")).unwrap().count();
    let before = count();
    evaluate(&workplace, &["infinite.onnx", "--scores", "scores.bin"]).failed();
    evaluate(&workplace, &["brightness.q8", "--scores", "folder"]).failed();
    assert_eq!(fs::read(workplace.path("scores.bin")).unwrap(), b"earlier");
    assert_eq!(count(), before);
}

#[test]
fn scores_never_take_the_place_of_an_input() {
    let workplace = workplace();
    fs::hard_link(workplace.path("brightness.q8"), workplace.path("link")).unwrap();
    let labels = format!("data/{LABELS}");
    for (scores, input) in [
        ("brightness.q8", "--model (brightness.q8)"),
        ("./data/../brightness.q8", "--model (brightness.q8)"),
        ("link", "--model (brightness.q8)"),
        (&labels, &format!("--data ({labels})")),
    ] {
        let expected = format!(
            "error: {scores}: expected an output that is none of the inputs, found {input}; give the output another name\n"
        );
        let outcome = evaluate(&workplace, &["brightness.q8", "--scores", scores]);
        assert_eq!(outcome.failed(), expected);
    }
    evaluate(&workplace, &["brightness.q8"]).succeeded();
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
    let expected = b"\0\x62\0\x38\0\x9e\0\xa6\0\0accuracy 0.8000";
    assert!(found.starts_with(expected), "{found:?}");
    evaluate(&workplace, &["brightness.q8", "--scores", "/dev/null"]).succeeded();
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
    let run = |folder: &[&str]| {
        let mut command = workplace.infer(&["evaluate", "--model", "brightness.q8"]);
        command.env_remove("MNIST_DIR");
        command.envs(folder.iter().map(|folder| ("MNIST_DIR", folder)));
        Outcome::from(command.output().unwrap())
    };
    run(&["data"]).succeeded();
    let outcome = run(&[]);
    assert!(
        outcome.code == 2 && outcome.errors.contains("--data"),
        "{outcome:?}"
    );
}

#[test]
fn bad_data_and_models_are_refused() {
    let workplace = workplace();
    let assert_refused = |data: &str, model: &str, expected: &str| {
        let error = workplace.run(&["evaluate", "--data", data, "--model", model]);
        let error = error.failed();
        assert!(
            error.starts_with("error: ") && error.contains(expected),
            "{error}"
        );
    };
    assert_refused(
        "none",
        "brightness.q8",
        " none: expected a folder of IDX files, found nothing",
    );
    assert_refused(
        "data",
        "none.q8",
        " none.q8: expected a file, found nothing",
    );

    let file = |name| workplace.path("data").join(name);
    fs::write(file(LABELS), idx(&[5], &[0, 1, 2, 0, 0])).unwrap();
    let label = "expected labels 0 to 1, found label 2 at index 2";
    assert_refused("data", "brightness.q8", label);
    fs::write(file(IMAGES), idx(&[5, 28, 27], &[0; 3780])).unwrap();
    let size = "expected 28x28 images, found 28x27";
    assert_refused("data", "brightness.q8", size);
    fs::remove_file(file(LABELS)).unwrap();
    let missing = format!(" data: expected {LABELS} (packed with gzip or not), found {IMAGES}\n");
    assert_refused("data", "brightness.q8", &missing);
}

#[test]
fn other_layouts_and_blank_images_are_read() {
    let workplace = workplace();
    let folder = workplace.path("root/EMNIST/raw");
    fs::create_dir_all(&folder).unwrap();
    for (name, other) in [
        (IMAGES, "emnist-digits-test-images-idx3-ubyte.gz"),
        (LABELS, "EMNIST-DIGITS-TEST-LABELS.IDX1-UBYTE"),
    ] {
        fs::rename(workplace.path("data").join(name), folder.join(other)).unwrap();
    }
    let command = ["evaluate", "--data", "root", "--model", "brightness.q8"];
    let table = workplace.run(&command).succeeded();
    assert!(
        table.starts_with("accuracy 0.8000 (4 of 5 right)\n"),
        "{table}"
    );
}
