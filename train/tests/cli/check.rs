//! What becomes of a model, before anything is made of it.

use ndarray::{Array1, Array2};
use no_std_core::Model;
use prost::Message;
use serde_json::Value;
use train::graph::{Graph, GraphError};
use train::onnx;
use train::tensor::TensorType;

use crate::arrays;
use crate::sandbox::Sandbox;

/// A dense layer from pictures of 3 x 4 x 5 to so many classes, and what is done to its outputs.
fn model(classes: usize, finish: &[&str]) -> Vec<u8> {
    let build = || -> Result<Vec<u8>, GraphError> {
        let mut graph = Graph::new();
        let images = graph.input("images", TensorType::f32(&[1, 3, 4, 5]))?;
        let pixels = graph.flatten(images)?;
        let weight = Array2::from_shape_fn((classes, 60), |(class, pixel)| {
            ((class * 60 + pixel) % 97) as f32 / 97.0 - 0.5
        });
        let weight = graph.constant(weight.into());
        let bias = graph.constant(Array1::<f32>::zeros(classes).into());
        let logits = graph.dense(pixels, weight, bias)?;
        graph.output("logits", logits)?;
        Ok(graph.to_onnx("dense", &[]))
    };
    let mut model = onnx::Model::decode(&*build().unwrap()).unwrap();
    let graph = model.graph.as_mut().unwrap();
    for operator in finish {
        let before = graph.output[0].name.clone();
        let after = format!("{before}.{operator}");
        graph.node.push(onnx::Node {
            name: format!("the {operator}"),
            op_type: (*operator).into(),
            input: vec![before],
            output: vec![after.clone()],
            ..onnx::Node::default()
        });
        graph.output[0].name = after;
    }
    model.encode_to_vec()
}

/// Pictures as bytes, `[samples, rows, columns, channels]`.
fn pictures() -> Vec<u8> {
    let pixels: Vec<u8> = (0..40 * 60).map(|at| (at * 101 % 256) as u8).collect();
    arrays::npy("|u1", &[40, 4, 5, 3], &pixels)
}

const RUN: &str = "--model wide.onnx --runtime tract";

#[test]
fn sizes_are_those_of_the_flash_file() {
    let sandbox = Sandbox::new();
    sandbox.write("wide.onnx", model(7, &["Softmax"]));
    sandbox.write("samples.npy", pictures());
    sandbox.write("names.txt", "cat, black\ngröße\nc\nd\ne\nf\ng\n");
    let labels = "--labels names.txt";
    for options in [
        "--range 0..1",
        "--mean 0.4,0.5,0.6 --std 0.2,0.25,0.3 --range -1..1",
    ] {
        let quantize = format!("quantize {RUN} --calibrate samples.npy --out out");
        sandbox.succeeds(&format!("{quantize} {options} {labels}"));
        let flash = sandbox.read("out/wide.q8");
        let core = Model::new(&flash).unwrap();
        let check = format!("check {RUN} --json {options} {labels}");
        for data in ["", "--calibrate samples.npy"] {
            let report = sandbox.succeeds(&format!("{check} {data}"));
            let report: Value = serde_json::from_str(&report).unwrap();
            let quantized = &report["quantized"];
            assert_eq!(quantized["flash"], flash.len());
            assert_eq!(quantized["arena"], core.arena_len());
            assert_eq!(quantized["multiply_adds"], 7 * 60);
            assert_eq!(quantized["dropped"], "the Softmax (Softmax)");
        }
        let text = sandbox.succeeds(&format!("check {RUN} {options}"));
        for part in [
            "dense1",
            "7 x 1 x 1",
            "microbit",
            "yes",
            "the Softmax",
            "tract runs",
        ] {
            assert!(text.contains(part), "`{part}` is not in: {text}");
        }
    }
}

#[test]
fn what_pixels_become_and_labels_are_in_both_files() {
    let sandbox = Sandbox::new();
    let mut file = onnx::Model::decode(&*model(3, &[])).unwrap();
    // The user's labels take the place of the model's.
    file.metadata_props.push(onnx::StringEntry {
        key: "labels".into(),
        value: "x,y,z".into(),
    });
    sandbox.write("wide.onnx", file.encode_to_vec());
    sandbox.write("samples.npy", pictures());
    sandbox.write("names.json", r#"["a, b", "größe", "c"]"#);
    let (mean, std) = ([0.4, 0.5, 0.6], [0.2, 0.25, 0.3]);
    let options = "--mean 0.4,0.5,0.6 --std 0.2,0.25,0.3 --labels names.json";
    sandbox.succeeds(&format!(
        "quantize {RUN} --calibrate samples.npy --out out {options}"
    ));
    let flash = sandbox.read("out/wide.q8");
    let core = Model::new(&flash).unwrap();
    assert_eq!(core.labels().collect::<Vec<_>>(), ["a, b", "größe", "c"]);
    let (scale, zero_point) = (
        f64::from(f32::from_bits(core.input().scale)),
        f64::from(core.input().zero_point),
    );
    for channel in 0..3 {
        for pixel in 0..=255 {
            let number = (f64::from(pixel) / 255.0 - mean[channel]) / std[channel];
            let exact = number / scale + zero_point;
            let found = f64::from(core.quantize_pixel(channel, pixel));
            assert!((found - exact).abs() < 0.501, "{pixel}: {found}, {exact}");
        }
    }
    let int8 = onnx::Model::decode(&*sandbox.read("out/wide-int8.onnx")).unwrap();
    let entry = |key: &str| {
        let found = int8.metadata_props.iter().find(|entry| entry.key == key);
        found.map(|entry| entry.value.clone()).unwrap_or_default()
    };
    let entries = ["input_range", "input_mean", "input_std", "preparation"].map(entry);
    assert_eq!(entries, ["0..1", "0.4,0.5,0.6", "0.2,0.25,0.3", "stretch"]);
    assert_eq!(entry("labels"), r#"["a, b","größe","c"]"#);
}

/// A model that subtracts and divides itself takes numbers as they are; of pixels both files do it, and it is left out.
#[test]
fn a_model_that_normalises_takes_its_own_numbers_or_pixels() {
    let sandbox = Sandbox::new();
    let mut file = onnx::Model::decode(&*model(3, &[])).unwrap();
    let graph = file.graph.as_mut().unwrap();
    let steps = [("Sub", "images", 100.0_f32), ("Div", "after Sub", 50.0)];
    for (at, (operator, from, value)) in steps.into_iter().enumerate() {
        let constant = format!("{operator} of");
        graph.initializer.push(onnx::Tensor {
            name: constant.clone(),
            data_type: 1,
            raw_data: value.to_le_bytes().to_vec(),
            ..onnx::Tensor::default()
        });
        let node = onnx::Node {
            name: operator.into(),
            op_type: operator.into(),
            input: vec![from.into(), constant],
            output: vec![format!("after {operator}")],
            ..onnx::Node::default()
        };
        graph.node.insert(at, node);
    }
    graph.node[2].input[0] = "after Div".into();
    sandbox.write("wide.onnx", file.encode_to_vec());
    sandbox.write("bytes.npy", pictures());
    let numbers: Vec<f32> = (0..40 * 60).map(|at| (at * 101 % 256) as f32).collect();
    sandbox.write("floats.npy", arrays::floats(&[40, 4, 5, 3], &numbers));
    let line = format!("quantize {RUN} --range 0..255 --output classes");
    for data in ["bytes", "floats"] {
        let printed = sandbox.succeeds(&format!("{line} --calibrate {data}.npy --out {data}"));
        // The floats are right by themselves; the integers are nearly always.
        let row = printed
            .lines()
            .find(|line| line.starts_with("samples held out"));
        let int8: f64 = row
            .unwrap()
            .split_whitespace()
            .nth(5)
            .unwrap()
            .parse()
            .unwrap();
        assert!(int8 >= 0.9, "{printed}");
        let file = onnx::Model::decode(&*sandbox.read(&format!("{data}/wide-int8.onnx"))).unwrap();
        let mut entries = file.metadata_props.iter();
        assert_eq!(
            entries.any(|entry| entry.key == "input_mean"),
            data == "bytes"
        );
    }
}

#[test]
fn what_does_not_go_or_fit_is_told_with_a_remedy() {
    let sandbox = Sandbox::new();
    sandbox.write("wide.onnx", model(3500, &[]));
    sandbox.refuses(
        &format!("check {RUN} --board microbit"),
        &["fits on microbit", "room for 218112 bytes of flash"],
    );
    assert!(
        sandbox
            .succeeds(&format!("check {RUN} --board pico"))
            .contains("pico")
    );
    sandbox.misuses(&format!("check {RUN} --board none"), &["microbit", "pico"]);
    sandbox.write("wide.onnx", model(3, &["Mod", "Relu", "LSTM"]));
    let finished = sandbox.train(&format!("check {RUN}"));
    finished.refusal(&[
        "wide.onnx: cannot be quantised: node the Mod (Mod)",
        "expected",
    ]);
    for part in [
        "node the Mod",
        "node the LSTM (LSTM): expected convolutions over time",
    ] {
        assert!(finished.stdout.contains(part), "{finished:?}");
    }
    sandbox.write("wide.onnx", model(3, &[]));
    for (options, part) in [
        ("--mean 1,2", "one for each of 3 channels, found 1,2"),
        ("--labels none.txt", "none.txt"),
    ] {
        sandbox.refuses(&format!("check {RUN} {options}"), &[part]);
    }
    sandbox.write("names.txt", "a\nb\n");
    let labels = format!("check {RUN} --labels names.txt");
    sandbox.refuses(
        &labels,
        &["names.txt: expected one label for each of 3 classes, found 2"],
    );
    sandbox.write("names.txt", "a\nb\na\n");
    sandbox.refuses(&labels, &["found a for class 0 and for class 2"]);
    sandbox.write("samples.npy", pictures());
    sandbox.refuses(
        &format!("check {RUN} --calibrate samples.npy"),
        &[
            "samples.npy: expected numbers",
            "found uint8",
            "--range (0..255",
        ],
    );
    for (options, part) in [("--range 1..0", "0..1"), ("--std 0", "positive")] {
        sandbox.misuses(&format!("check {RUN} {options}"), &[part]);
    }
    sandbox.succeeds(&format!("check {RUN} --mean -0.5,0,0.5 --range -1..1"));
    sandbox.misuses("quantize --model wide.onnx --mean 0.5", &["--calibrate"]);
}

/// Whatever is wrong, one object says it, and the exit code and the line of the error are as without it.
#[test]
fn failures_are_in_the_object_too() {
    let sandbox = Sandbox::new();
    sandbox.write("wide.onnx", model(3, &["LSTM"]));
    sandbox.write("notes.onnx", "notes");
    let failure = |line: &str| {
        let finished = sandbox.train(&format!("check --json --runtime tract {line}"));
        let object: Value = serde_json::from_str(&finished.stdout).unwrap();
        let error = object["error"].clone();
        assert_eq!(error["message"], finished.refusal(&[]));
        error
    };
    let error = failure("--model wide.onnx");
    for (key, value) in [
        ("file", "wide.onnx"),
        ("node", "the LSTM"),
        ("operator", "LSTM"),
    ] {
        assert_eq!(error[key], value, "{error}");
    }
    let text = |key: &str| error[key].as_str().unwrap().to_owned();
    assert!(text("reason").contains("a recurrent layer"), "{error}");
    assert!(
        text("remedy").starts_with("convolutions over time"),
        "{error}"
    );
    for name in ["notes.onnx", "none.onnx"] {
        let error = failure(&format!("--model {name}"));
        assert_eq!(
            (&error["file"], &error["node"]),
            (&name.into(), &Value::Null)
        );
    }
    let labels = failure("--model wide.onnx --labels none.txt");
    assert!(
        labels["message"].as_str().unwrap().contains("LSTM"),
        "{labels}"
    );
    sandbox.write("wide.onnx", model(3, &[]));
    let labels = failure("--model wide.onnx --labels none.txt");
    assert_eq!(labels["file"], "none.txt");
    let report = sandbox.succeeds("check --json --runtime tract --model wide.onnx");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["error"], Value::Null);
}
