use ndarray::ArrayD;
use onnx::AttributeEntry;

use super::*;
use crate::init;
use crate::models;
use crate::net::Network;
use crate::tensor::Tensor;

/// The trainer's own network with the parameters that its training starts from, as exported.
fn exported() -> (Vec<Tensor>, Vec<u8>) {
    let network = Network::digits();
    let parameters = init::parameters(&network, 4).into_iter().map(|(_, tensor)| tensor);
    // Biases start at 0, which would hide them if they were lost.
    let parameters: Vec<Tensor> = parameters
        .map(|tensor| match tensor {
            Tensor::F32(array) if array.ndim() == 1 => {
                Tensor::F32(ArrayD::from_shape_fn(array.raw_dim(), |index| index[0] as f32 - 3.0))
            }
            other => other,
        })
        .collect();
    let metadata = [("labels".to_owned(), "a,b".to_owned())];
    let onnx = models::inference(&network, parameters.clone(), &metadata).unwrap();
    (parameters, onnx)
}

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

/// The node of an operator, by its number among those.
fn node<'a>(graph: &'a mut onnx::Graph, operator: &str, number: usize) -> &'a mut onnx::Node {
    graph.node.iter_mut().filter(|node| node.op_type == operator).nth(number).unwrap()
}

fn with_attribute(operator: &str, attribute: AttributeEntry) -> impl FnOnce(&mut onnx::Graph) {
    move |graph| {
        let attributes = &mut node(graph, operator, 0).attribute;
        attributes.retain(|other| other.name != attribute.name);
        attributes.push(attribute);
    }
}

fn integers(name: &str, ints: &[i64]) -> AttributeEntry {
    AttributeEntry { name: name.into(), ints: ints.into(), kind: 7, ..Default::default() }
}

fn integer(name: &str, i: i64) -> AttributeEntry {
    AttributeEntry { name: name.into(), i: Some(i), kind: 2, ..Default::default() }
}

/// The weight or bias (input 1 or 2) of a node.
fn tensor<'a>(
    graph: &'a mut onnx::Graph,
    operator: &str,
    number: usize,
    input: usize,
) -> &'a mut onnx::Tensor {
    let name = node(graph, operator, number).input[input].clone();
    graph.initializer.iter_mut().find(|tensor| tensor.name == name).unwrap()
}

#[test]
fn the_exported_network_is_four_layers_with_its_parameters() {
    let (parameters, onnx) = exported();
    let network = lower(&onnx).unwrap();
    assert_eq!((network.input, network.classes()), ([1, 28, 28], 10));
    assert_eq!(network.metadata("labels"), Some("a,b"));
    let rows: Vec<_> = network
        .layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.kind, layer.relu, layer.output, layer.multiply_adds()))
        .collect();
    let (convolution, dense) = (Kind::Convolution, Kind::Dense);
    assert_eq!(
        rows,
        [
            ("conv1", convolution, true, [16, 14, 14], 313_600),
            ("conv2", convolution, true, [32, 7, 7], 2_508_800),
            ("dense1", dense, true, [128, 1, 1], 200_704),
            ("dense2", dense, false, [10, 1, 1], 1280),
        ]
    );
    for (layer, pair) in network.layers.iter().zip(parameters.chunks(2)) {
        assert_eq!(layer.weight.iter().copied().collect::<Vec<_>>(), floats(&pair[0]));
        assert_eq!(layer.bias.to_vec(), floats(&pair[1]));
    }
    assert_eq!(network.layers[1].convolved, [32, 14, 14]);
    assert_eq!(network.layers[1].pool, Some(Window::tiles([2, 2])));
    assert_eq!(network.layers[2].weight.dim(), (128, 32, 7, 7));
    assert_eq!(network.layers[2].window.kernel, [7, 7]);
    assert_eq!(network.layers[3].node, "Gemm_9 (Gemm)");
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.as_f32().unwrap().iter().copied().collect()
}

#[test]
fn other_ways_to_write_the_same_network_are_read_alike() {
    let (_, onnx) = exported();
    let expected = lower(&onnx).unwrap();
    let mut model = onnx::Model::decode(&onnx[..]).unwrap();
    let graph = model.graph.as_mut().unwrap();
    // The last weight transposed.
    node(graph, "Gemm", 1).attribute.clear();
    let weight = tensor(graph, "Gemm", 1, 1);
    let (chunks, _) = weight.raw_data.as_chunks::<4>();
    let transposed = (0..1280).flat_map(|index| chunks[index % 10 * 128 + index / 10]);
    (weight.raw_data, weight.dims) = (transposed.collect(), vec![128, 10]);
    // Attributes that say what their absence means.
    node(graph, "Conv", 0).attribute.retain(|attribute| attribute.name == "pads");
    node(graph, "Conv", 1).attribute.push(integer("group", 1));
    let alpha = AttributeEntry { name: "alpha".into(), f: Some(1.0), kind: 1, ..Default::default() };
    node(graph, "Gemm", 0).attribute.push(alpha);
    // Pooling before ReLU instead of after it.
    graph.node.swap(1, 2);
    let (first, second) = (graph.node[0].output[0].clone(), graph.node[2].output[0].clone());
    (graph.node[1].input[0], graph.node[2].input[0]) = (first, graph.node[1].output[0].clone());
    graph.node[3].input[0] = second;
    assert_eq!(lower(&model.encode_to_vec()).unwrap(), expected);
}

#[test]
fn a_missing_bias_is_zero() {
    let mut model = onnx::Model::decode(&exported().1[..]).unwrap();
    node(model.graph.as_mut().unwrap(), "Conv", 0).input.pop();
    let network = lower(&model.encode_to_vec()).unwrap();
    assert_eq!(network.layers[0].bias, Array1::<f32>::zeros(16));
}

#[test]
fn unsupported_operators_are_named_with_the_supported_ones() {
    let change = |graph: &mut onnx::Graph| node(graph, "Relu", 1).op_type = "Sigmoid".into();
    assert_refused(change, &["node Relu_4 (Sigmoid)", "Conv, Gemm, Relu, MaxPool, Flatten", "found Sigmoid"]);
    let change = |graph: &mut onnx::Graph| {
        node(graph, "Relu", 1).op_type = "Tanh".into();
        node(graph, "Tanh", 0).name.clear();
    };
    assert_refused(change, &["node Relu_13 (Tanh)"]);
}

#[test]
fn unsupported_attributes_are_named_with_the_supported_value() {
    let text = |name: &str, text: &str| AttributeEntry {
        name: name.into(),
        s: Some(text.into()),
        kind: 3,
        ..Default::default()
    };
    let half = AttributeEntry { name: "alpha".into(), f: Some(0.5), kind: 1, ..Default::default() };
    for (operator, attribute, expected, found) in [
        ("Conv", integer("group", 2), "expected group 1", "found group 2"),
        ("Conv", integers("dilations", &[1, 2]), "expected dilations [1, 1]", "[1, 2]"),
        ("Conv", text("auto_pad", "SAME_UPPER"), "expected auto_pad NOTSET", "SAME_UPPER"),
        ("Conv", integer("rounding", 1), "no attribute of this name", "rounding 1"),
        ("Conv", integers("strides", &[0, 1]), "strides of 1 to 255", "[0, 1]"),
        ("Conv", integers("strides", &[1, 256]), "strides of 1 to 255", "[1, 256]"),
        ("Conv", integers("strides", &[1]), "2 integers strides", "[1]"),
        ("Conv", integers("pads", &[5, 2, 2, 2]), "pads smaller than the kernel", "[5, 2, 2, 2]"),
        ("Conv", integers("pads", &[2, 2, 2, -1]), "pads smaller than the kernel", "-1"),
        ("Conv", integers("kernel_shape", &[3, 3]), "filters of 1 x 3 x 3", "1 x 5 x 5"),
        ("Gemm", half, "expected alpha 1", "found alpha 0.5"),
        ("Gemm", integer("transA", 1), "expected transA 0", "transA 1"),
        ("MaxPool", integer("ceil_mode", 1), "expected ceil_mode 0", "ceil_mode 1"),
        ("MaxPool", integers("strides", &[1, 1]), "tiles", "strides: [1, 1]"),
        ("MaxPool", integers("pads", &[1, 0, 0, 0]), "tiles", "pads: [1, 0, 0, 0]"),
        ("MaxPool", integers("kernel_shape", &[]), "2 integers kernel_shape", "[]"),
        ("Flatten", integer("axis", 2), "expected axis 1", "axis 2"),
    ] {
        let operator_part = format!("({operator}): ");
        assert_refused(with_attribute(operator, attribute), &[&operator_part, expected, found]);
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
        let change = |graph: &mut onnx::Graph| {
            tensor(graph, operator, 1, input).raw_data[12..16].copy_from_slice(&value.to_le_bytes());
        };
        let found = format!("found {value} at index 3 of `constant_");
        assert_refused(change, &[&format!("({operator}): expected finite"), &found]);
    }
    let change = |graph: &mut onnx::Graph| tensor(graph, "Conv", 1, 1).raw_data.fill(0);
    assert_refused(change, &["node Conv_3 (Conv)", "scale would be 0", "zeros only"]);
}

#[test]
fn tensors_that_are_not_what_a_node_needs_are_refused() {
    let weight = |change: fn(&mut onnx::Tensor)| {
        move |graph: &mut onnx::Graph| change(tensor(graph, "Conv", 0, 1))
    };
    let parts = &["node Conv_0 (Conv): expected F32 of 4 axes", "found `constant_1`"];
    assert_refused(weight(|tensor| tensor.data_type = 10), parts);
    assert_refused(weight(|tensor| tensor.dims = vec![16, 25]), parts);
    assert_refused(weight(|tensor| tensor.dims[0] = -16), parts);
    assert_refused(weight(|tensor| tensor.dims = vec![i64::MAX; 4]), parts);
    assert_refused(weight(|tensor| tensor.dims[0] = 0), parts);
    assert_refused(weight(|tensor| tensor.raw_data.truncate(1597)), parts);
    assert_refused(weight(|tensor| tensor.raw_data.clear()), parts);
    assert_refused(weight(|tensor| tensor.dims = vec![16, 5, 5, 1]), &["filters of 1 x 5 x 5", "5 x 5 x 1"]);
    assert_refused(weight(|tensor| tensor.name = "else".into()), &["Conv_0", "as input 1", "`constant_1`"]);
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
    assert_refused(change, &["node Relu_1 (Relu)", "the next one reading `Conv_9`", "`images`"]);
    let change = |graph: &mut onnx::Graph| node(graph, "Relu", 0).output.clear();
    assert_refused(change, &["node Relu_1 (Relu)", "one output"]);
    let change = |graph: &mut onnx::Graph| {
        let flatten = node(graph, "Flatten", 0);
        flatten.attribute.clear();
        flatten.op_type = "Relu".into();
    };
    assert_refused(change, &["node Flatten_6 (Relu)", "one Relu after each Conv or Gemm"]);
    let change = |graph: &mut onnx::Graph| {
        graph.node.remove(6);
        let value = node(graph, "MaxPool", 1).output[0].clone();
        node(graph, "Gemm", 0).input[0] = value;
    };
    assert_refused(change, &["node Gemm_7 (Gemm)", "by Flatten"]);
    let change = |graph: &mut onnx::Graph| node(graph, "Relu", 2).op_type = "MaxPool".into();
    assert_refused(change, &["node Relu_8 (MaxPool)", "kernel_shape"]);
    assert_refused(|graph| graph.node.truncate(9), &["output `logits`", "ends in `Relu_17`"]);
    assert_refused(|graph| graph.node.clear(), &["output `logits`", "ends in `images`"]);
    assert_refused(|graph| graph.output[0].name = "scores".into(), &["output `logits`", "`scores`"]);
}

#[test]
fn other_inputs_are_refused() {
    let dim = |graph: &mut onnx::Graph, axis: usize, size: i64| {
        let value = graph.input[0].value_type.as_mut().unwrap().tensor_type.as_mut().unwrap();
        value.shape.as_mut().unwrap().dim[axis].dim_value = Some(size);
    };
    let parts = &["one input `images` F32[1, channels, rows, columns]"];
    assert_refused(|graph| dim(graph, 0, 2), parts);
    assert_refused(|graph| dim(graph, 3, 0), parts);
    assert_refused(|graph| dim(graph, 2, 1 << 40), parts);
    assert_refused(|graph| graph.input[0].name = "pixels".into(), parts);
    assert_refused(|graph| graph.input[0].value_type = None, parts);
    assert_refused(|graph| graph.input.clear(), &["found 0 inputs"]);
    assert_refused(|graph| dim(graph, 1, 3), &["node Conv_0 (Conv): expected filters of 3 x 5 x 5"]);
    assert_refused(|graph| dim(graph, 3, 27), &["Gemm_7 (Gemm): expected units of 1344 inputs"]);
}

#[test]
fn bytes_that_are_no_model_are_refused() {
    let (_, onnx) = exported();
    for bytes in [&b""[..], b"Some notes.\n", &[0; 100], &onnx[..onnx.len() / 2]] {
        let message = lower(bytes).unwrap_err().to_string();
        assert!(message.contains("expected an ONNX model") && !message.contains('\n'), "{message}");
    }
}
