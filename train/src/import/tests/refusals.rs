use super::written::{Written, image, ints};
use super::*;
use crate::network::Layout;

/// Changes to the exported network and, line by line, the refusals that they must lead to.
fn assert_refused<const N: usize>(changes: [fn(&mut onnx::Graph); N], expected: &str) {
    let messages = changes.map(|change| changed(change).unwrap_err().to_string());
    assert_eq!(messages.join("\n"), expected.trim());
}

/// Another operator in place of one of the nodes.
fn put(graph: &mut onnx::Graph, (old, number): (&str, usize), domain: &str, new: &str) {
    let node = node(graph, old, number);
    (node.op_type, node.domain) = (new.into(), domain.into());
}

fn set(graph: &mut onnx::Graph, operator: &str, attribute: AttributeEntry) {
    let attributes = &mut node(graph, operator, 0).attribute;
    attributes.retain(|other| other.name != attribute.name);
    attributes.push(attribute);
}

fn integers(name: &str, ints: &[i64]) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        ints: ints.into(),
        kind: 7,
        ..Default::default()
    }
}

fn auto_pad() -> AttributeEntry {
    AttributeEntry {
        name: "auto_pad".into(),
        s: Some("SAME".into()),
        kind: 3,
        ..Default::default()
    }
}

#[test]
fn unsupported_operators_are_named_with_what_to_do() {
    let expected = "
node Relu_5 (Bernoulli): expected STANDARD, found Bernoulli: an operator without a form in integers here
node Conv_3 (Conv): expected STANDARD, found Conv of com.x: an operator of somebody's own; export the model with standard operators alone
node Conv_3 (FusedConv): expected STANDARD, found FusedConv of com.microsoft: several operators in one, which ONNX Runtime writes when it saves an optimised model; export the model again, or save it with ORT_ENABLE_BASIC
node Conv_0 (Conv): expected STANDARD, found Conv of com.microsoft.nchwc: an operator for one kind of processor, which ONNX Runtime writes when it saves an optimised model; export the model again, or save it with ORT_ENABLE_BASIC
node Gemm_7 (MatMulInteger): expected the float model, or one quantised statically (quantize_static), found MatMulInteger: arithmetic whose scales each input decides anew (dynamic quantisation)
node Relu_14 (Sin): expected another activation, or do that before or after the network, found Sin: a function without a table here
";
    let standard =
        "an operator that train/README.md names; train the network with such a one in its place";
    assert_refused(
        [
            |graph| put(graph, ("Relu", 1), "", "Bernoulli"),
            |graph| put(graph, ("Conv", 1), "com.x", "Conv"),
            |graph| put(graph, ("Conv", 1), "com.microsoft", "FusedConv"),
            |graph| put(graph, ("Conv", 0), "com.microsoft.nchwc", "Conv"),
            |graph| put(graph, ("Gemm", 0), "", "MatMulInteger"),
            |graph| {
                let node = node(graph, "Relu", 1);
                (node.op_type, node.name) = ("Sin".into(), String::new());
            },
        ],
        &expected.replace("STANDARD", standard),
    );
}

#[test]
fn unsupported_attributes_are_named_with_the_supported_value() {
    assert_refused(
        [
            |graph| set(graph, "Conv", integer("group", 3)),
            |graph| set(graph, "Conv", auto_pad()),
            |graph| set(graph, "Conv", integer("rounding", 1)),
            |graph| set(graph, "Conv", integers("strides", &[0, 1])),
            |graph| set(graph, "Conv", integers("strides", &[1, 65_536])),
            |graph| set(graph, "Conv", integers("strides", &[1])),
            |graph| set(graph, "Conv", integers("pads", &[5, 2, 2, 2])),
            |graph| set(graph, "Conv", integers("pads", &[2, 2, 2, -1])),
            |graph| set(graph, "Conv", integers("kernel_shape", &[3, 3])),
            |graph| set(graph, "Gemm", integer("transA", 1)),
            |graph| set(graph, "Gemm", integer("transB", 2)),
            |graph| set(graph, "Gemm", integers("strides", &[1, 1])),
            |graph| set(graph, "Relu", integers("pads", &[0, 0, 0, 0])),
            |graph| set(graph, "Conv", integer("transB", 1)),
            |graph| set(graph, "MaxPool", integers("kernel_shape", &[])),
            |graph| set(graph, "MaxPool", integers("pads", &[2, 0, 0, 0])),
            |graph| set(graph, "MaxPool", integer("storage_order", 1)),
            |graph| set(graph, "MaxPool", integers("dilations", &[1, 2])),
            |graph| set(graph, "Conv", integers("dilations", &[1, 65_536])),
            |graph| set(graph, "Flatten", integer("axis", 5)),
        ],
        "
node Conv_0 (Conv): expected a group that divides 1 channels and 16 filters, found group 3
node Conv_0 (Conv): expected auto_pad NOTSET or SAME_UPPER or SAME_LOWER or VALID, found auto_pad SAME
node Conv_0 (Conv): expected no attribute of this name, found rounding 1
node Conv_0 (Conv): expected kernel_shape and strides of 1 to 65535, pads smaller than the kernel, found kernel_shape [5, 5], strides [0, 1], pads [2, 2, 2, 2]
node Conv_0 (Conv): expected kernel_shape and strides of 1 to 65535, pads smaller than the kernel, found kernel_shape [5, 5], strides [1, 65536], pads [2, 2, 2, 2]
node Conv_0 (Conv): expected 2 integers strides, found [1]
node Conv_0 (Conv): expected kernel_shape and strides of 1 to 65535, pads smaller than the kernel, found kernel_shape [5, 5], strides [1, 1], pads [5, 2, 2, 2]
node Conv_0 (Conv): expected kernel_shape and strides of 1 to 65535, pads smaller than the kernel, found kernel_shape [5, 5], strides [1, 1], pads [2, 2, 2, -1]
node Conv_0 (Conv): expected filters of 1 x 3 x 3, found 1 x 5 x 5
node Gemm_7 (Gemm): expected transA 0, found transA 1
node Gemm_7 (Gemm): expected transB 0 or 1, found transB 2
node Gemm_7 (Gemm): expected no attribute of this name, found strides [1, 1]
node Relu_2 (Relu): expected no attribute of this name, found pads [0, 0, 0, 0]
node Conv_0 (Conv): expected no attribute of this name, found transB 1
node MaxPool_1 (MaxPool): expected 2 integers kernel_shape, found []
node MaxPool_1 (MaxPool): expected kernel_shape and strides of 1 to 65535, pads smaller than the kernel, found kernel_shape [2, 2], strides [2, 2], pads [2, 0, 0, 0]
node MaxPool_1 (MaxPool): expected storage_order 0, found storage_order 1
node MaxPool_1 (MaxPool): expected dilations of 1, found dilations [1, 2]
node Conv_0 (Conv): expected kernel_shape and strides of 1 to 65535, pads smaller than the kernel, found kernel_shape [5, 5], strides [1, 1], pads [2, 2, 2, 2], dilations [1, 65536]
node Flatten_6 (Flatten): expected axes below 5, found axis 5
",
    );
}

/// Sets the fourth element of a weight or bias (input 1 or 2) of an operator's second node.
fn set_element(graph: &mut onnx::Graph, operator: &str, input: usize, value: f32) {
    tensor(graph, operator, 1, input).raw_data[12..16].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn weights_that_are_no_numbers_or_all_zero_are_refused() {
    assert_refused(
        [
            |graph| set_element(graph, "Conv", 1, f32::NAN),
            |graph| set_element(graph, "Conv", 2, f32::INFINITY),
            |graph| set_element(graph, "Gemm", 1, f32::NEG_INFINITY),
            |graph| set_element(graph, "Gemm", 2, f32::NAN),
            |graph| tensor(graph, "Conv", 1, 1).raw_data.fill(0),
        ],
        "
node Conv_3 (Conv): expected finite weights and biases, found NaN at index 3 of `constant_3`
node Conv_3 (Conv): expected finite weights and biases, found inf at index 3 of `constant_4`
node Gemm_9 (Gemm): expected finite weights and biases, found -inf at index 3 of `constant_7`
node Gemm_9 (Gemm): expected finite weights and biases, found NaN at index 3 of `constant_8`
node Conv_3 (Conv): expected a weight other than 0, its scale would be 0, found zeros only
",
    );
}

#[test]
fn biases_that_are_one_number_or_a_row_are_finite() {
    for sizes in [&[][..], &[1], &[1, 128]] {
        let message = changed(|graph| {
            let bias = tensor(graph, "Gemm", 0, 2);
            let count = sizes.iter().product::<i64>() as usize;
            bias.dims = sizes.to_vec();
            bias.raw_data = f32::NAN.to_le_bytes().repeat(count);
        });
        let message = message.unwrap_err().to_string();
        assert!(message.contains("finite weights and biases"), "{message}");
    }
}

#[test]
fn tensors_that_are_not_what_a_node_needs_are_refused() {
    assert_refused(
        [
            |graph| tensor(graph, "Conv", 0, 1).data_type = 7,
            |graph| tensor(graph, "Conv", 0, 1).data_type = 10,
            |graph| tensor(graph, "Conv", 0, 1).dims = vec![16, 25],
            |graph| tensor(graph, "Conv", 0, 1).dims[0] = -16,
            |graph| tensor(graph, "Conv", 0, 1).dims = vec![i64::MAX; 4],
            |graph| tensor(graph, "Conv", 0, 1).dims[0] = 0,
            |graph| tensor(graph, "Conv", 0, 1).raw_data.truncate(1597),
            |graph| tensor(graph, "Conv", 0, 1).raw_data.clear(),
            |graph| tensor(graph, "Conv", 0, 1).dims = vec![16, 5, 5, 1],
            |graph| tensor(graph, "Conv", 0, 1).name = "else".into(),
            |graph| {
                let bias = tensor(graph, "Gemm", 0, 2);
                (bias.raw_data, bias.dims) = (vec![0; 8], vec![2]);
            },
            |graph| {
                let weight = tensor(graph, "Gemm", 0, 1);
                (weight.raw_data, weight.dims) = (vec![1; 128 * 4], vec![128, 1]);
            },
        ],
        "
node Conv_0 (Conv): expected F32 of 4 axes with its elements in the file, found `constant_1` I64[16, 1, 5, 5] with 1600 bytes
node Conv_0 (Conv): expected F32 of 4 axes with its elements in the file, found `constant_1` float16[16, 1, 5, 5] with 1600 bytes
node Conv_0 (Conv): expected F32 of 4 axes with its elements in the file, found `constant_1` F32[16, 25] with 1600 bytes
node Conv_0 (Conv): expected F32 of 4 axes with its elements in the file, found `constant_1` F32[-16, 1, 5, 5] with 1600 bytes
node Conv_0 (Conv): expected F32 of 4 axes with its elements in the file, found `constant_1` F32[9223372036854775807, 9223372036854775807, 9223372036854775807, 9223372036854775807] with 1600 bytes
node Conv_0 (Conv): expected F32 of 4 axes with its elements in the file, found `constant_1` F32[0, 1, 5, 5] with 1600 bytes
node Conv_0 (Conv): expected F32 of 4 axes with its elements in the file, found `constant_1` F32[16, 1, 5, 5] with 1597 bytes
node Conv_0 (Conv): expected F32 of 4 axes with its elements in the file, found `constant_1` F32[16, 1, 5, 5] with 0 bytes
node Conv_0 (Conv): expected filters of 1 x 5 x 5, found 5 x 5 x 1
node Conv_0 (Conv): expected a constant in the file as input 1, found `constant_1`
node Gemm_7 (Gemm): expected 128 biases, found 2
node Gemm_7 (Gemm): expected units of 1568 inputs, found 1
",
    );
}

#[test]
fn values_that_do_not_fit_are_refused() {
    assert_refused(
        [
            |graph| node(graph, "Relu", 0).input[0] = "nothing".into(),
            |graph| node(graph, "Relu", 0).input[0] = "constant_1".into(),
            |graph| node(graph, "Relu", 0).output.clear(),
            |graph| {
                graph.node.remove(6);
                let value = node(graph, "Relu", 1).output[0].clone();
                node(graph, "Gemm", 0).input[0] = value;
            },
            |graph| put(graph, ("Relu", 2), "", "GlobalMaxPool"),
            |graph| put(graph, ("Relu", 0), "", "Softmax"),
            |graph| {
                add_softmax(graph, "Softmax", None);
                graph.node.last_mut().unwrap().output[0] = "sure".into();
                graph.node.push(onnx::Node {
                    input: vec!["sure".into()],
                    output: vec!["logits".into()],
                    op_type: "Relu".into(),
                    ..Default::default()
                });
            },
            |graph| graph.node.truncate(9),
            |graph| graph.node.clear(),
            |graph| graph.output[0].name = "images".into(),
            |graph| graph.output.push(graph.output[0].clone()),
        ],
        "
node Relu_2 (Relu): expected a value that is computed before it as input 0, found `nothing`
node Relu_2 (Relu): expected a value that depends on the model's input as input 0, found the constant `constant_1`
node Conv_3 (Conv): expected a value that is computed before it as input 0, found `Relu_11`
node Gemm_7 (Gemm): expected an input of two axes, by Flatten (of a sequence use convolutions: attention and what goes step by step have no form in 8 bits here), found one of 4: [1, 32, 7, 7]
node Relu_8 (GlobalMaxPool): expected an input [1, channels, rows, columns] or [1, channels, length], found [1, 128 channels]
node Relu_2 (Softmax): expected an input of two axes, and the axis of the classes, found axis -1 of [1, 16, 14, 14]
node probabilities (Softmax): expected it at the end only, to leave it out, found logits (Relu) after it
expected an output that layers compute, found `logits`, which no node computes
expected an output that layers compute, found `logits`, which no node computes
expected an output that layers compute, found `images`, which is the input in another form
expected one output, or --output-name with the one that is wanted, found `logits`, `logits`
",
    );
}

#[test]
fn other_inputs_are_refused() {
    let unknown = "expected sizes of the input that are known (but for the batch); export the model for inputs of one size, or fix \
                   it with onnxruntime.tools.make_dynamic_shape_fixed --input_shape";
    assert_refused(
        [
            |graph| input_sizes(graph)[3].dim_value = Some(0),
            |graph| input_sizes(graph)[2].dim_value = None,
            |graph| input_sizes(graph)[2].dim_value = Some(1 << 40),
            |graph| {
                let value_type = graph.input[0].value_type.as_mut().unwrap();
                value_type.tensor_type.as_mut().unwrap().elem_type = 11;
            },
            |graph| graph.input[0].value_type = None,
            |graph| graph.input.clear(),
            |graph| input_sizes(graph)[1].dim_value = Some(3),
            |graph| input_sizes(graph)[3].dim_value = Some(27),
        ],
        &"
UNKNOWN, found `images` F32[1, 1, 28, ?]
UNKNOWN, found `images` F32[1, 1, ?, 28]
expected one input F32[batch, ...] of two to four axes, found `images` F32[1, 1, 1099511627776, 28]
expected one input F32[batch, ...] of two to four axes, found `images` F64[1, 1, 28, 28]
expected one input F32[batch, ...] of two to four axes, found `images` of unknown type[]
expected one input F32[batch, ...] of two to four axes, found 0 inputs
node Conv_0 (Conv): expected filters of 3 x 5 x 5, found 1 x 5 x 5
node Gemm_7 (Gemm): expected units of 1344 inputs, found 1568
"
        .replace("UNKNOWN", unknown),
    );
}

#[test]
fn bytes_that_are_no_model_are_refused() {
    let (_, onnx) = exported();
    for bytes in [&b"Some notes.\n"[..], &[0; 100], &onnx[..onnx.len() / 2]] {
        let message = import(bytes).unwrap_err().to_string();
        assert!(message.starts_with("expected an ONNX model"), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_layout_that_is_not_the_models_is_refused_with_the_one_that_is() {
    for (sizes, permutation, told) in [
        ([1, 2, 6, 5], None, Layout::ChannelsLast),
        ([1, 6, 5, 2], Some([0, 3, 1, 2]), Layout::ChannelsFirst),
    ] {
        let mut written = Written::new(&sizes);
        if let Some(permutation) = permutation {
            written.then("Transpose", &[], &[ints("perm", &permutation)]);
        }
        let model = written.conv(&[]).model();
        let layout = |layout| {
            let options = Options {
                layout: Some(layout),
                ..Options::default()
            };
            import_with(&model, &options).map_err(|error| error.to_string())
        };
        let message = layout(told).unwrap_err();
        let [meant, taken, other] = match told {
            Layout::ChannelsFirst => ["first (--layout nchw)", "last", "ChannelsLast"],
            Layout::ChannelsLast => ["last (--layout nhwc)", "first", "ChannelsFirst"],
        };
        assert_eq!(
            message,
            format!(
                "expected an input whose channels come {meant}, found layers that take them {taken}; leave out --layout"
            )
        );
        let network = layout(match told {
            Layout::ChannelsFirst => Layout::ChannelsLast,
            Layout::ChannelsLast => Layout::ChannelsFirst,
        });
        assert_eq!(format!("{:?}", network.unwrap().input.layout), other);
    }
}

#[test]
fn only_whole_channels_without_padding_are_picked() {
    for (axis, is_padded, part) in [
        (
            2,
            false,
            "1 places of axis 2 of [1, 2 channels, 6 rows, 5 columns]",
        ),
        (1, true, "pads [1, 1, 1, 1] before it"),
    ] {
        let mut written = image();
        if is_padded {
            let pads = written.integers(&[0, 0, 1, 1, 0, 0, 1, 1]);
            written.then("Pad", &[pads], &[]);
        }
        let slice = [1, 2, axis].map(|number| written.integers(&[number]));
        written.then("Slice", &slice, &[]);
        let message = written.network().unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}
