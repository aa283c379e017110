use ndarray::Array4;

use super::*;
use crate::architecture::Description;
use crate::layers::AveragePool;
use crate::network::{Input, Layout, Shape};

fn conv(filters: usize, channels: usize) -> Layer {
    Layer::Conv(Conv {
        weight: Array4::ones((filters, channels, 3, 3)),
        bias: Array1::ones(filters),
        window: Window {
            pads: [0, 1, 2, 1],
            ..Window::tiles([3; 2])
        },
        groups: 1,
        pool: Some(Window::tiles([1, 2])),
    })
}

fn dense(units: usize, [channels, rows, columns]: Shape) -> Layer {
    Layer::Dense(Dense {
        weight: Array4::ones((units, channels, rows, columns)),
        bias: Array1::ones(units),
    })
}

/// Layers one after another over pictures of 6 x 6 in two channels, with the shapes that they make.
fn model(layers: Vec<(Layer, Clip, Shape)>) -> Network {
    let node = |(index, (layer, clip, shape)): (usize, (Layer, Clip, Shape))| Node {
        name: format!("{}{index}", layer.form().kind()),
        origin: format!("node{index} (Any)"),
        layer,
        clip,
        inputs: vec![index],
        shape,
        given: None,
    };
    Network {
        input: Input::new([2, 6, 6], Layout::ChannelsFirst),
        nodes: layers.into_iter().enumerate().map(node).collect(),
        dropped: None,
        metadata: Vec::new(),
    }
}

fn described(layers: Vec<(Layer, Clip, Shape)>) -> Result<String, String> {
    let pixels = Normalization::up_to(1.0, 2);
    let described = describe("m", &model(layers), &pixels);
    let (text, parameters) = described.map_err(|error| error.to_string())?;
    let network = Description::parse("m", &text).unwrap();
    let network = network.network([2, 6, 6], network.numbers()).unwrap();
    let shapes = network.parameters().into_iter();
    let shapes: Vec<_> = shapes.map(|one| (one.name, one.shape)).collect();
    let found = parameters.iter();
    let found = found.map(|(name, tensor)| (name.clone(), tensor.tensor_type().shape));
    assert_eq!(found.collect::<Vec<_>>(), shapes);
    Ok(text)
}

#[test]
fn a_model_is_described_layer_by_layer() {
    let (low, high) = (-1.0, 0.5);
    let mean = AveragePool {
        window: Window::tiles([2, 1]),
    };
    let text = described(vec![
        (conv(4, 2), Clip::RELU, [4, 2, 1]),
        (Layer::AveragePool(mean), Clip { low, high }, [4, 1, 1]),
        (dense(3, [4, 1, 1]), Clip::NONE, [3, 1, 1]),
    ]);
    let expected = r#"name = "m"
input = [2, 6, 6]
classes = 3
layers = [
    { name = "conv0", layer = "conv", from = ["input"], kernel = [3, 3], stride = [3, 3], padding = [0, 1, 2, 1], activation = "relu", filters = 4 },
    { name = "conv0_pool", layer = "max_pool", from = ["conv0"], size = [1, 2], stride = [1, 2], padding = [0, 0, 0, 0] },
    { name = "average_pool1", layer = "global_pool", from = ["conv0_pool"], activation = { clip = [-1.0, 0.5] } },
    { name = "dense2", layer = "dense", from = ["average_pool1"], units = "classes" },
]
"#;
    assert_eq!(text.unwrap(), expected);
}

#[test]
fn what_has_no_form_in_training_is_refused_by_the_node() {
    let function = Function::Tanh;
    let grouped = match conv(4, 1) {
        Layer::Conv(conv) => Layer::Conv(Conv { groups: 2, ..conv }),
        other => other,
    };
    let shape = [4, 2, 1];
    for (layers, expected) in [
        (
            vec![(conv(4, 2), Clip::NONE, shape)],
            "node node0 (Any): expected an output for each class, found outputs of 2 x 1 places",
        ),
        (
            vec![(grouped, Clip::NONE, shape)],
            "found 4 filters in 2 groups; other groups have no gradient here",
        ),
        (
            vec![
                (dense(4, [2, 6, 6]), Clip::NONE, [4, 1, 1]),
                (conv(4, 4), Clip::NONE, [4, 1, 1]),
            ],
            "node node1 (Any): expected a picture, found features, which `dense0` makes",
        ),
        (
            vec![
                (
                    Layer::Activation(Activation { function }),
                    Clip::NONE,
                    [2, 6, 6],
                ),
                (dense(4, [2, 6, 6]), Clip::NONE, [4, 1, 1]),
            ],
            "node node0 (Any): expected ReLU, leaky ReLU or a clip, found a function `tanh0`",
        ),
    ] {
        let refused = described(layers).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    }
}
