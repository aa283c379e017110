mod constants;
mod files;
mod functions;
mod fused;
mod layers;
mod quantized;
mod refusals;
mod rewrites;
mod written;

use crate::onnx::{self, AttributeEntry};
use ndarray::ArrayD;

use super::*;
use crate::init;
use crate::layers::{Conv, Dense, Layer};
use crate::models;
use crate::network::Clip;
use crate::ops::Window;
use crate::tensor::Tensor;

/// The trainer's own network with the parameters that its training starts from, as exported.
fn exported() -> (Vec<Tensor>, Vec<u8>) {
    let network = crate::architecture::Network::digits();
    let parameters = init::parameters(&network, 4)
        .into_iter()
        .map(|(_, tensor)| tensor);
    // Biases start at 0, which would hide them if they were lost.
    let parameters: Vec<Tensor> = parameters
        .map(|tensor| match tensor {
            Tensor::F32(array) if array.ndim() == 1 => {
                Tensor::F32(ArrayD::from_shape_fn(array.raw_dim(), |index| {
                    index[0] as f32 - 3.0
                }))
            }
            other => other,
        })
        .collect();
    let metadata = [("labels".to_owned(), "a,b".to_owned())];
    let onnx = models::inference(&network, parameters.clone(), &metadata).unwrap();
    (parameters, onnx)
}

/// The node of an operator, by its number among those.
fn node<'a>(graph: &'a mut onnx::Graph, operator: &str, number: usize) -> &'a mut onnx::Node {
    graph
        .node
        .iter_mut()
        .filter(|node| node.op_type == operator)
        .nth(number)
        .unwrap()
}

fn integer(name: &str, i: i64) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        i: Some(i),
        kind: 2,
        ..Default::default()
    }
}

fn float(name: &str, f: f32) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        f: Some(f),
        kind: 1,
        ..Default::default()
    }
}

/// The weight or bias (input 1 or 2) of a node.
fn tensor<'a>(
    graph: &'a mut onnx::Graph,
    operator: &str,
    number: usize,
    input: usize,
) -> &'a mut onnx::Tensor {
    let name = node(graph, operator, number).input[input].clone();
    graph
        .initializer
        .iter_mut()
        .find(|tensor| tensor.name == name)
        .unwrap()
}

/// Weight, bias, window and tiles of a layer.
fn parameters(layer: &Layer) -> (Vec<f32>, Vec<f32>, Window, Option<Window>) {
    let (weight, bias, window, pool) = match layer {
        Layer::Conv(Conv {
            weight,
            bias,
            window,
            pool,
            ..
        }) => (weight, bias, *window, *pool),
        Layer::Dense(dense) => (&dense.weight, &dense.bias, dense.window(), None),
        other => panic!("{other:?} has none"),
    };
    (
        weight.iter().copied().collect(),
        bias.to_vec(),
        window,
        pool,
    )
}

#[test]
fn the_exported_network_is_four_layers_with_its_parameters() {
    let (expected, onnx) = exported();
    let network = import(&onnx).unwrap();
    assert_eq!(
        (network.input.shape, network.output()),
        ([1, 28, 28], [10, 1, 1])
    );
    assert_eq!(network.metadata("labels"), Some("a,b"));
    let rows: Vec<_> = network
        .nodes
        .iter()
        .map(|node| (node.name.as_str(), node.clip, node.inputs[0], node.shape))
        .collect();
    assert_eq!(
        rows,
        [
            ("conv1", Clip::RELU, 0, [16, 14, 14]),
            ("conv2", Clip::RELU, 1, [32, 7, 7]),
            ("dense1", Clip::RELU, 2, [128, 1, 1]),
            ("dense2", Clip::NONE, 3, [10, 1, 1]),
        ]
    );
    for (node, pair) in network.nodes.iter().zip(expected.chunks(2)) {
        let (weight, bias, ..) = parameters(&node.layer);
        assert_eq!((weight, bias), (floats(&pair[0]), floats(&pair[1])));
    }
    let (.., pool) = parameters(&network.nodes[1].layer);
    assert_eq!(pool, Some(Window::tiles([2, 2])));
    let (.., window, _) = parameters(&network.nodes[2].layer);
    assert_eq!(window.kernel, [7, 7]);
    assert_eq!(network.nodes[3].origin, "Gemm_9 (Gemm)");
    assert_eq!(network.multiply_adds(), 3_024_384);
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.as_f32().unwrap().iter().copied().collect()
}

#[test]
fn other_ways_to_write_the_same_network_are_read_alike() {
    let (_, onnx) = exported();
    let expected = import(&onnx).unwrap();
    let mut model = onnx::Model::decode(&onnx[..]).unwrap();
    let graph = model.graph.as_mut().unwrap();
    // The last weight transposed.
    node(graph, "Gemm", 1).attribute.clear();
    let weight = tensor(graph, "Gemm", 1, 1);
    let (chunks, _) = weight.raw_data.as_chunks::<4>();
    let transposed = (0..1280).flat_map(|index| chunks[index % 10 * 128 + index / 10]);
    (weight.raw_data, weight.dims) = (transposed.collect(), vec![128, 10]);
    // Attributes that say what their absence means.
    node(graph, "Conv", 0)
        .attribute
        .retain(|attribute| attribute.name == "pads");
    node(graph, "Conv", 1).attribute.push(integer("group", 1));
    node(graph, "Gemm", 0).attribute.push(float("alpha", 1.0));
    // Pooling before ReLU instead of after it.
    graph.node.swap(1, 2);
    let (first, second) = (
        graph.node[0].output[0].clone(),
        graph.node[2].output[0].clone(),
    );
    (graph.node[1].input[0], graph.node[2].input[0]) = (first, graph.node[1].output[0].clone());
    graph.node[3].input[0] = second;
    let found = import(&model.encode_to_vec()).unwrap();
    let layers = |network: &Network| -> Vec<Layer> {
        network
            .nodes
            .iter()
            .map(|node| node.layer.clone())
            .collect()
    };
    assert_eq!(layers(&found), layers(&expected));
}

/// The exported network after a change to its file.
fn changed(change: impl FnOnce(&mut onnx::Graph)) -> Result<Network, ImportError> {
    let mut model = onnx::Model::decode(&exported().1[..]).unwrap();
    change(model.graph.as_mut().unwrap());
    import(&model.encode_to_vec())
}

/// The sizes of the graph's input.
fn input_sizes(graph: &mut onnx::Graph) -> &mut Vec<onnx::Dimension> {
    let value_type = graph.input[0].value_type.as_mut().unwrap();
    let tensor_type = value_type.tensor_type.as_mut().unwrap();
    &mut tensor_type.shape.as_mut().unwrap().dim
}

#[test]
fn a_missing_bias_is_zero() {
    let network = changed(|graph| drop(node(graph, "Conv", 0).input.pop())).unwrap();
    let (_, bias, ..) = parameters(&network.nodes[0].layer);
    assert_eq!(bias, [0.0; 16]);
}

#[test]
fn what_other_writers_do_changes_nothing() {
    let expected = import(&exported().1).unwrap();
    let floats_as_floats = |graph: &mut onnx::Graph| {
        for tensor in &mut graph.initializer {
            let (chunks, _) = tensor.raw_data.as_chunks::<4>();
            tensor.float_data = chunks
                .iter()
                .map(|&chunk| f32::from_le_bytes(chunk))
                .collect();
            tensor.raw_data.clear();
        }
    };
    let other_names = |graph: &mut onnx::Graph| {
        graph.input[0].name = "pixels".into();
        graph.node[0].input[0] = "pixels".into();
        graph.output[0].name = "scores".into();
        graph.node.last_mut().unwrap().output[0] = "scores".into();
    };
    assert_eq!(changed(floats_as_floats).unwrap(), expected);
    assert_eq!(changed(other_names).unwrap(), expected);
}

/// Adds a Softmax that computes the output from the logits.
fn add_softmax(graph: &mut onnx::Graph, operator: &str, axis: Option<i64>) {
    let last = graph.node.len() - 1;
    graph.node[last].output[0] = "before".into();
    graph.node.push(onnx::Node {
        input: vec!["before".into()],
        output: vec!["logits".into()],
        name: "probabilities".into(),
        op_type: operator.into(),
        attribute: axis.map(|axis| integer("axis", axis)).into_iter().collect(),
        domain: String::new(),
    });
}

#[test]
fn a_softmax_at_the_end_is_left_out_and_named() {
    let expected = import(&exported().1).unwrap();
    for (operator, axis) in [
        ("Softmax", None),
        ("Softmax", Some(-1)),
        ("LogSoftmax", Some(1)),
    ] {
        let network = changed(|graph| add_softmax(graph, operator, axis)).unwrap();
        assert_eq!(network.nodes, expected.nodes);
        assert_eq!(network.dropped, Some(format!("probabilities ({operator})")));
    }
}
