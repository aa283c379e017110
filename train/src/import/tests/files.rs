//! Several outputs, weights in other files, and more than a model may take.

use super::written::{Written, image, plain, text};
use super::*;

fn with_two_outputs() -> onnx::Model {
    let mut written = image();
    written.conv(&[]).then("Relu", &[], &[]);
    let first = written.value.clone();
    written.then("Nothing", &[], &[]);
    let mut graph = written.graph;
    graph.output = [first, written.value]
        .iter()
        .map(|name| onnx::ValueInfo::tensor(name, 1, &[]))
        .collect();
    onnx::Model::new(graph, &[])
}

#[test]
fn of_several_outputs_one_must_be_named() {
    let model = with_two_outputs().encode_to_vec();
    let message = import(&model).unwrap_err().to_string();
    assert_eq!(
        message,
        "expected one output, or --output-name with the one that is wanted, found `v1`, `v2`"
    );
    let named = |output| {
        let output = Some(output);
        import_with(
            &model,
            &Options {
                output,
                ..Options::default()
            },
        )
    };
    // What the other one needs is not read.
    assert_eq!(named("v1").unwrap().nodes[0].layer, plain()[0].0);
    assert!(
        named("v2")
            .unwrap_err()
            .to_string()
            .contains("found Nothing")
    );
    let message = named("v3").unwrap_err().to_string();
    assert_eq!(
        message,
        "expected --output-name with one of the model's outputs, `v1`, `v2`, found `v3`"
    );
}

/// A model whose first weight is in a file of this name, from the third byte on.
fn with_external(location: &str) -> (Vec<u8>, Vec<u8>) {
    let mut graph = {
        let mut written = image();
        written.conv(&[]).then("Relu", &[], &[]);
        let output = onnx::ValueInfo::tensor(&written.value, 1, &[]);
        onnx::Graph {
            output: vec![output],
            ..written.graph
        }
    };
    let weight = &mut graph.initializer[0];
    let bytes = std::mem::take(&mut weight.raw_data);
    weight.data_location = 1;
    let length = bytes.len().to_string();
    let entries = [("location", location), ("offset", "3"), ("length", &length)];
    weight.external_data = entries
        .map(|(key, value)| onnx::StringEntry {
            key: key.into(),
            value: value.into(),
        })
        .into();
    let file = [&[1, 2, 3], &bytes[..], &[4]].concat();
    (onnx::Model::new(graph, &[]).encode_to_vec(), file)
}

#[test]
fn weights_are_read_from_files_beside_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let (model, file) = with_external("weights.bin");
    let options = Options {
        folder: Some(folder.path()),
        ..Options::default()
    };
    let missing = import_with(&model, &options).unwrap_err().to_string();
    assert!(
        missing.contains("those of `c0` in `weights.bin`"),
        "{missing}"
    );
    std::fs::write(folder.path().join("weights.bin"), file).unwrap();
    let network = import_with(&model, &options).unwrap();
    assert_eq!(network.nodes[0].layer, plain()[0].0);
    let alone = import(&model).unwrap_err().to_string();
    assert!(alone.contains("no folder"), "{alone}");
    for location in ["../weights.bin", "/weights.bin", ""] {
        let (model, _) = with_external(location);
        let message = import_with(&model, &options).unwrap_err().to_string();
        assert!(message.contains("not in the model's folder"), "{message}");
    }
}

#[test]
fn constants_are_computed_within_the_limits() {
    let grown = |operator: &str, times: usize| {
        let mut written = Written::new(&[1, 2, 6, 5]);
        let sizes = written.integers(&[1 << 20]);
        written.node("ConstantOfShape", &[sizes], &[]);
        for _ in 0..times {
            let value = written.value.clone();
            written.node(operator, &[value.clone(), value], &[integer("axis", 0)]);
        }
        written.network().unwrap_err().to_string()
    };
    let message = grown("Concat", 40);
    assert!(message.contains("at most 512 MiB"), "{message}");
    let mut absurd = image();
    let sizes = absurd.integers(&[0, 1 << 62, 1 << 62]);
    absurd.node("ConstantOfShape", &[sizes], &[]);
    assert!(absurd.network().is_err());
}

#[test]
fn what_costs_no_multiplication_is_bounded_too() {
    let mut pools = Written::new(&[1, 1, 4096, 4096]);
    let kernel = super::written::ints("kernel_shape", &[2001, 2001]);
    let message = pools.then("MaxPool", &[], &[kernel]).network().unwrap_err();
    assert!(message.to_string().contains("multiply"), "{message}");
    let mut wide = Written::new(&[1, 60_000, 60_000]);
    let message = wide.then("Relu", &[], &[]).network().unwrap_err();
    assert!(message.to_string().contains("the input"), "{message}");
}

#[test]
fn a_constant_is_read_once_however_often_it_is_used() {
    let mut written = image();
    let mut numbers = vec![0; 1 << 22];
    numbers[..4].copy_from_slice(&[1, 2, 6, 5]);
    let table = written.integers(&numbers);
    let mut parts = Vec::new();
    for place in 0..1900 {
        let place = written.integers(&[place]);
        written.node("Gather", &[table.clone(), place], &[]);
        parts.push(written.value.clone());
    }
    written.node("Concat", &parts, &[integer("axis", 0)]);
    let [start, end] = [0, 4].map(|place| written.integers(&[place]));
    written.then("Slice", &[start, end], &[]);
    let sizes = written.value.clone();
    written.node("Reshape", &["x".into(), sizes], &[]);
    written.conv(&[]).then("Relu", &[], &[]);
    let start = std::time::Instant::now();
    assert_eq!(written.layers(), plain());
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn what_is_refused_is_told_with_a_remedy() {
    for (operator, expected) in [
        ("GRU", "expected convolutions over time"),
        ("Resize", "an operator that enlarges images"),
        ("ReduceL2", "named by --output-name"),
    ] {
        let mut written = image();
        written
            .conv(&[])
            .then(operator, &[], &[text("mode", "any")]);
        let message = written.network().unwrap_err().to_string();
        assert!(message.starts_with("node v1 ("), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    let mut wide = image();
    let input = wide.graph.input[0].value_type.as_mut().unwrap();
    input.tensor_type.as_mut().unwrap().elem_type = 14;
    let message = wide.conv(&[]).network().unwrap_err().to_string();
    assert!(message.contains("`x` complex64[1, 2, 6, 5]"), "{message}");
}
