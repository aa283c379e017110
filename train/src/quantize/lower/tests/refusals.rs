use super::*;

/// What is said of the exported network after a change to its file.
fn refusal(change: impl FnOnce(&mut onnx::Graph)) -> String {
    let mut model = onnx::Model::decode(&exported().1[..]).unwrap();
    change(model.graph.as_mut().unwrap());
    lower(&model.encode_to_vec()).unwrap_err().to_string()
}

fn assert_refused(change: impl FnOnce(&mut onnx::Graph), parts: &[&str]) {
    let message = refusal(change);
    assert!(!message.contains('\n'), "{message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

fn with_attribute(operator: &str, attribute: AttributeEntry) -> impl FnOnce(&mut onnx::Graph) {
    move |graph| {
        let attributes = &mut node(graph, operator, 0).attribute;
        attributes.retain(|other| other.name != attribute.name);
        attributes.push(attribute);
    }
}

fn integers(name: &str, ints: &[i64]) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        ints: ints.into(),
        kind: 7,
        ..Default::default()
    }
}

#[test]
fn unsupported_operators_are_named_with_the_supported_ones() {
    let change = |graph: &mut onnx::Graph| node(graph, "Relu", 1).op_type = "Sigmoid".into();
    assert_refused(
        change,
        &[
            "node Relu_5 (Sigmoid)",
            "Conv, Gemm, Relu, MaxPool, Flatten",
            "found Sigmoid",
        ],
    );
    let change = |graph: &mut onnx::Graph| node(graph, "Conv", 1).domain = "com.x".into();
    assert_refused(
        change,
        &[
            "node Conv_3 (Conv): expected a standard operator",
            "found com.x::Conv",
        ],
    );
    let change = |graph: &mut onnx::Graph| {
        node(graph, "Relu", 1).op_type = "Tanh".into();
        node(graph, "Tanh", 0).name.clear();
    };
    assert_refused(change, &["node Relu_14 (Tanh)"]);
}

#[test]
fn unsupported_attributes_are_named_with_the_supported_value() {
    for (operator, attribute, expected, found) in unsupported_attributes() {
        let operator_part = format!("({operator}): ");
        let parts = [&operator_part, expected, found];
        assert_refused(with_attribute(operator, attribute), &parts);
    }
}

/// Operator, attribute, what is expected there and what is found.
// A table: one case a line.
#[rustfmt::skip]
fn unsupported_attributes() -> Vec<(&'static str, AttributeEntry, &'static str, &'static str)> {
    let same_upper = AttributeEntry { name: "auto_pad".into(), s: Some("SAME_UPPER".into()), kind: 3, ..Default::default() };
    let half = AttributeEntry { name: "alpha".into(), f: Some(0.5), kind: 1, ..Default::default() };
    vec![
        ("Conv", integer("group", 2), "expected group 1", "found group 2"),
        ("Conv", integers("dilations", &[1, 2]), "expected dilations [1, 1]", "[1, 2]"),
        ("Conv", same_upper, "expected auto_pad NOTSET", "SAME_UPPER"),
        ("Conv", integer("rounding", 1), "no attribute of this name", "rounding 1"),
        ("Conv", integers("strides", &[0, 1]), "strides of 1 to 255", "[0, 1]"),
        ("Conv", integers("strides", &[1, 256]), "strides of 1 to 255", "[1, 256]"),
        ("Conv", integers("strides", &[1]), "2 integers strides", "[1]"),
        ("Conv", integers("pads", &[5, 2, 2, 2]), "pads smaller than the kernel", "[5, 2, 2, 2]"),
        ("Conv", integers("pads", &[2, 2, 2, -1]), "pads smaller than the kernel", "-1"),
        ("Conv", integers("kernel_shape", &[3, 3]), "filters of 1 x 3 x 3", "1 x 5 x 5"),
        ("Gemm", half, "expected alpha 1", "found alpha 0.5"),
        ("Gemm", integer("transA", 1), "expected transA 0", "transA 1"),
        ("Gemm", integer("transB", 2), "expected transB 0 or 1", "transB 2"),
        ("Gemm", integers("strides", &[1, 1]), "no attribute of this name", "strides [1, 1]"),
        ("Relu", integers("pads", &[0, 0, 0, 0]), "no attribute of this name", "pads [0, 0, 0, 0]"),
        ("Conv", integer("transB", 1), "no attribute of this name", "transB 1"),
        ("MaxPool", integer("ceil_mode", 1), "expected ceil_mode 0", "ceil_mode 1"),
        ("MaxPool", integers("strides", &[1, 1]), "tiles", "strides: [1, 1]"),
        ("MaxPool", integers("pads", &[1, 0, 0, 0]), "tiles", "pads: [1, 0, 0, 0]"),
        ("MaxPool", integers("kernel_shape", &[]), "2 integers kernel_shape", "[]"),
        ("Flatten", integer("axis", 2), "expected axis 1", "axis 2"),
    ]
}

#[test]
fn weights_that_are_no_numbers_or_all_zero_are_refused() {
    for (operator, input, value) in [
        ("Conv", 1, f32::NAN),
        ("Conv", 2, f32::INFINITY),
        ("Gemm", 1, f32::NEG_INFINITY),
        ("Gemm", 2, f32::NAN),
    ] {
        let change = |graph: &mut onnx::Graph| {
            tensor(graph, operator, 1, input).raw_data[12..16]
                .copy_from_slice(&value.to_le_bytes());
        };
        let found = format!("found {value} at index 3 of `constant_");
        assert_refused(change, &[&format!("({operator}): expected finite"), &found]);
    }
    let change = |graph: &mut onnx::Graph| tensor(graph, "Conv", 1, 1).raw_data.fill(0);
    assert_refused(
        change,
        &["node Conv_3 (Conv)", "scale would be 0", "zeros only"],
    );
}

#[test]
fn tensors_that_are_not_what_a_node_needs_are_refused() {
    let weight = |change: fn(&mut onnx::Tensor)| {
        move |graph: &mut onnx::Graph| change(tensor(graph, "Conv", 0, 1))
    };
    let parts = &[
        "node Conv_0 (Conv): expected F32 of 4 axes",
        "found `constant_1`",
    ];
    assert_refused(weight(|tensor| tensor.data_type = 10), parts);
    assert_refused(weight(|tensor| tensor.dims = vec![16, 25]), parts);
    assert_refused(weight(|tensor| tensor.dims[0] = -16), parts);
    assert_refused(weight(|tensor| tensor.dims = vec![i64::MAX; 4]), parts);
    assert_refused(weight(|tensor| tensor.dims[0] = 0), parts);
    assert_refused(weight(|tensor| tensor.raw_data.truncate(1597)), parts);
    assert_refused(weight(|tensor| tensor.raw_data.clear()), parts);
    assert_refused(
        weight(|tensor| tensor.dims = vec![16, 5, 5, 1]),
        &["filters of 1 x 5 x 5", "5 x 5 x 1"],
    );
    assert_refused(
        weight(|tensor| tensor.name = "else".into()),
        &["Conv_0", "as input 1", "`constant_1`"],
    );
    let bias = |graph: &mut onnx::Graph| {
        let bias = tensor(graph, "Gemm", 0, 2);
        (bias.raw_data, bias.dims) = (vec![0; 8], vec![2]);
    };
    assert_refused(bias, &["node Gemm_7 (Gemm): expected 128 biases, found 2"]);
    let inputs = |graph: &mut onnx::Graph| {
        let weight = tensor(graph, "Gemm", 0, 1);
        (weight.raw_data, weight.dims) = (vec![1; 128 * 4], vec![128, 1]);
    };
    assert_refused(inputs, &["expected units of 1568 inputs, found 1"]);
}

#[test]
fn graphs_that_are_no_chain_are_refused() {
    let change = |graph: &mut onnx::Graph| node(graph, "Relu", 0).input[0] = "images".into();
    assert_refused(
        change,
        &[
            "node Relu_2 (Relu)",
            "the next one reading `MaxPool_10`",
            "`images`",
        ],
    );
    let change = |graph: &mut onnx::Graph| node(graph, "Relu", 0).output.clear();
    assert_refused(change, &["node Relu_2 (Relu)", "one output"]);
    let change = |graph: &mut onnx::Graph| {
        let flatten = node(graph, "Flatten", 0);
        flatten.attribute.clear();
        flatten.op_type = "Relu".into();
    };
    assert_refused(
        change,
        &["node Flatten_6 (Relu)", "one Relu after each Conv or Gemm"],
    );
    let change = |graph: &mut onnx::Graph| {
        graph.node.remove(6);
        let value = node(graph, "Relu", 1).output[0].clone();
        node(graph, "Gemm", 0).input[0] = value;
    };
    assert_refused(change, &["node Gemm_7 (Gemm)", "by Flatten"]);
    let change = |graph: &mut onnx::Graph| node(graph, "Relu", 2).op_type = "MaxPool".into();
    assert_refused(change, &["node Relu_8 (MaxPool)", "four axes", "flattened"]);
    // Flatten moves before the second MaxPool.
    let change = |graph: &mut onnx::Graph| {
        let [convolved, pooled, relu] = [3, 4, 5].map(|index| graph.node[index].output[0].clone());
        let mut flatten = graph.node.remove(6);
        (flatten.input[0], flatten.output[0]) = (convolved, "flat".into());
        graph.node.insert(4, flatten);
        (graph.node[5].input[0], graph.node[6].input[0]) = ("flat".into(), pooled);
        node(graph, "Gemm", 0).input[0] = relu;
    };
    assert_refused(
        change,
        &["node MaxPool_4 (MaxPool)", "four axes", "flattened"],
    );
    assert_refused(
        |graph| graph.node.truncate(9),
        &["output `logits`", "ends in `Relu_17`"],
    );
    assert_refused(
        |graph| graph.node.clear(),
        &["output `logits`", "ends in `images`"],
    );
    assert_refused(
        |graph| graph.output[0].name = "scores".into(),
        &["output `logits`", "`scores`"],
    );
}

#[test]
fn other_inputs_are_refused() {
    let dim = |graph: &mut onnx::Graph, axis: usize, size: i64| {
        let value = graph.input[0]
            .value_type
            .as_mut()
            .unwrap()
            .tensor_type
            .as_mut()
            .unwrap();
        value.shape.as_mut().unwrap().dim[axis].dim_value = Some(size);
    };
    let parts = &["one input `images` F32[1, channels, rows, columns]"];
    assert_refused(|graph| dim(graph, 0, 2), parts);
    assert_refused(|graph| dim(graph, 3, 0), parts);
    assert_refused(|graph| dim(graph, 2, 1 << 40), parts);
    assert_refused(|graph| graph.input[0].name = "pixels".into(), parts);
    assert_refused(|graph| graph.input[0].value_type = None, parts);
    assert_refused(|graph| graph.input.clear(), &["found 0 inputs"]);
    assert_refused(
        |graph| dim(graph, 1, 3),
        &["node Conv_0 (Conv): expected filters of 3 x 5 x 5"],
    );
    assert_refused(
        |graph| dim(graph, 3, 27),
        &["Gemm_7 (Gemm): expected units of 1344 inputs"],
    );
}

#[test]
fn bytes_that_are_no_model_are_refused() {
    let (_, onnx) = exported();
    for bytes in [
        &b""[..],
        b"Some notes.\n",
        &[0; 100],
        &onnx[..onnx.len() / 2],
    ] {
        let message = lower(bytes).unwrap_err().to_string();
        assert!(
            message.contains("expected an ONNX model") && !message.contains('\n'),
            "{message}"
        );
    }
}
