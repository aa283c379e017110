use super::*;

type Change = Box<dyn FnOnce(&mut onnx::Graph)>;

/// Each change to the exported network must be refused in one line that has all of these parts.
fn assert_refused<const N: usize>(cases: [(Change, &[&str]); N]) {
    for (change, parts) in cases {
        let message = changed(change).unwrap_err().to_string();
        assert!(!message.contains('\n'), "{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    }
}

fn change(change: impl FnOnce(&mut onnx::Graph) + 'static) -> Change {
    Box::new(change)
}

/// Another operator in place of one of the nodes.
fn operator(old: &'static str, number: usize, domain: &'static str, new: &'static str) -> Change {
    change(move |graph| {
        let node = node(graph, old, number);
        (node.op_type, node.domain) = (new.into(), domain.into());
    })
}

fn with_attribute(operator: &'static str, attribute: AttributeEntry) -> Change {
    change(move |graph| {
        let attributes = &mut node(graph, operator, 0).attribute;
        attributes.retain(|other| other.name != attribute.name);
        attributes.push(attribute);
    })
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
fn unsupported_operators_are_named_with_what_to_do() {
    let nameless = |graph: &mut onnx::Graph| {
        let node = node(graph, "Relu", 1);
        (node.op_type, node.name) = ("Tanh".into(), String::new());
    };
    let supported = "Conv, Gemm, Relu, MaxPool, Flatten, Softmax";
    let optimised = "ONNX Runtime writes it when it saves a model that it has optimised";
    let quantised = "give the float model";
    assert_refused([
        (operator("Relu", 1, "", "Sigmoid"), &["node Relu_5 (Sigmoid)", supported, "found Sigmoid"]),
        (operator("Conv", 1, "com.x", "Conv"), &["node Conv_3 (Conv): expected a standard", "found com.x::Conv"]),
        (operator("Conv", 1, "com.microsoft", "FusedConv"), &["com.microsoft::FusedConv", optimised]),
        (operator("Conv", 0, "com.microsoft.nchwc", "Conv"), &["node Conv_0", optimised]),
        (operator("Conv", 1, "", "QLinearConv"), &["found QLinearConv", "QOperator", quantised]),
        (operator("Relu", 0, "", "DequantizeLinear"), &["found DequantizeLinear", "QDQ", quantised]),
        (operator("Gemm", 0, "com.microsoft", "QGemm"), &["com.microsoft::QGemm", quantised]),
        (operator("Gemm", 0, "", "MatMulInteger"), &["found MatMulInteger", quantised]),
        (change(nameless), &["node Relu_14 (Tanh)"]),
    ]);
}

/// Operator, attribute, what is expected there and what is found.
#[test]
fn unsupported_attributes_are_named_with_the_supported_value() {
    let same_upper = AttributeEntry { name: "auto_pad".into(), s: Some("SAME_UPPER".into()), kind: 3, ..Default::default() };
    let half = AttributeEntry { name: "alpha".into(), f: Some(0.5), kind: 1, ..Default::default() };
    for (operator, attribute, expected, found) in [
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
    ] {
        let operator_part = format!("({operator}): ");
        assert_refused([(with_attribute(operator, attribute), &[&operator_part, expected, found])]);
    }
}

#[test]
fn weights_that_are_no_numbers_or_all_zero_are_refused() {
    for (operator, input, value) in [
        ("Conv", 1, f32::NAN),
        ("Conv", 2, f32::INFINITY),
        ("Gemm", 1, f32::NEG_INFINITY),
        ("Gemm", 2, f32::NAN),
    ] {
        let set = move |graph: &mut onnx::Graph| {
            tensor(graph, operator, 1, input).raw_data[12..16]
                .copy_from_slice(&value.to_le_bytes());
        };
        let node = format!("({operator}): expected finite");
        let found = format!("found {value} at index 3 of `constant_");
        assert_refused([(change(set), &[&node, &found])]);
    }
    let zeros = |graph: &mut onnx::Graph| tensor(graph, "Conv", 1, 1).raw_data.fill(0);
    let parts: &[_] = &["node Conv_3 (Conv)", "scale would be 0", "zeros only"];
    assert_refused([(change(zeros), parts)]);
}

#[test]
fn tensors_that_are_not_what_a_node_needs_are_refused() {
    let weight = |set: fn(&mut onnx::Tensor)| {
        change(move |graph: &mut onnx::Graph| set(tensor(graph, "Conv", 0, 1)))
    };
    let parts: &[_] = &["node Conv_0 (Conv): expected F32 of 4 axes", "found `constant_1`"];
    let bias = |graph: &mut onnx::Graph| {
        let bias = tensor(graph, "Gemm", 0, 2);
        (bias.raw_data, bias.dims) = (vec![0; 8], vec![2]);
    };
    let inputs = |graph: &mut onnx::Graph| {
        let weight = tensor(graph, "Gemm", 0, 1);
        (weight.raw_data, weight.dims) = (vec![1; 128 * 4], vec![128, 1]);
    };
    assert_refused([
        (weight(|tensor| tensor.data_type = 7), parts),
        (weight(|tensor| tensor.data_type = 10), &["half floats", "32-bit floats"]),
        (weight(|tensor| tensor.dims = vec![16, 25]), parts),
        (weight(|tensor| tensor.dims[0] = -16), parts),
        (weight(|tensor| tensor.dims = vec![i64::MAX; 4]), parts),
        (weight(|tensor| tensor.dims[0] = 0), parts),
        (weight(|tensor| tensor.raw_data.truncate(1597)), parts),
        (weight(|tensor| tensor.raw_data.clear()), parts),
        (weight(|tensor| tensor.dims = vec![16, 5, 5, 1]), &["filters of 1 x 5 x 5", "5 x 5 x 1"]),
        (weight(|tensor| tensor.name = "else".into()), &["Conv_0", "as input 1", "`constant_1`"]),
        (change(bias), &["node Gemm_7 (Gemm): expected 128 biases, found 2"]),
        (change(inputs), &["expected units of 1568 inputs, found 1"]),
    ]);
}

#[test]
fn graphs_that_are_no_chain_are_refused() {
    let second_reader = |graph: &mut onnx::Graph| node(graph, "Relu", 0).input[0] = "images".into();
    let second_relu = |graph: &mut onnx::Graph| {
        let flatten = node(graph, "Flatten", 0);
        flatten.attribute.clear();
        flatten.op_type = "Relu".into();
    };
    let no_flatten = |graph: &mut onnx::Graph| {
        graph.node.remove(6);
        let value = node(graph, "Relu", 1).output[0].clone();
        node(graph, "Gemm", 0).input[0] = value;
    };
    let early_flatten = |graph: &mut onnx::Graph| {
        let [convolved, pooled, relu] = [3, 4, 5].map(|index| graph.node[index].output[0].clone());
        let mut flatten = graph.node.remove(6);
        (flatten.input[0], flatten.output[0]) = (convolved, "flat".into());
        graph.node.insert(4, flatten);
        (graph.node[5].input[0], graph.node[6].input[0]) = ("flat".into(), pooled);
        node(graph, "Gemm", 0).input[0] = relu;
    };
    let after_softmax = |graph: &mut onnx::Graph| {
        add_softmax(graph, "Softmax", None);
        let last = graph.node.last_mut().unwrap();
        last.output[0] = "sure".into();
        let relu = onnx::Node {
            input: vec!["sure".into()],
            output: vec!["logits".into()],
            op_type: "Relu".into(),
            ..Default::default()
        };
        graph.node.push(relu);
    };
    let chain_end = "an output [1, classes] at the end of a chain of layers";
    let two = |graph: &mut onnx::Graph| graph.output.push(graph.output[0].clone());
    assert_refused([
        (change(second_reader), &["node Relu_2 (Relu)", "the next one reading `MaxPool_10`", "`images`"]),
        (change(|graph| node(graph, "Relu", 0).output.clear()), &["node Relu_2 (Relu)", "one output"]),
        (change(second_relu), &["node Flatten_6 (Relu)", "one Relu after each Conv or Gemm"]),
        (change(no_flatten), &["node Gemm_7 (Gemm)", "by Flatten"]),
        (operator("Relu", 2, "", "MaxPool"), &["node Relu_8 (MaxPool)", "four axes", "flattened"]),
        (change(early_flatten), &["node MaxPool_4 (MaxPool)", "four axes", "flattened"]),
        (operator("Relu", 0, "", "Softmax"), &["node Relu_2 (Softmax)", "two axes"]),
        (change(after_softmax), &["node probabilities (Softmax): expected it at the end only", "(Relu) after it"]),
        (change(|graph| graph.node.truncate(9)), &[chain_end, "ends in `Relu_17`"]),
        (change(|graph| graph.node.clear()), &[chain_end, "ends in `images`"]),
        (change(|graph| graph.output[0].name = "scores".into()), &[chain_end, "`scores`"]),
        (change(two), &["expected one output, found 2 outputs"]),
    ]);
}

#[test]
fn values_defined_twice_are_named() {
    let again = |graph: &mut onnx::Graph| {
        let again = graph.initializer[0].clone();
        graph.initializer.push(again);
    };
    let node_again = |graph: &mut onnx::Graph| {
        let first = graph.node[0].output[0].clone();
        graph.node[4].output[0] = first;
    };
    let over_weight = |graph: &mut onnx::Graph| {
        graph.node[5].output[0] = graph.initializer[0].name.clone();
    };
    let input = |graph: &mut onnx::Graph| graph.input.push(graph.input[0].clone());
    assert_refused([
        (change(again), &["expected values that are defined once, found `constant_1` twice"]),
        (change(node_again), &["node MaxPool_4 (MaxPool): expected values that are defined once"]),
        (change(over_weight), &["node Relu_5 (Relu)", "found `constant_1` once more"]),
        (change(input), &["found `images` twice"]),
    ]);
}

#[test]
fn other_inputs_are_refused() {
    let size = |axis: usize, size: i64| {
        change(move |graph| input_sizes(graph)[axis].dim_value = Some(size))
    };
    let element = |graph: &mut onnx::Graph| {
        let value_type = graph.input[0].value_type.as_mut().unwrap();
        value_type.tensor_type.as_mut().unwrap().elem_type = 10;
    };
    let parts: &[_] = &["one input F32[1, channels, rows, columns]", "`images`"];
    assert_refused([
        (size(0, 2), parts),
        (size(3, 0), parts),
        (size(3, -1), parts),
        (size(2, 1 << 40), parts),
        (change(element), &["`images` half floats", "32-bit floats"]),
        (change(|graph| graph.input[0].value_type = None), parts),
        (change(|graph| graph.input.clear()), &["found 0 inputs"]),
        (size(1, 3), &["node Conv_0 (Conv): expected filters of 3 x 5 x 5"]),
        (size(3, 27), &["Gemm_7 (Gemm): expected units of 1344 inputs"]),
    ]);
}

#[test]
fn networks_that_ask_for_too_much_are_refused_before_they_run() {
    let (_, onnx) = exported();
    let refusal = |limits: Limits| lower(&onnx, &limits).unwrap_err().to_string();
    // The layers add 313,600, 2,508,800, 200,704 and 1,280 multiply-adds.
    let multiply_adds = |multiply_adds| Limits { multiply_adds, ..Limits::default() };
    let message = refusal(multiply_adds(2_822_399));
    assert!(message.contains("with Conv_3 (Conv)") && message.contains("--limits-times 2"), "{message}");
    assert!(refusal(multiply_adds(3_024_383)).contains("with Gemm_9 (Gemm)"));
    lower(&onnx, &multiply_adds(3_024_384)).unwrap();
    let message = refusal(Limits { bytes: 1 << 19, ..Limits::default() });
    assert!(message.contains("with Gemm_7 (Gemm)"), "{message}");
}

#[test]
fn bytes_that_are_no_model_are_refused() {
    let (_, onnx) = exported();
    for bytes in [&b""[..], b"Some notes.\n", &[0; 100], &onnx[..onnx.len() / 2]] {
        let message = lower(bytes, &Limits::default()).unwrap_err().to_string();
        let is_line = !message.contains('\n');
        assert!(message.contains("expected an ONNX model") && is_line, "{message}");
    }
}
