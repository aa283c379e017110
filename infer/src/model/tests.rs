use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, StringStringEntryProto};

use super::*;
use crate::picture::PIXELS;
use crate::support::{constant, encode, integers, linear, node, tensor, value, with_metadata};
use network::{CLASSES, FILTERS, Network};

mod int8;
mod network;

fn picture() -> Pixels {
    std::array::from_fn(|index| (index * index / 7 % 256) as u8)
}

fn assert_close(actual: &[f32], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        assert!(
            (f64::from(*actual) - expected).abs() < 1e-3,
            "{actual} is not {expected}"
        );
    }
}

fn open(proto: &ModelProto) -> Result<Model, String> {
    Model::from_bytes(&encode(proto), "m.onnx").map_err(|error| error.to_string())
}

/// The refusal of a small good model after this change.
fn refusal(change: impl FnOnce(&mut ModelProto, &mut GraphProto)) -> String {
    let mut proto = linear(&[0.0; 2 * PIXELS], &[1.0, 2.0]);
    let mut graph = proto.graph.take().unwrap();
    change(&mut proto, &mut graph);
    proto.graph = Some(graph);
    open(&proto).unwrap_err()
}

#[test]
fn logits_are_those_of_the_definitions() {
    let network = Network::new();
    let model = open(&network.proto()).unwrap();
    for pixels in [picture(), [0; PIXELS], [255; PIXELS]] {
        assert_close(&model.logits(&pixels).unwrap(), &network.logits(&pixels));
    }
}

#[test]
fn an_open_batch_dimension_becomes_one() {
    let network = Network::new();
    let mut proto = network.proto();
    let graph = proto.graph.as_mut().unwrap();
    graph.input = vec![value("pixels", DataType::Float, &[0, 1, 28, 28])];
    graph.output = vec![value("logits", DataType::Float, &[0, CLASSES])];
    graph.value_info = vec![value("conv", DataType::Float, &[0, FILTERS, 28, 28])];
    let logits = open(&proto).unwrap().logits(&picture()).unwrap();
    assert_close(&logits, &network.logits(&picture()));
}

#[test]
fn weights_may_be_listed_among_the_inputs() {
    let mut proto = linear(&[0.0; 2 * PIXELS], &[1.0, 2.0]);
    let graph = proto.graph.as_mut().unwrap();
    graph.input.insert(0, value("bias", DataType::Float, &[2]));
    assert_eq!(
        open(&proto).unwrap().logits(&picture()).unwrap(),
        [1.0, 2.0]
    );
}

#[test]
fn shapes_may_be_computed() {
    let mut proto = linear(&[0.0; 2 * PIXELS], &[1.0, 2.0]);
    let graph = proto.graph.as_mut().unwrap();
    graph.node[0] = node("Reshape", &["pixels", "sizes"], "flat");
    graph
        .node
        .insert(0, node("Concat", &["one", "rest"], "sizes"));
    let axis = AttributeProto {
        name: "axis".into(),
        r#type: AttributeType::Int as i32,
        ..AttributeProto::default()
    };
    graph.node[0].attribute.push(axis);
    graph.node.insert(0, node("Shape", &["pixels"], "shape"));
    graph
        .node
        .insert(1, node("Gather", &["shape", "zero"], "one"));
    for (name, value) in [("zero", 0), ("rest", -1)] {
        graph.initializer.push(integers(name, &[value]));
    }
    assert_eq!(
        open(&proto).unwrap().logits(&picture()).unwrap(),
        [1.0, 2.0]
    );
}

#[test]
fn labels_come_from_the_metadata_or_are_indices() {
    let labels = |names| {
        let bytes = constant(&[0.0; 3], names);
        Model::from_bytes(&bytes, "m.onnx")
            .unwrap()
            .labels()
            .to_vec()
    };
    assert_eq!(labels(Some("no,yes,may be")), ["no", "yes", "may be"]);
    assert_eq!(labels(Some(r#"["a, b","\n","c"]"#)), ["a, b", "\n", "c"]);
    assert_eq!(labels(None), ["0", "1", "2"]);

    let error = Model::from_bytes(&constant(&[0.0; 3], Some("a,b")), "m.onnx").unwrap_err();
    let expected = "m.onnx: expected one label for each of 3 classes, found 2 in metadata labels";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn metadata_of_another_input_is_refused() {
    let good = linear(&[0.0; 2 * PIXELS], &[1.0, 2.0]);
    let entries = [
        ("input_range", "0..1"),
        ("input_shape", "1,28,28"),
        ("seed", "7"),
    ];
    assert!(open(&with_metadata(good.clone(), &entries)).is_ok());
    let error = open(&with_metadata(good, &[("input_range", "-1..1")])).unwrap_err();
    assert_eq!(
        error,
        r#"m.onnx: expected metadata input_range "0..1", found "-1..1""#
    );
}

#[test]
fn files_that_are_no_models_are_refused() {
    let refusal = |bytes: &[u8]| Model::from_bytes(bytes, "m.onnx").unwrap_err().to_string();
    assert_eq!(
        refusal(b""),
        "m.onnx: expected an ONNX model or a flash file (.q8), found no graph in it"
    );
    for bytes in [
        &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..],
        b"plain text, no model\n",
    ] {
        let error = refusal(bytes);
        assert!(
            error.starts_with("m.onnx: expected an ONNX model or a flash file (.q8), found "),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1);
    }
    let whole = encode(&Network::new().proto());
    for length in (1..whole.len()).step_by(997) {
        assert!(refusal(&whole[..length]).starts_with("m.onnx: expected "));
    }

    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.onnx");
    let error = Model::open(&missing).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{}: expected a file, found nothing of that name",
            missing.display()
        )
    );
    let error = Model::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("expected a file, found a folder"),
        "{error}"
    );
    let large = folder.path().join("large.onnx");
    std::fs::File::create(&large)
        .unwrap()
        .set_len(file::MAX_BYTES + 1)
        .unwrap();
    let error = Model::open(&large).unwrap_err().to_string();
    assert!(
        error.ends_with("expected a file of at most 64 MiB, found more"),
        "{error}"
    );
}

#[test]
fn wrong_inputs_are_refused() {
    let input = |element, shape: &[usize]| {
        refusal(|_, graph| graph.input = vec![value("pixels", element, shape)])
    };
    let message = "m.onnx: expected input FLOAT [1, 1, 28, 28], found ";
    let found = |error: String| error.strip_prefix(message).unwrap().to_owned();
    assert_eq!(
        found(input(DataType::Uint8, &[1, 1, 28, 28])),
        "UINT8 [1, 1, 28, 28]"
    );
    assert_eq!(
        found(input(DataType::Float, &[1, 28, 28, 1])),
        "FLOAT [1, 28, 28, 1]"
    );
    assert_eq!(
        found(input(DataType::Float, &[64, 1, 28, 28])),
        "FLOAT [64, 1, 28, 28]"
    );
    assert_eq!(
        found(input(DataType::Float, &[1, 0, 28, 28])),
        "FLOAT [1, ?, 28, 28]"
    );
    assert_eq!(found(input(DataType::Float, &[1, 784])), "FLOAT [1, 784]");
    assert_eq!(
        found(refusal(|_, graph| graph.input[0].r#type = None)),
        "UNDEFINED []"
    );

    let second = value("mask", DataType::Float, &[1]);
    let error = refusal(|_, graph| graph.input.push(second));
    assert_eq!(error, "m.onnx: expected one input, found pixels, mask");
    let error = refusal(|_, graph| graph.input.clear());
    assert_eq!(error, "m.onnx: expected one input, found none");
}

#[test]
fn wrong_outputs_are_refused() {
    let error = refusal(|_, graph| graph.output[0].name = "probabilities".into());
    assert_eq!(
        error,
        "m.onnx: expected one output named logits, found probabilities"
    );
    let second = value("flat", DataType::Float, &[1, 784]);
    let error = refusal(|_, graph| graph.output.push(second));
    assert_eq!(
        error,
        "m.onnx: expected one output named logits, found logits, flat"
    );
    let error = refusal(|_, graph| graph.node[1].output[0] = "other".into());
    assert_eq!(
        error,
        "m.onnx: expected an operator that computes logits, found none"
    );

    let message = "m.onnx: expected output logits FLOAT [1, classes], found ";
    let rank_1 = refusal(|_, graph| {
        graph.node[1] = node("Gemm", &["flat", "weights", "bias"], "row");
        graph.node.push(node("Squeeze", &["row"], "logits"));
    });
    assert_eq!(rank_1.strip_prefix(message), Some("F32 2"));
    let integers = refusal(|_, graph| {
        graph.node[1] = node("Gemm", &["flat", "weights", "bias"], "row");
        graph.node.push(node("ArgMax", &["row"], "logits"));
    });
    assert_eq!(integers.strip_prefix(message), Some("I64 1,2"));
}

#[test]
fn graphs_that_cannot_run_are_refused() {
    let message = "m.onnx: expected a graph that tract can run, found: ";
    let errors = [
        refusal(|_, graph| graph.node[1].input[1] = "no_such_weights".into()),
        refusal(|_, graph| graph.initializer[0].dims = vec![784, 3]),
        refusal(|_, graph| graph.initializer[0] = tensor("weights", &[3, 2], &[0.0; 6])),
        refusal(|_, graph| {
            let outside = &mut graph.initializer[0];
            outside.float_data.clear();
            outside.data_location = Some(DataLocation::External as i32);
            let (key, value) = ("location".into(), "weights.bin".into());
            outside.external_data = vec![StringStringEntryProto { key, value }];
        }),
    ];
    for error in errors {
        assert!(error.starts_with(message), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let mut still = Network::new().proto();
    still.graph.as_mut().unwrap().node[2].attribute[1].ints = vec![0, 0];
    let error = open(&still).unwrap_err();
    assert_eq!(
        error,
        format!("{message}a contradiction that makes tract panic")
    );
}

#[test]
fn logits_must_be_finite() {
    for damaged in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let bytes = constant(&[1.0, damaged, f32::NAN], Some("a,b,c"));
        let model = Model::from_bytes(&bytes, "m.onnx").unwrap();
        assert_eq!(
            model.logits(&picture()).unwrap_err().to_string(),
            format!(
                "m.onnx: expected finite logits, found {damaged} for class b; the weights may be damaged"
            )
        );
    }
}
