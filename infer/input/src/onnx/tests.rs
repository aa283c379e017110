use std::time::{Duration, Instant};

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension::Value::{DimParam, DimValue};
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{
    AttributeProto, GraphProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
};

use super::*;
use crate::support::{encode, integers, model, node, tensor, value, with_ints, with_metadata};

/// A model that makes `giant` of its picture, and few outputs of that.
fn with_giant(operator: NodeProto, constants: Vec<TensorProto>) -> ModelProto {
    let nodes = vec![operator, node("ReduceMax", &["giant"], "logits")];
    model(nodes, constants, 1)
}

fn floats(name: &str, values: &[f32]) -> TensorProto {
    tensor(name, &[values.len()], values)
}

fn check_for(runtime: Runtime, bytes: &[u8]) -> Result<Vec<u8>, OnnxError> {
    for_one_picture(bytes, &Limits::default(), runtime)
}

fn check_proto(proto: &ModelProto) -> Result<Vec<u8>, OnnxError> {
    check_for(Runtime::Tract, &encode(proto))
}

#[track_caller]
fn assert_refused(proto: &ModelProto, start: &str, parts: &[&str]) {
    let error = check_proto(proto).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with(start), "{error}");
    for part in parts {
        assert!(error.contains(part), "{error}");
    }
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
    let sized = |operator, inputs: &[&str], sizes: &[i64]| {
        let constants = vec![integers("sizes", sizes), floats("one", &[1.0])];
        with_giant(node(operator, inputs, "giant"), constants)
    };
    let pool = node("MaxPool", &["pixels"], "giant");
    let pool = with_ints(pool, "kernel_shape", &[SIDE, SIDE]);
    let random = node("RandomUniform", &[], "giant");
    let range = ["start", "end", "step"];
    let limits = [0.0, 1e15, 1.0];
    let limits = range
        .into_iter()
        .zip(limits)
        .map(|(name, value)| tensor(name, &[], &[value]));
    let product = vec![
        tensor("column", &[50_000, 1], &[1.0; 50_000]),
        tensor("row", &[1, 50_000], &[1.0; 50_000]),
    ];
    for proto in [
        sized("Expand", &["pixels", "sizes"], &[SIDE, SIDE, 28, 28]),
        sized("Tile", &["pixels", "sizes"], &[1, SIDE, SIDE, 1]),
        sized("Pad", &["pixels", "sizes"], &[0, 0, SIDE, SIDE, 0, 0, 0, 0]),
        sized("Resize", &["pixels", "", "", "sizes"], &[1, 1, SIDE, SIDE]),
        sized("ConstantOfShape", &["sizes"], &[SIDE, SIDE]),
        with_giant(node("Range", &range, "giant"), limits.collect()),
        with_giant(with_ints(pool, "pads", &[SIDE - 1; 4]), vec![]),
        with_giant(with_ints(random, "shape", &[SIDE, SIDE]), vec![]),
        // All of its inputs are constants, so that tract would compute it while it reads the graph.
        sized("Expand", &["one", "sizes"], &[1, 1, SIDE, SIDE]),
        with_giant(node("MatMul", &["column", "row"], "giant"), product),
        // More than 32 bits hold, of which tract would keep the rest.
        sized("Expand", &["pixels", "sizes"], &[1 << 32, 1, 28, 28]),
        sized("Expand", &["pixels", "sizes"], &[(1 << 32) + 1, 1, 28, 28]),
        sized("Expand", &["pixels", "sizes"], &[1 << 62, 1, 28, 28]),
    ] {
        let operator = &proto.graph.as_ref().unwrap().node[0].op_type;
        let start = Instant::now();
        assert_refused(&proto, "expected a model of at most ", &[operator]);
        assert!(start.elapsed() < Duration::from_secs(5), "{operator}");
    }
}

#[test]
fn work_and_operators_are_limited() {
    // Its input is laid out a million times over, which takes memory beside the values.
    let convolution = node("Conv", &["pixels", "kernel"], "giant");
    let convolution = with_ints(convolution, "pads", &[999; 4]);
    let kernel = tensor("kernel", &[1, 1, 1000, 1000], &vec![0.0; 1_000_000]);
    let convolution = with_giant(convolution, vec![kernel]);
    assert_refused(&convolution, "", &["MiB of values with Conv (giant)"]);

    let pool = node("MaxPool", &["pixels"], "giant");
    let pool = with_ints(pool, "kernel_shape", &[1000; 2]);
    let pool = with_giant(with_ints(pool, "pads", &[999; 4]), vec![]);
    assert_refused(&pool, "", &["million multiply-adds with MaxPool (giant)"]);

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
    let expected = "expected a model of at most 2000 operators, found 20000";
    assert_refused(&chain(20_000), expected, &[]);
    assert!(start.elapsed() < Duration::from_secs(2));
    check_proto(&chain(300)).unwrap();
}

#[test]
fn sizes_that_the_picture_decides_are_refused() {
    let of = |value| {
        with_giant(
            node("NonZero", &[value], "giant"),
            vec![floats("few", &[0.0, 2.0])],
        )
    };
    let expected = "expected values whose sizes are known";
    assert_refused(&of("pixels"), expected, &["NonZero (giant)"]);
    let native = check_for(Runtime::OnnxRuntime, &encode(&of("pixels")));
    assert!(native.unwrap_err().to_string().starts_with(expected));
    let mut constant = of("few");
    let nodes = &mut constant.graph.as_mut().unwrap().node;
    nodes.push(node("Relu", &["pixels"], "unused"));
    check_proto(&constant).unwrap();
}

#[test]
fn foreign_operators_are_named_and_explained() {
    let with_operator = |domain: &str, operator: &str| {
        changed(|graph| {
            graph.node[2].domain = domain.into();
            graph.node[2].op_type = operator.into();
        })
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
        let proto = with_operator(domain, operator);
        assert_refused(&proto, "", &[operator, domain, explanation]);
    }
    for (domain, operator) in [("ai.onnx", "Relu"), ("com.microsoft", "FastGelu")] {
        check_proto(&with_operator(domain, operator)).unwrap();
    }
    let fused = encode(&with_operator("com.microsoft", "FusedGemm"));
    check_for(Runtime::OnnxRuntime, &fused).unwrap();
    let own = encode(&with_operator("my.company", "Relu"));
    check_for(Runtime::OnnxRuntime, &own).unwrap_err();
}

#[test]
fn graphs_in_operators_are_refused() {
    let nested = changed(|graph| {
        graph.node[2].attribute.push(AttributeProto {
            name: "then_branch".into(),
            g: Some(GraphProto::default()),
            ..AttributeProto::default()
        });
    });
    assert_refused(
        &nested,
        "expected operators without graphs of their own",
        &[],
    );
}

fn name_nodes(graph: &mut GraphProto, name: &str) {
    for node in &mut graph.node {
        node.name = name.into();
    }
}

#[test]
fn names_stand_for_one_thing() {
    let assert_two = |name: &str, change: fn(&mut GraphProto)| {
        let expected = format!("expected names that stand for one thing, found two {name}");
        assert_refused(&changed(change), &expected, &[]);
    };
    assert_two("values named sums", |graph| {
        graph.node[0].output.push("sums".into());
    });
    assert_two("values named weights", |graph| {
        graph.node[0].output[0] = "weights".into();
    });
    assert_two("values named pixels", |graph| {
        graph.node[2].output.push("pixels".into());
    });
    assert_two("values named bias", |graph| {
        graph.initializer.push(floats("bias", &[1.0, 2.0]));
    });
    assert_two("inputs named pixels", |graph| {
        graph.input.push(graph.input[0].clone());
    });
    assert_two("nodes named same", |graph| name_nodes(graph, "same"));
    check_proto(&changed(|graph| name_nodes(graph, ""))).unwrap();
}

#[test]
fn the_operator_set_and_metadata_are_said_once() {
    let set = |domain: &str, version| OperatorSetIdProto {
        domain: domain.into(),
        version,
    };
    let expected = "expected operator set 1 of ONNX or a newer one, found ";
    for (sets, refusal) in [
        (vec![], format!("{expected}none")),
        (vec![set("", 0)], format!("{expected}0")),
        (vec![set("com.x", 1)], format!("{expected}none")),
        (
            vec![set("", 17), set("ai.onnx", 17)],
            "two operator sets named ai.onnx".into(),
        ),
        (vec![set("ai.onnx", 17)], String::new()),
    ] {
        let mut proto = changed(|_| ());
        proto.opset_import = sets;
        match check_proto(&proto) {
            Ok(_) => assert_eq!(refusal, ""),
            Err(error) => assert!(error.to_string().contains(&refusal), "{error}"),
        }
    }
    let twice = with_metadata(changed(|_| ()), &[("labels", "a,b"), ("labels", "c,d")]);
    assert_refused(&twice, "", &["two metadata entries named labels"]);
}

#[test]
fn weights_are_numbers_in_the_file_itself() {
    let raw = |graph: &mut GraphProto, values: &[f32]| {
        let bias = &mut graph.initializer[1];
        bias.float_data.clear();
        bias.raw_data = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
    };
    let nan = "found NaN at index 1 of bias";
    let spelled = changed(|graph| graph.initializer[1].float_data[1] = f32::NAN);
    assert_refused(&spelled, "expected weights that are numbers", &[nan]);
    assert_refused(&changed(|graph| raw(graph, &[0.0, f32::NAN])), "", &[nan]);
    check_proto(&changed(|graph| raw(graph, &[0.0, f32::INFINITY]))).unwrap();
    let elsewhere = changed(|graph| {
        let weights = &mut graph.initializer[0];
        weights.float_data.clear();
        weights.data_location = Some(1);
        weights.external_data = vec![StringStringEntryProto {
            key: "location".into(),
            value: "m.onnx.data".into(),
        }];
    });
    let expected = "expected all weights in the file, found those of weights in m.onnx.data";
    assert_refused(&elsewhere, expected, &["onnx.save"]);
    let native = check_for(Runtime::OnnxRuntime, &encode(&elsewhere));
    assert!(native.unwrap_err().to_string().starts_with(expected));
}

#[test]
fn weights_may_be_inputs_and_the_batch_open() {
    let shapes = |proto: ModelProto| {
        let checked = Checked::new(proto, &Limits::default()).unwrap();
        assert_eq!(checked.proto.graph.as_ref().unwrap().input.len(), 1);
        checked.shapes()
    };
    let proto = changed(|graph| {
        let weights = value("weights", DataType::Float, &[784, 2]);
        graph.input.insert(0, weights);
        graph.input.push(value("bias", DataType::Float, &[2]));
    });
    assert_eq!(shapes(proto)["logits"], [1, 2]);
    for batch in [
        Some(DimValue(-1)),
        Some(DimValue(0)),
        None,
        Some(DimParam("batch".into())),
    ] {
        let shapes = shapes(changed(|graph| {
            let of = graph.input[0].r#type.as_mut().unwrap();
            let TensorType(tensor) = of.value.as_mut().unwrap();
            tensor.shape.as_mut().unwrap().dim[0].value = batch.clone();
        }));
        assert_eq!(shapes["pixels"], [1, 1, 28, 28], "{batch:?}");
    }
}

#[test]
fn half_floats_are_explained_where_they_do_not_run() {
    let half = changed(|graph| {
        let weights = &mut graph.initializer[0];
        weights.data_type = DataType::Float16 as i32;
        weights.float_data.clear();
        weights.int32_data = vec![0; 1568];
    });
    assert_refused(&half, "", &["half floats (FLOAT16)", "float32"]);
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
        let chain = (0..).zip(end).map(|(index, operator)| {
            node(operator, &[&index.to_string()], &(index + 1).to_string())
        });
        let graph = GraphProto {
            node: chain.collect(),
            ..GraphProto::default()
        };
        let output = end.len().to_string();
        assert_eq!(ends_in_softmax(&graph, &output), expected, "{end:?}");
    }
    for (sum, expected) in [("ReduceSum", true), ("ReduceMax", false)] {
        let node = vec![
            node("Exp", &["logits"], "powers"),
            node(sum, &["powers"], "sum"),
            node("Div", &["powers", "sum"], "output"),
        ];
        let graph = GraphProto {
            node,
            ..GraphProto::default()
        };
        assert_eq!(ends_in_softmax(&graph, "output"), expected, "{sum}");
    }
}

#[test]
fn damaged_files_never_panic() {
    let whole = encode(&changed(|_| ()));
    for place in (0..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x15;
        if let Err(error) = check_for(Runtime::Tract, &damaged) {
            assert_eq!(error.to_string().lines().count(), 1, "{place}: {error}");
        }
    }
    for length in (0..200).chain((200..whole.len()).step_by(997)) {
        check_for(Runtime::Tract, &whole[..length]).unwrap_err();
    }
}
