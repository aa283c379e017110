//! Models of every kind of input and output, in files and on a board.

use std::fs;

use image::{Rgb, RgbImage};
use no_std_core::format::{
    Axis, Contents, KIND_CONVOLUTION, KIND_DENSE, KIND_MAX_POOL, OperatorContents, OperatorRecord,
    OutputKind, TensorRecord,
};
use no_std_core::prepare::Preparation;
use serde_json::{Value, json};

use crate::arrays::{floats, npy, npz};
use crate::program::{Outcome, Workplace};
use crate::support::{self, flash, node, value};

/// A model that gives half of each value of an input of 1 x 2 x 2: int8 numbers of a scale of a half and a zero point of 0.
fn halves(output: OutputKind, threshold: u32) -> Contents {
    let tensor = TensorRecord::new(flash::shape(1, 2, 2), 0.5, 0);
    let axis = Axis {
        kernel: 1,
        stride: 1,
        pool: 1,
        ..Axis::default()
    };
    // A convolution, which the board has.
    let record = OperatorRecord {
        groups: 1,
        rows: axis,
        columns: axis,
        ..OperatorRecord::new(KIND_CONVOLUTION, 0)
    };
    let halves = OperatorContents {
        weights: vec![64, 0, 0, 64],
        biases: vec![0, 0],
        multipliers: flash::multipliers(1.0 / 128.0),
        ..OperatorContents::new(record, tensor)
    };
    let mut contents = Contents {
        output,
        threshold,
        ..Contents::values(tensor, vec![halves])
    };
    contents.plan();
    contents
}

/// A model of two classes of pictures of 2 x 3 pixels in colours, red and blue: logits 0 and the sum of blue less red over 64.
fn colours() -> Contents {
    let input = TensorRecord::new(flash::shape(2, 3, 3), 1.0 / 255.0, -128);
    let output = TensorRecord::new(flash::shape(1, 1, 2), 0.5, 0);
    let classes = OperatorContents {
        weights: [[0; 3].repeat(6), [-1, 0, 1].repeat(6)].concat(),
        biases: vec![0, 0],
        multipliers: flash::multipliers(1.0 / 64.0),
        ..OperatorContents::new(OperatorRecord::new(KIND_DENSE, 0), output)
    };
    let mut contents = Contents {
        labels: vec!["red".into(), "blue".into()],
        preparation: Preparation::PLAIN,
        ..Contents::new(input, vec![classes])
    };
    contents.plan();
    contents
}

/// A model that takes the greatest of nearly all pixels of a picture for each of a million places.
fn greatest() -> Contents {
    let tensor = |side| TensorRecord::new(flash::shape(side, side, 1), 0.5, 0);
    let axis = Axis {
        kernel: 1001,
        stride: 1,
        pool: 1,
        ..Axis::default()
    };
    let record = OperatorRecord {
        rows: axis,
        columns: axis,
        ..OperatorRecord::new(KIND_MAX_POOL, 0)
    };
    let greatest = OperatorContents::new(record, tensor(1000));
    let mut contents = Contents::values(tensor(2000), vec![greatest]);
    contents.plan();
    contents
}

#[test]
fn a_small_file_that_takes_for_ever_is_refused() {
    let workplace = Workplace::new();
    fs::write(workplace.path("greatest.q8"), greatest().to_file().unwrap()).unwrap();
    workplace.picture("a.png", 255);
    let complaint = workplace.predict_with("greatest.q8", &["a.png"]).failed();
    let expected = "error: greatest.q8: expected a model of at most 10000 million multiply-adds, found 1002001 million";
    assert!(complaint.starts_with(expected), "{complaint}");
}

/// A workplace with a model of numbers, an autoencoder, one of pictures in colours, and arrays.
pub fn workplace() -> Workplace {
    let workplace = Workplace::new();
    let write = |name: &str, bytes: Vec<u8>| fs::write(workplace.path(name), bytes).unwrap();
    for (name, contents) in [
        ("values.q8", halves(OutputKind::Values, 0)),
        ("again.q8", halves(OutputKind::Reconstruction, 5 * 256)),
        ("colours.q8", colours()),
    ] {
        write(name, contents.to_file().unwrap());
    }
    let mut opposite = support::linear(&[0.0; 784], &[0.0]);
    let graph = opposite.graph.as_mut().unwrap();
    let float = tract_onnx::pb::tensor_proto::DataType::Float;
    graph.node = vec![node("Neg", &["features"], "opposites")];
    graph.input = vec![value("features", float, &[0, 1, 2, 2])];
    graph.output = vec![value("opposites", float, &[0, 1, 2, 2])];
    write("opposite.onnx", support::encode(&opposite));
    write("one.npy", floats(&[1, 2, 2], &[1.0, -2.0, 3.0, 0.6]));
    write("int8.npy", npy("|i1", &[1, 2, 2], &[2, 252, 6, 1]));
    let several = floats(&[2, 1, 2, 2], &[1.0, -2.0, 3.0, 0.6, 9.0, 9.0, 0.0, 0.0]);
    write("several.npz", npz(&[("x", several)]));
    let picture = RgbImage::from_fn(6, 4, |x, _| Rgb([200, 10, 20 * x as u8]));
    picture.save(workplace.path("reddish.png")).unwrap();
    let even = RgbImage::from_pixel(3, 2, Rgb([200, 10, 20]));
    even.save(workplace.path("even.png")).unwrap();
    workplace
}

fn objects(outcome: Outcome) -> Vec<Value> {
    let printed = outcome.succeeded();
    let lines = printed.lines().map(|line| {
        let mut object: Value = serde_json::from_str(line).unwrap();
        let fields = object.as_object_mut().unwrap();
        for field in ["elapsed_microseconds", "cycles", "stack_bytes"] {
            fields.remove(field);
        }
        object
    });
    lines.collect()
}

#[test]
fn numbers_in_and_out() {
    let workplace = workplace();
    let predict = |model, input: &[&str]| workplace.predict_with(model, input).succeeded();
    for (model, input, line) in [
        ("opposite.onnx", "one.npy", "one. CNN gives -1 2 -3 -0.6\n"),
        // Steps of a half, halved and rounded to even ones.
        ("values.q8", "one.npy", "one. CNN gives 0.5 -1 1.5 0\n"),
        ("values.q8", "int8.npy", "int8. CNN gives 0.5 -1 1.5 0\n"),
    ] {
        assert_eq!(predict(model, &[input]), line, "{model}");
    }
    let expected = "several[0]. CNN gives 0.5 -1 1.5 0\nseveral[1]. CNN gives 4.5 4.5 0 0\n";
    assert_eq!(predict("values.q8", &["several.npz"]), expected);
    let found = objects(workplace.predict_with("values.q8", &["--json", "several.npz"]));
    let expected = json!({
        "file": "several.npz", "sample": 1, "shape": [1, 2, 2], "values": [4.5, 4.5, 0.0, 0.0],
        "integers": [9, 9, 0, 0], "scale": 0.5, "zero_point": 0,
    });
    assert_eq!(found[1], expected);
}

#[test]
fn standard_input_may_be_an_array() {
    let workplace = workplace();
    let array = fs::read(workplace.path("several.npz")).unwrap();
    let command = ["predict", "--model", "again.q8", "-"];
    let found = workplace.run_with_input(&command, &array).succeeded();
    assert!(found.starts_with("-[0]. CNN thinks it's like"), "{found}");
}

#[test]
fn a_reconstruction_is_scored_and_judged() {
    let workplace = workplace();
    let found = workplace
        .predict_with("again.q8", &["several.npz"])
        .succeeded();
    // Of the integers 2, -4, 6, 1 halves are 1, 2, 3, 1 away; of 18 and 18 both 9.
    let expected = "several[0]. CNN thinks it's like what it was made for (score 3.75, threshold 5.00)\n\
                    several[1]. CNN thinks it's unlike what it was made for (score 40.50, threshold 5.00)\n";
    assert_eq!(found, expected);
    let found = objects(workplace.predict_with("again.q8", &["--json", "int8.npy"]));
    let expected = json!({"file": "int8.npy", "score": 3.75, "threshold": 5.0, "accepted": true});
    assert_eq!(found, [expected]);
}

#[test]
fn pictures_in_colours() {
    let workplace = workplace();
    let predict = |inputs: &[&str]| workplace.predict_with("colours.q8", inputs).succeeded();
    let expected = "reddish. CNN thinks it's a red (100.0%)\n";
    assert_eq!(predict(&["reddish.png"]), expected);
    // The pixels that the picture is scaled to, by rows or by channels.
    let pixels = (0..6).flat_map(|at| [200, 10, 20 * (2 * (at % 3)) + 10]);
    let pixels: Vec<u8> = pixels.collect();
    let mut by_channel = Vec::new();
    for channel in 0..3 {
        by_channel.extend(pixels.iter().skip(channel).step_by(3));
    }
    fs::write(workplace.path("last.npy"), npy("|u1", &[2, 3, 3], &pixels)).unwrap();
    fs::write(
        workplace.path("first.npy"),
        npy("|u1", &[3, 2, 3], &by_channel),
    )
    .unwrap();
    let grey = image::GrayImage::from_fn(3, 2, |x, _| image::Luma([90 * x as u8]));
    grey.save(workplace.path("grey.png")).unwrap();
    let found = predict(&["last.npy", "first.npy", "grey.png"]);
    assert_eq!(
        found,
        "last. CNN thinks it's a red (100.0%)\nfirst. CNN thinks it's a red (100.0%)\n\
         grey. CNN thinks it's a red (50.0%), not sure it is any of the classes\n"
    );
}

#[test]
fn every_kind_is_inspected() {
    let workplace = workplace();
    for (model, row) in [
        ("values.q8", "output kind     values\n"),
        ("again.q8", "output kind     reconstruction of the input\n"),
        ("colours.q8", "input           2 x 3 x 3, scale"),
        ("opposite.onnx", "output kind     values\n"),
    ] {
        let table = workplace.run(&["inspect", model]).succeeded();
        assert!(table.contains(row), "{table}");
    }
}

#[cfg(unix)]
#[test]
fn a_board_does_as_its_model() {
    use std::os::unix::net::UnixListener;

    let workplace = workplace();
    crate::board::serve_slots(UnixListener::bind(workplace.path("board")).unwrap());
    for (model, inputs) in [
        ("values.q8", &["one.npy", "int8.npy", "several.npz"][..]),
        ("again.q8", &["one.npy", "several.npz"]),
        ("colours.q8", &["reddish.png", "even.png"]),
    ] {
        let update = ["update", "--device", "unix:board", model];
        workplace.run(&update).succeeded();
        let arguments = [&["--json"], inputs].concat();
        let on_board = [&["--device", "unix:board"], &arguments[..]].concat();
        let found = objects(workplace.predict(&on_board));
        let mut expected = objects(workplace.predict_with(model, &arguments));
        for object in &mut expected {
            // Boards do not tell it.
            object.as_object_mut().unwrap().remove("threshold");
        }
        assert_eq!(found, expected, "{model}");
    }
    // Of the model of pictures, which is there now.
    let prepared = ["--device", "unix:board", "--prepare", "board", "even.png"];
    let prepared = workplace.predict(&prepared).succeeded();
    assert_eq!(prepared, "even. CNN thinks it's a red (100.0%)\n");
    let pixels: Vec<f32> = (0..18).map(|at| (at * 14) as f32 / 255.0).collect();
    fs::write(workplace.path("real.npy"), floats(&[2, 3, 3], &pixels)).unwrap();
    let on_board = workplace
        .predict(&["--device", "unix:board", "real.npy"])
        .succeeded();
    assert_eq!(
        on_board,
        workplace
            .predict_with("colours.q8", &["real.npy"])
            .succeeded()
    );
    let error = workplace
        .predict(&["--device", "unix:board", "one.npy"])
        .failed();
    assert!(
        error.contains("expected an array of shape [2, 3, 3]"),
        "{error}"
    );
}

#[test]
fn inputs_that_are_none_are_refused_in_one_line() {
    let workplace = workplace();
    workplace.picture("digit.png", 9);
    for (name, bytes) in [
        ("nan.npy", floats(&[1, 2, 2], &[0.0, f32::NAN, 0.0, 0.0])),
        ("wrong.npy", floats(&[3, 2], &[0.0; 6])),
        ("wide.npy", npy("<i4", &[2, 2], &[0; 16])),
        ("labels.npz", npz(&[("y", npy("|u1", &[1], &[0]))])),
        ("empty.npy", Vec::new()),
        ("text.npz", b"notes".to_vec()),
        ("text.csv", b"1.0,2.5\n".to_vec()),
        ("short.npy", floats(&[2, 2], &[0.0; 3])),
        ("digit.npy", floats(&[28, 28], &[0.5; 784])),
    ] {
        fs::write(workplace.path(name), bytes).unwrap();
    }
    let shape = "expected an array of shape [1, 2, 2] or [2, 1, 2], or of several samples";
    let no_shape = format!("{shape}, found an array of shape [3, 2]");
    let no_picture = format!(
        "{shape} (.npy or .npz), for this model takes no pictures, found a picture; a model that `train quantize` was told the --range of pixels takes them"
    );
    let no_array = no_picture.replace("a picture", "a file of another kind");
    for (model, input, expected) in [
        (
            "values.q8",
            "nan.npy",
            "expected finite numbers, found NaN at index 1 of sample 0",
        ),
        ("values.q8", "wrong.npy", &no_shape),
        (
            "values.q8",
            "wide.npy",
            "expected an array of float32, float64 or int8, found one of int32; convert it with .astype",
        ),
        (
            "values.q8",
            "labels.npz",
            "expected an array of inputs, best named x, found y: uint8 [1]",
        ),
        (
            "values.q8",
            "empty.npy",
            "expected a .npy or .npz file, found an empty file",
        ),
        (
            "values.q8",
            "text.npz",
            "expected a .npy or .npz file, found a file of another kind",
        ),
        (
            "values.q8",
            "short.npy",
            "expected a .npy or .npz file, found a damaged one (16 bytes announced, 12 there)",
        ),
        ("again.q8", "digit.png", &no_picture),
        ("again.q8", "text.csv", &no_array),
        (
            "opposite.onnx",
            "int8.npy",
            "expected an array of float32 or float64, found one of int8; convert it with .astype",
        ),
        (
            "colours.q8",
            "digit.npy",
            "expected an array of shape [2, 3, 3] or [3, 2, 3], or of several samples, found an array of shape [28, 28]",
        ),
        (
            "digits.onnx",
            "one.npy",
            "expected an array of shape [1, 28, 28], or of several samples, found an array of shape [1, 2, 2]",
        ),
    ] {
        let error = workplace.predict_with(model, &[input]).failed();
        assert_eq!(error, format!("error: {input}: {expected}\n"), "{model}");
    }
    let found = workplace
        .predict_with("digits.onnx", &["digit.npy"])
        .succeeded();
    assert!(found.starts_with("digit. CNN thinks it's a 3"), "{found}");
    let error = workplace.predict_with("colours.q8", &["--prepare", "centred", "reddish.png"]);
    let expected = "error: --prepare centred: expected a model of 28 x 28 grey pixels, found one of other inputs; leave it out\n";
    assert_eq!(error.failed(), expected);
}
