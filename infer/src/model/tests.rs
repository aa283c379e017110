use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, TensorProto};

use super::scores::tests::assert_close;
use super::*;
use crate::picture::{PIXELS, Pixels};
use crate::spec::{Layout, OutputSpec, Quantization};
use crate::support::{constant, encode, integers, linear, node, tensor, value, with_metadata};
use network::{CLASSES, FILTERS, Network};

mod int8;
mod network;

fn picture() -> Pixels {
    std::array::from_fn(|index| (index * index / 7 % 256) as u8)
}

/// What the model makes of a picture of a digit.
fn logits(model: &Model, pixels: &Pixels) -> Vec<f32> {
    model.outputs(&Input::Pixels(pixels.to_vec())).unwrap()
}

fn open(proto: &ModelProto) -> Result<Model, String> {
    Model::from_bytes(&encode(proto), "m.onnx").map_err(|error| error.to_string())
}

/// A small good model after this change.
fn changed(change: impl FnOnce(&mut GraphProto)) -> ModelProto {
    let mut proto = linear(&[0.0; 2 * PIXELS], &[1.0, 2.0]);
    change(proto.graph.as_mut().unwrap());
    proto
}

fn refusal(change: impl FnOnce(&mut GraphProto)) -> String {
    open(&changed(change)).unwrap_err()
}

#[track_caller]
fn assert_refused(expected: &str, change: impl FnOnce(&mut GraphProto)) {
    assert_eq!(refusal(change), format!("m.onnx: expected {expected}"));
}

#[test]
fn logits_are_those_of_the_definitions() {
    let network = Network::new();
    let model = open(&network.proto()).unwrap();
    for pixels in [picture(), [0; PIXELS], [255; PIXELS]] {
        let logits = logits(&model, &pixels);
        assert_close(&logits, &network.logits(&pixels), 1e-3);
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
    let logits = logits(&open(&proto).unwrap(), &picture());
    assert_close(&logits, &network.logits(&picture()), 1e-3);
}

/// A model with a Dropout whose training mode is a value of its own.
fn with_dropout(mode: u8, is_computed: bool) -> ModelProto {
    let mode = TensorProto {
        name: "mode".into(),
        data_type: DataType::Bool as i32,
        raw_data: vec![mode],
        ..TensorProto::default()
    };
    changed(|graph| {
        graph.node[1].input[0] = "dropped".into();
        let dropout = node("Dropout", &["flat", "ratio", "mode"], "dropped");
        graph.node.insert(1, dropout);
        graph.initializer.push(tensor("ratio", &[], &[0.5]));
        if is_computed {
            let mut constant = node("Constant", &[], "mode");
            constant.attribute.push(AttributeProto {
                name: "value".into(),
                r#type: AttributeType::Tensor as i32,
                t: Some(mode),
                ..AttributeProto::default()
            });
            graph.node.insert(0, constant);
        } else {
            graph.initializer.push(mode);
        }
    })
}

#[test]
fn operators_that_draw_at_random_are_those_of_training() {
    for is_computed in [false, true] {
        let model = open(&with_dropout(0, is_computed)).unwrap();
        assert_eq!(logits(&model, &picture()), [1.0, 2.0]);
        let error = open(&with_dropout(1, is_computed)).unwrap_err();
        let expected = "m.onnx: expected operators of inference, found Dropout (dropped) of training; export the model after model.eval()";
        assert_eq!(error, expected);
    }
}

#[test]
fn weights_may_be_listed_among_the_inputs_and_shapes_computed() {
    let weights_listed = changed(|graph| {
        graph.input.insert(0, value("bias", DataType::Float, &[2]));
    });
    let shapes_computed = changed(|graph| {
        let mut concat = node("Concat", &["one", "rest"], "sizes");
        concat.attribute.push(AttributeProto {
            name: "axis".into(),
            r#type: AttributeType::Int as i32,
            ..AttributeProto::default()
        });
        let nodes = [
            node("Shape", &["pixels"], "shape"),
            node("Gather", &["shape", "zero"], "one"),
            concat,
            node("Reshape", &["pixels", "sizes"], "flat"),
        ];
        graph.node.splice(..1, nodes);
        let constants = [("zero", 0), ("rest", -1)].map(|(name, value)| integers(name, &[value]));
        graph.initializer.extend(constants);
    });
    for proto in [weights_listed, shapes_computed] {
        let logits = logits(&open(&proto).unwrap(), &picture());
        assert_eq!(logits, [1.0, 2.0]);
    }
}

#[test]
fn labels_come_from_the_metadata_or_are_indices() {
    let labels = |names| {
        let bytes = constant(&[0.0; 3], names);
        let model = Model::from_bytes(&bytes, "m.onnx").map_err(|error| error.to_string());
        model.map(|model| model.spec().labels().to_vec())
    };
    assert_eq!(
        labels(Some(r#"["a, b","\n","c"]"#)).unwrap(),
        ["a, b", "\n", "c"]
    );
    assert_eq!(labels(None).unwrap(), ["0", "1", "2"]);
    let error = labels(Some("a,b")).unwrap_err();
    let expected =
        "m.onnx: expected one label for each of 3 classes, found 2; name each class once";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn metadata_of_another_input_is_refused() {
    let entries = [
        ("input_range", "0..1"),
        ("input_shape", "1,28,28"),
        ("seed", "7"),
    ];
    assert!(open(&with_metadata(changed(|_| ()), &entries)).is_ok());
    let other = with_metadata(changed(|_| ()), &[("input_range", "1..0")]);
    let expected = "m.onnx: metadata of the input: expected a range as 0..1";
    assert!(open(&other).unwrap_err().starts_with(expected));
}

/// Logits 1 and 2: the answer has a probability of e / (1 + e), .731.
#[test]
fn answers_that_are_not_as_sure_as_the_metadata_say_are_not_accepted() {
    let accepted = |entries: &[(&str, &str)]| {
        let model = open(&with_metadata(changed(|_| ()), entries))?;
        let answer = model.run(&Input::Pixels(vec![0; PIXELS])).unwrap();
        let Output::Classes(classes) = answer.output else {
            panic!("expected classes");
        };
        Ok::<_, String>(classes.accepted)
    };
    assert_eq!(accepted(&[]), Ok(None));
    for (least, expected) in [("0", true), ("0.731", true), ("0.732", false), ("1", false)] {
        let found = accepted(&[("least_probability", least)]);
        assert_eq!(found, Ok(Some(expected)), "{least}");
    }
    for least in ["", "-0.1", "1.5", "NaN", "0,5"] {
        let expected = "m.onnx: expected metadata least_probability as `train` writes it";
        let refused = accepted(&[("least_probability", least)]).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}

#[test]
fn wrong_inputs_are_refused() {
    let assert_input = |found, element, shape: &[usize]| {
        let expected = format!("input FLOAT [1, ...] of sizes that are known, found {found}");
        assert_refused(&expected, |graph| {
            graph.input = vec![value("pixels", element, shape)];
        });
    };
    assert_input("UINT8 [1, 1, 28, 28]", DataType::Uint8, &[1, 1, 28, 28]);
    assert_input("FLOAT [64, 1, 28, 28]", DataType::Float, &[64, 1, 28, 28]);
    assert_input("FLOAT [1, ?, 28, 28]", DataType::Float, &[1, 0, 28, 28]);
    assert_refused(
        "input FLOAT [1, ...] of sizes that are known, found UNDEFINED []",
        |graph| graph.input[0].r#type = None,
    );
    assert_refused("one input, found pixels, mask", |graph| {
        graph.input.push(value("mask", DataType::Float, &[1]));
    });
    assert_refused("one input, found none", |graph| graph.input.clear());
}

#[test]
fn wrong_outputs_are_refused() {
    assert_refused("one output, found logits, flat", |graph| {
        graph.output.push(value("flat", DataType::Float, &[1, 784]));
    });
    assert_refused("an operator that computes logits, found none", |graph| {
        graph.node[1].output[0] = "other".into();
    });
    for (operator, found) in [("Squeeze", "F32 2"), ("ArgMax", "I64 1,2")] {
        let expected = format!("output logits FLOAT [1, classes], found {found}");
        assert_refused(&expected, |graph| {
            graph.node[1] = node("Gemm", &["flat", "weights", "bias"], "row");
            graph.node.push(node(operator, &["row"], "logits"));
        });
    }
}

#[test]
fn inputs_and_outputs_are_known_by_sizes_names_and_operators() {
    let spec = |proto: &ModelProto| open(proto).unwrap().spec().clone();
    let of_shape = |shape: &[usize]| {
        spec(&changed(|graph| {
            graph.input = vec![value("pixels", DataType::Float, shape)];
        }))
    };
    let digits = of_shape(&[0, 1, 28, 28]);
    assert_eq!(digits.input.picture(), Some([28, 28, 1]));
    for sizes in [&[28, 28, 1][..], &[784], &[4, 14, 14]] {
        let other = of_shape(&[&[1], sizes].concat()).input;
        assert_eq!((&other.sizes[..], other.layout), (sizes, Layout::Unknown));
        assert_eq!(other.picture(), None);
    }
    let ending = |operator: Option<&str>, name: &str| {
        let mut proto = changed(|graph| {
            graph.input = vec![value("pixels", DataType::Float, &[1, 784])];
            graph.output[0].name = name.into();
            graph.node[1] = node("Gemm", &["flat", "weights", "bias"], "sums");
            graph
                .node
                .push(node(operator.unwrap_or("Identity"), &["sums"], name));
        });
        let classes = matches!(spec(&proto).output, OutputSpec::Classes { .. });
        proto = with_metadata(proto, &[("labels", "a,b")]);
        assert_eq!(spec(&proto).labels(), ["a", "b"]);
        classes
    };
    assert!(ending(None, "logits") && ending(Some("Softmax"), "probabilities"));
    assert!(!ending(None, "angles") && !ending(Some("Tanh"), "angles"));
}

#[test]
fn numbers_are_given_as_they_are_taken() {
    let proto = changed(|graph| {
        graph.input = vec![value("features", DataType::Float, &[1, 2, 3])];
        graph.node = vec![node("Neg", &["features"], "opposites")];
        graph.output = vec![value("opposites", DataType::Float, &[1, 2, 3])];
    });
    let model = open(&proto).unwrap();
    let floats = vec![1.0, -2.5, 0.0, 3e9, 7.0, 1e-9];
    let Answer { output, .. } = model.run(&Input::Floats(floats.clone())).unwrap();
    let opposites = floats.iter().map(|float| -float).collect();
    assert_eq!(
        output,
        Output::Values(Values {
            shape: vec![2, 3],
            numbers: Numbers::Float(opposites),
        })
    );
    let short = model.run(&Input::Floats(vec![1.0; 5])).unwrap_err();
    let expected = "m.onnx: expected an input of 6 values, found 5";
    assert_eq!(short.to_string(), expected);
    let large = model
        .run(&Input::Floats(vec![f32::INFINITY; 6]))
        .unwrap_err();
    let expected =
        "m.onnx: expected finite values, found -inf at index 0; the weights may be damaged";
    assert_eq!(large.to_string(), expected);
}

#[test]
fn graphs_that_cannot_run_are_refused() {
    for error in [
        refusal(|graph| graph.node[1].input[1] = "no_such_weights".into()),
        refusal(|graph| graph.initializer[0].dims = vec![784, 3]),
        refusal(|graph| graph.initializer[0] = tensor("weights", &[3, 2], &[0.0; 6])),
    ] {
        let message = "m.onnx: expected a graph that tract can run, found: ";
        assert!(error.starts_with(message), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn logits_must_be_finite() {
    for damaged in [f32::INFINITY, f32::NEG_INFINITY] {
        let bytes = constant(&[1.0, damaged, f32::INFINITY], Some("a,b,c"));
        let model = Model::from_bytes(&bytes, "m.onnx").unwrap();
        assert_eq!(
            model
                .outputs(&Input::Pixels(picture().to_vec()))
                .unwrap_err()
                .to_string(),
            format!(
                "m.onnx: expected finite logits, found {damaged} for class b; the weights may be damaged"
            )
        );
    }
}
