use std::time::{Duration, Instant};

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension::Value::DimValue};
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::*;
use crate::support::{encode, integers, model, node, tensor, value, with_ints};

/// A model that makes `giant` of its picture, and few outputs of that.
fn with_giant(operator: NodeProto, constants: Vec<TensorProto>) -> ModelProto {
    let nodes = vec![operator, node("ReduceMax", &["giant"], "logits")];
    model(nodes, constants, 1)
}

fn float(name: &str, value: f32) -> TensorProto {
    tensor(name, &[], &[value])
}

fn floats(name: &str, values: &[f32]) -> TensorProto {
    tensor(name, &[values.len()], values)
}

fn check_proto(proto: &ModelProto) -> Result<(), OnnxError> {
    for_one_picture(&encode(proto), &Limits::default(), Runtime::Tract).map(drop)
}

fn refusal(proto: &ModelProto) -> String {
    let error = check_proto(proto).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

/// What a small good model becomes.
fn changed(change: impl FnOnce(&mut GraphProto)) -> ModelProto {
    let nodes = vec![
        node("Flatten", &["pixels"], "flat"),
        node("Gemm", &["flat", "weights", "bias"], "sums"),
        node("Relu", &["sums"], "logits"),
    ];
    let constants = vec![
        tensor("weights", &[784, 2], &[0.0; 1568]),
        floats("bias", &[0.0, 1.0]),
    ];
    let mut proto = model(nodes, constants, 2);
    change(proto.graph.as_mut().unwrap());
    proto
}

#[test]
fn giants_are_refused_before_anything_is_allocated() {
    const SIDE: i64 = 1 << 20;
    let pads = integers("pads", &[0, 0, SIDE, SIDE, 0, 0, 0, 0]);
    let sizes = || integers("sizes", &[1, 1, SIDE, SIDE]);
    let shape = || integers("shape", &[SIDE, SIDE]);
    let limits = ["start", "end", "step"].map(|name| (name, [0.0, 1e15, 1.0]));
    let range = limits
        .iter()
        .enumerate()
        .map(|(at, (name, values))| float(name, values[at]));
    let pool = with_ints(
        node("MaxPool", &["pixels"], "giant"),
        "kernel_shape",
        &[SIDE, SIDE],
    );
    let mut random = with_ints(node("RandomUniform", &[], "giant"), "shape", &[SIDE, SIDE]);
    random.attribute[0].name = "shape".into();
    let cases = [
        with_giant(
            node("Expand", &["pixels", "sizes"], "giant"),
            vec![integers("sizes", &[SIDE, SIDE, 28, 28])],
        ),
        with_giant(
            node("Tile", &["pixels", "repeats"], "giant"),
            vec![integers("repeats", &[1, SIDE, SIDE, 1])],
        ),
        with_giant(node("Pad", &["pixels", "pads"], "giant"), vec![pads]),
        with_giant(
            node("Resize", &["pixels", "", "", "sizes"], "giant"),
            vec![sizes()],
        ),
        with_giant(node("ConstantOfShape", &["shape"], "giant"), vec![shape()]),
        with_giant(
            node("Range", &["start", "end", "step"], "giant"),
            range.collect(),
        ),
        with_giant(with_ints(pool, "pads", &[SIDE - 1; 4]), vec![]),
        with_giant(random, vec![]),
        // All of its inputs are constants, so that tract would compute it while it reads the graph.
        with_giant(
            node("Expand", &["one", "sizes"], "giant"),
            vec![floats("one", &[1.0]), sizes()],
        ),
        with_giant(
            node("MatMul", &["column", "row"], "giant"),
            vec![
                tensor("column", &[50_000, 1], &[1.0; 50_000]),
                tensor("row", &[1, 50_000], &[1.0; 50_000]),
            ],
        ),
    ];
    // More than 32 bits hold, of which tract would keep the rest.
    let endless = [1 << 32, (1 << 32) + 1, 1 << 62].map(|count| {
        let sizes = integers("sizes", &[count, 1, 28, 28]);
        with_giant(node("Expand", &["pixels", "sizes"], "giant"), vec![sizes])
    });
    for proto in cases.into_iter().chain(endless) {
        let operator = proto.graph.as_ref().unwrap().node[0].op_type.clone();
        let start = Instant::now();
        let error = refusal(&proto);
        assert!(start.elapsed() < Duration::from_secs(5), "{operator}");
        assert!(
            error.starts_with("expected a model of at most ") && error.contains(&operator),
            "{operator}: {error}"
        );
    }
}

#[test]
fn work_and_operators_are_limited() {
    // Its input is laid out a million times over, which takes memory beside the values.
    let convolution = with_ints(
        node("Conv", &["pixels", "kernel"], "giant"),
        "pads",
        &[999; 4],
    );
    let kernel = tensor("kernel", &[1, 1, 1000, 1000], &vec![0.0; 1_000_000]);
    let error = refusal(&with_giant(convolution, vec![kernel]));
    assert!(error.contains("MiB of values with Conv (giant)"), "{error}");

    let pool = with_ints(
        node("MaxPool", &["pixels"], "giant"),
        "kernel_shape",
        &[1000; 2],
    );
    let pool = with_ints(pool, "pads", &[999; 4]);
    let error = refusal(&with_giant(pool, vec![]));
    assert!(
        error.contains("million multiply-adds with MaxPool (giant)"),
        "{error}"
    );

    let chain = |count: usize| {
        let name = |index: usize| match index {
            0 => "pixels".to_owned(),
            last if last == count => "logits".to_owned(),
            index => format!("v{index}"),
        };
        let nodes = (0..count).map(|index| node("Relu", &[&name(index)], &name(index + 1)));
        model(nodes.collect(), vec![], 1)
    };
    let start = Instant::now();
    let error = refusal(&chain(20_000));
    assert!(
        error.starts_with("expected a model of at most 2000 operators, found 20000"),
        "{error}"
    );
    assert!(start.elapsed() < Duration::from_secs(2));
    check_proto(&chain(300)).unwrap();
}

#[test]
fn sizes_that_the_picture_decides_are_refused() {
    let error = refusal(&with_giant(node("NonZero", &["pixels"], "giant"), vec![]));
    assert!(
        error.starts_with("expected values whose sizes are known")
            && error.contains("NonZero (giant)"),
        "{error}"
    );
    let proto = with_giant(
        node("NonZero", &["few"], "giant"),
        vec![floats("few", &[0.0, 2.0])],
    );
    let mut proto = proto;
    proto
        .graph
        .as_mut()
        .unwrap()
        .node
        .push(node("Relu", &["pixels"], "unused"));
    check_proto(&proto).unwrap();
}

#[test]
fn foreign_operators_are_named_and_explained() {
    let error = |domain: &str, operator: &str| {
        refusal(&changed(|graph| {
            graph.node[2].domain = domain.into();
            graph.node[2].op_type = operator.into();
        }))
    };
    for (domain, operator, explanation) in [
        ("com.microsoft", "QLinearAdd", "QuantFormat.QDQ"),
        ("com.microsoft", "QLinearConv", "train quantize"),
        ("com.microsoft", "FusedConv", "ORT_ENABLE_BASIC"),
        ("com.microsoft", "Relu", "ONNX Runtime's own"),
        ("com.microsoft.nchwc", "Conv", "one kind of processor"),
        ("ai.onnx.ml", "TreeEnsembleClassifier", "skl2onnx"),
        ("my.company", "Relu", "somebody's own"),
        ("", "NoSuchOperator", "tract does not know"),
    ] {
        let found = error(domain, operator);
        assert!(
            found.contains(operator) && found.contains(domain),
            "{found}"
        );
        assert!(found.contains(explanation), "{found}");
    }
    for (domain, operator) in [("ai.onnx", "Relu"), ("com.microsoft", "FastGelu")] {
        check_proto(&changed(|graph| {
            graph.node[2].domain = domain.into();
            graph.node[2].op_type = operator.into();
        }))
        .unwrap();
    }
    let fused = changed(|graph| {
        graph.node[2].domain = "com.microsoft".into();
        graph.node[2].op_type = "FusedGemm".into();
    });
    for_one_picture(&encode(&fused), &Limits::default(), Runtime::OnnxRuntime).unwrap();
    let own = changed(|graph| graph.node[2].domain = "my.company".into());
    for_one_picture(&encode(&own), &Limits::default(), Runtime::OnnxRuntime).unwrap_err();
}

#[test]
fn graphs_in_operators_are_refused() {
    let error = refusal(&changed(|graph| {
        graph.node[2].attribute.push(AttributeProto {
            name: "then_branch".into(),
            g: Some(GraphProto::default()),
            ..AttributeProto::default()
        });
    }));
    assert!(
        error.starts_with("expected operators without graphs of their own"),
        "{error}"
    );
}

#[test]
fn names_stand_for_one_thing() {
    for (name, proto) in [
        (
            "values named sums",
            changed(|graph| graph.node[0].output.push("sums".into())),
        ),
        (
            "values named weights",
            changed(|graph| graph.node[0].output[0] = "weights".into()),
        ),
        (
            "values named pixels",
            changed(|graph| graph.node[2].output.push("pixels".into())),
        ),
        (
            "values named bias",
            changed(|graph| graph.initializer.push(floats("bias", &[1.0, 2.0]))),
        ),
        (
            "inputs named pixels",
            changed(|graph| graph.input.push(graph.input[0].clone())),
        ),
        (
            "nodes named same",
            changed(|graph| {
                graph
                    .node
                    .iter_mut()
                    .for_each(|node| node.name = "same".into());
            }),
        ),
    ] {
        let error = refusal(&proto);
        assert!(
            error.starts_with(&format!(
                "expected names that stand for one thing, found two {name}"
            )),
            "{error}"
        );
    }
    check_proto(&changed(|graph| {
        for node in &mut graph.node {
            node.name.clear();
        }
    }))
    .unwrap();
}

#[test]
fn weights_may_be_inputs_and_the_batch_open() {
    let shapes = |proto: ModelProto| {
        let checked = Checked::new(proto, &Limits::default()).unwrap();
        assert_eq!(checked.proto.graph.as_ref().unwrap().input.len(), 1);
        checked.shapes()
    };
    let proto = changed(|graph| {
        graph
            .input
            .insert(0, value("weights", DataType::Float, &[784, 2]));
        graph.input.push(value("bias", DataType::Float, &[2]));
    });
    assert_eq!(shapes(proto)["logits"], [1, 2]);
    for batch in [
        Some(DimValue(-1)),
        Some(DimValue(0)),
        None,
        value("x", DataType::Float, &[0])
            .r#type
            .and_then(|of| match of.value? {
                tract_onnx::pb::type_proto::Value::TensorType(tensor) => {
                    tensor.shape?.dim[0].value.clone()
                }
            }),
    ] {
        let shapes = shapes(changed(|graph| {
            let of = graph.input[0].r#type.as_mut().unwrap();
            let tract_onnx::pb::type_proto::Value::TensorType(tensor) = of.value.as_mut().unwrap();
            tensor.shape.as_mut().unwrap().dim[0] = Dimension {
                value: batch.clone(),
                ..Dimension::default()
            };
        }));
        assert_eq!(shapes["pixels"], [1, 1, 28, 28], "{batch:?}");
    }
}

#[test]
fn half_floats_are_explained_where_they_do_not_run() {
    let error = refusal(&changed(|graph| {
        let weights = &mut graph.initializer[0];
        weights.data_type = DataType::Float16 as i32;
        weights.float_data.clear();
        weights.int32_data = vec![0; 1568];
    }));
    assert!(
        error.contains("half floats (FLOAT16)") && error.contains("float32"),
        "{error}"
    );
}

#[test]
fn the_end_of_a_graph_is_looked_for() {
    for (end, expected) in [
        (&["Softmax"][..], true),
        (&["Softmax", "Identity", "Reshape", "Cast"], true),
        (&["LogSoftmax"], false),
        (&["Softmax", "Gemm"], false),
        (&["Relu"], false),
    ] {
        let nodes = end.iter().enumerate().map(|(index, operator)| {
            let output = if index + 1 == end.len() {
                "logits".into()
            } else {
                index.to_string()
            };
            let input = index
                .checked_sub(1)
                .map_or("flat".into(), |before| before.to_string());
            node(operator, &[&input], &output)
        });
        let proto = changed(|graph| graph.node = nodes.collect());
        assert_eq!(
            ends_in_softmax(&proto.graph.unwrap(), "logits"),
            expected,
            "{end:?}"
        );
    }
}

#[test]
fn damaged_files_never_panic() {
    let whole = encode(&changed(|_| ()));
    for place in (0..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x15;
        if let Err(error) = for_one_picture(&damaged, &Limits::default(), Runtime::Tract) {
            assert_eq!(error.to_string().lines().count(), 1, "{place}: {error}");
        }
    }
    for length in 0..200 {
        for_one_picture(&whole[..length], &Limits::default(), Runtime::Tract).unwrap_err();
    }
}
