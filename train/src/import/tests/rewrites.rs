//! Other ways to write a network, each of which must be read as the plain one.

use super::*;
use crate::layers::Function;
use crate::network::{Input, Layout};

/// A graph that grows node by node; each node reads the one before and these constants.
struct Written {
    graph: onnx::Graph,
    value: String,
}

/// The sizes of a small image: channels, rows, columns.
const IMAGE: [usize; 3] = [2, 6, 5];

impl Written {
    fn new(input: &[usize]) -> Self {
        let input = onnx::ValueInfo::tensor("x", 1, input);
        let graph = onnx::Graph {
            input: vec![input],
            ..Default::default()
        };
        Self {
            graph,
            value: "x".into(),
        }
    }

    fn constant(&mut self, dims: &[usize], data_type: i32, raw_data: Vec<u8>) -> String {
        let name = format!("c{}", self.graph.initializer.len());
        self.graph.initializer.push(onnx::Tensor {
            dims: dims.iter().map(|&size| size as i64).collect(),
            data_type,
            name: name.clone(),
            raw_data,
            ..Default::default()
        });
        name
    }

    /// Numbers that differ, times a factor, plus an offset.
    fn floats(&mut self, dims: &[usize], factor: f32, offset: f32) -> String {
        let count = dims.iter().product::<usize>();
        let value = |index: usize| offset + factor * ((index * 7 % 11) as f32 - 5.0);
        let raw = (0..count)
            .flat_map(|index| value(index).to_le_bytes())
            .collect();
        self.constant(dims, 1, raw)
    }

    fn integers(&mut self, values: &[i64]) -> String {
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(&[values.len()], 7, raw)
    }

    fn node(&mut self, operator: &str, inputs: &[String], attributes: &[AttributeEntry]) {
        let output = format!("v{}", self.graph.node.len());
        self.graph.node.push(onnx::Node {
            input: inputs.to_vec(),
            output: vec![output.clone()],
            name: output.clone(),
            op_type: operator.into(),
            attribute: attributes.to_vec(),
            ..Default::default()
        });
        self.value = output;
    }

    /// A node that reads the value so far and constants.
    fn then(
        &mut self,
        operator: &str,
        constants: &[String],
        attributes: &[AttributeEntry],
    ) -> &mut Self {
        let inputs = [std::slice::from_ref(&self.value), constants].concat();
        self.node(operator, &inputs, attributes);
        self
    }

    fn conv(&mut self, attributes: &[AttributeEntry]) -> &mut Self {
        let (weight, bias) = (
            self.floats(&[3, 2, 3, 3], 0.1, 0.0),
            self.floats(&[3], 1.0, 0.0),
        );
        self.then("Conv", &[weight, bias], attributes)
    }

    fn network(&self) -> Result<Network, ImportError> {
        let mut graph = self.graph.clone();
        graph.output = vec![onnx::ValueInfo::tensor(&self.value, 1, &[])];
        import(&onnx::Model::new(graph, &[]).encode_to_vec())
    }

    /// The layers with what they read and are limited to.
    fn layers(&self) -> Vec<(Layer, Clip, Vec<usize>)> {
        let nodes = self.network().unwrap().nodes;
        let parts = nodes
            .into_iter()
            .map(|node| (node.layer, node.clip, node.inputs));
        parts.collect()
    }
}

fn image() -> Written {
    Written::new(&[1, IMAGE[0], IMAGE[1], IMAGE[2]])
}

fn ints(name: &str, values: &[i64]) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        ints: values.to_vec(),
        kind: 7,
        ..Default::default()
    }
}

fn text(name: &str, value: &str) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        s: Some(value.into()),
        kind: 3,
        ..Default::default()
    }
}

/// A convolution with `ReLU` over an image, as it is written plainly.
fn plain() -> Vec<(Layer, Clip, Vec<usize>)> {
    image().conv(&[]).then("Relu", &[], &[]).layers()
}

#[test]
fn nodes_that_change_nothing_are_left_out() {
    let mut written = image();
    written
        .then("Identity", &[], &[])
        .then("Cast", &[], &[integer("to", 1)]);
    written
        .conv(&[])
        .then("Dropout", &[], &[float("ratio", 0.5)]);
    written.then("Relu", &[], &[]).then("Identity", &[], &[]);
    assert_eq!(written.layers(), plain());
    let mut training = image();
    training.conv(&[]);
    let (ratio, mode) = (
        training.floats(&[], 0.0, 0.5),
        training.constant(&[], 9, vec![1]),
    );
    training.then("Dropout", &[ratio, mode], &[]);
    let message = training.network().unwrap_err().to_string();
    assert!(
        message.ends_with("model.eval(), found training_mode true"),
        "{message}"
    );
}

#[test]
fn transpositions_around_the_network_are_its_layout() {
    let [channels, rows, columns] = IMAGE;
    let mut written = Written::new(&[1, rows, columns, channels]);
    written.then("Transpose", &[], &[ints("perm", &[0, 3, 1, 2])]);
    written
        .conv(&[])
        .then("Transpose", &[], &[ints("perm", &[0, 2, 3, 1])]);
    written
        .then("Relu", &[], &[])
        .then("Transpose", &[], &[ints("perm", &[0, 3, 1, 2])]);
    let network = written.network().unwrap();
    let layout = Layout::ChannelsLast;
    assert_eq!(
        network.input,
        Input {
            shape: IMAGE,
            layout
        }
    );
    assert_eq!(written.layers(), plain());
    // An output in another order would be taken for one in this.
    written.then("Transpose", &[], &[ints("perm", &[0, 2, 3, 1])]);
    let message = written.network().unwrap_err().to_string();
    assert!(
        message.contains("in the order channels, rows, columns"),
        "{message}"
    );
}

#[test]
fn a_dense_layer_after_a_transposition_has_its_weights_in_order() {
    let dense = |permutation: Option<[i64; 4]>| {
        let mut written = image();
        written.conv(&[]);
        if let Some(permutation) = permutation {
            written.then("Transpose", &[], &[ints("perm", &permutation)]);
        }
        written.then("Flatten", &[], &[]);
        let weight = written.floats(&[36, 2], 0.1, 0.0);
        written.then("MatMul", &[weight], &[]);
        let Layer::Dense(Dense { weight, .. }) = written.layers().pop().unwrap().0 else {
            panic!("not dense")
        };
        weight
    };
    let (first, last) = (dense(None), dense(Some([0, 2, 3, 1])));
    // Row-major in the file: channels outermost, or innermost.
    for ((unit, channel, row, column), &weight) in first.indexed_iter() {
        let place = row * 3 + column;
        let value = |input: usize| 0.1 * ((((input * 2 + unit) * 7) % 11) as f32 - 5.0);
        assert_eq!(weight.to_bits(), value(channel * 12 + place).to_bits());
        assert_eq!(
            last[[unit, channel, row, column]],
            value(place * 3 + channel)
        );
    }
}

#[test]
fn sizes_that_are_computed_are_known() {
    // As PyTorch writes x.view(x.size(0), -1) for an open batch.
    let mut written = image();
    written.conv(&[]).then("Relu", &[], &[]);
    let value = written.value.clone();
    written.then("Shape", &[], &[]);
    let zero = written.constant(&[], 7, vec![0; 8]);
    written.then("Gather", &[zero], &[integer("axis", 0)]);
    let axes = written.integers(&[0]);
    written.then("Unsqueeze", &[axes], &[]);
    let rest = written.integers(&[-1]);
    written.then("Concat", &[rest], &[integer("axis", 0)]);
    let sizes = written.value.clone();
    written.node("Reshape", &[value, sizes], &[]);
    let weight = written.floats(&[2, 36], 0.1, 0.0);
    written.then("Gemm", &[weight], &[integer("transB", 1)]);
    let layers = written.layers();
    assert_eq!(layers[..1], plain());
    assert!(matches!(&layers[1].0, Layer::Dense(dense) if dense.weight.dim() == (2, 3, 4, 3)));
}

#[test]
fn a_batch_in_the_file_becomes_one() {
    let mut written = Written::new(&[7, 2, 6, 5]);
    written.conv(&[]).then("Relu", &[], &[]);
    let sizes = written.integers(&[7, 36]);
    written.then("Reshape", &[sizes], &[]);
    let weight = written.floats(&[36, 2], 0.1, 0.0);
    written.then("MatMul", &[weight], &[]);
    assert_eq!(written.layers()[..1], plain());
}

#[test]
fn normalisation_is_folded_where_it_can_be() {
    let [weight, bias] = [2.0, 0.5];
    let normalised = |relu: bool| {
        let mut written = image();
        written.conv(&[]);
        if relu {
            written.then("Relu", &[], &[]);
        }
        let mean = written.floats(&[3], 0.0, 0.25);
        let variance = written.floats(&[3], 0.0, 4.0 - 1e-5);
        let (scale, shift) = (
            written.floats(&[3], 0.0, weight),
            written.floats(&[3], 0.0, bias),
        );
        written.then("BatchNormalization", &[scale, shift, mean, variance], &[]);
        written.layers()
    };
    let (expected, _, _) = &plain()[0];
    let (weights, biases, ..) = parameters(expected);
    let folded = normalised(false);
    assert_eq!(folded.len(), 1);
    let (found, shifted, ..) = parameters(&folded[0].0);
    // (x - 0.25) / 2 * 2 + 0.5.
    for (found, expected) in found.iter().zip(&weights) {
        assert!((found - expected).abs() < 1e-6);
    }
    for (found, expected) in shifted.iter().zip(&biases) {
        assert!((found - (expected + 0.25)).abs() < 1e-6);
    }
    let apart = normalised(true);
    assert_eq!(apart[..1], plain());
    let (factors, shifts, ..) = parameters(&apart[1].0);
    assert_eq!((factors.len(), shifts.len()), (3, 3));
    assert!((factors[0] - 1.0).abs() < 1e-6 && (shifts[2] - 0.25).abs() < 1e-6);
}

#[test]
fn constants_for_each_channel_are_folded() {
    let mut written = image();
    written.conv(&[]);
    let factor = written.floats(&[3, 1, 1], 0.0, 4.0);
    written.then("Mul", &[factor], &[]);
    let divisor = written.floats(&[1, 3, 1, 1], 0.0, 2.0);
    written.then("Div", &[divisor], &[]);
    let shift = written.floats(&[1], 0.0, 1.0);
    written
        .then("Add", std::slice::from_ref(&shift), &[])
        .then("Sub", &[shift], &[]);
    let half = written.floats(&[], 0.0, 0.5);
    let value = written.value.clone();
    written.node("Mul", &[half, value], &[]);
    written.then("Relu", &[], &[]);
    assert_eq!(written.layers(), plain());
    let along_rows = written.floats(&[4, 1], 0.0, 4.0);
    written.then("Mul", &[along_rows], &[]);
    let message = written.network().unwrap_err().to_string();
    assert!(
        message.contains("one for all or one for each channel of [1, 3, 4, 3]"),
        "{message}"
    );
}

#[test]
fn padding_is_the_next_layers() {
    let pads = [1, 0, 2, 1];
    let expected = image().conv(&[ints("pads", &pads)]).layers();
    let mut written = image();
    let sizes = written.integers(&[0, 0, 1, 0, 0, 0, 2, 1]);
    written.then("Pad", &[sizes], &[]).conv(&[]);
    assert_eq!(written.layers(), expected);
    let mut older = image();
    older
        .then("Pad", &[], &[ints("pads", &[0, 0, 1, 0, 0, 0, 2, 1])])
        .conv(&[]);
    assert_eq!(older.layers(), expected);
    let mut relu = image();
    relu.then("Pad", &[], &[ints("pads", &[0, 0, 1, 0, 0, 0, 2, 1])])
        .then("Relu", &[], &[]);
    let message = relu.network().unwrap_err().to_string();
    assert!(
        message.contains("found pads [1, 0, 2, 1] before it"),
        "{message}"
    );
}

#[test]
fn pads_that_keep_the_size_are_computed() {
    for (auto_pad, strides, pads) in [
        ("SAME_UPPER", [1, 1], [1, 1, 1, 1]),
        // 6 rows by 2: 3 windows reach 7 rows; 5 columns by 2: 3 windows reach 7.
        ("SAME_UPPER", [2, 2], [0, 1, 1, 1]),
        ("SAME_LOWER", [2, 2], [1, 1, 0, 1]),
        ("VALID", [1, 1], [0; 4]),
        ("NOTSET", [1, 1], [0; 4]),
    ] {
        let strides = ints("strides", &strides);
        let expected = image()
            .conv(&[ints("pads", &pads), strides.clone()])
            .layers();
        let found = image()
            .conv(&[text("auto_pad", auto_pad), strides])
            .layers();
        assert_eq!(found, expected, "{auto_pad}");
    }
}

#[test]
fn all_means_over_an_image_are_one() {
    let pooled = |operator: &str, attributes: &[AttributeEntry], axes: Option<&[i64]>| {
        let mut written = image();
        written.conv(&[]).then("Relu", &[], &[]);
        let axes = axes.map(|axes| written.integers(axes));
        written.then(operator, axes.as_slice(), attributes);
        written.layers()
    };
    let expected = pooled("GlobalAveragePool", &[], None);
    assert!(matches!(&expected[1].0, Layer::AveragePool(pool) if pool.places() == 12));
    for found in [
        pooled(
            "AveragePool",
            &[ints("kernel_shape", &[4, 3]), ints("strides", &[4, 3])],
            None,
        ),
        pooled("ReduceMean", &[ints("axes", &[2, 3])], None),
        pooled("ReduceMean", &[integer("keepdims", 0)], Some(&[-1, -2])),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn limits_are_of_the_layer_before_or_tables() {
    let limited = |written: &mut Written, low: f32, high: f32| {
        let (low, high) = (
            written.floats(&[], 0.0, low),
            written.floats(&[], 0.0, high),
        );
        written.then("Clip", &[low, high], &[]);
    };
    let mut written = image();
    written.conv(&[]);
    limited(&mut written, 0.0, 6.0);
    written
        .then("MaxPool", &[], &[ints("kernel_shape", &[3, 2])])
        .then("Relu", &[], &[]);
    let layers = written.layers();
    assert_eq!(layers.len(), 2);
    assert_eq!(
        layers[0].1,
        Clip {
            low: 0.0,
            high: 6.0
        }
    );
    let mut beyond = image();
    beyond.conv(&[]);
    limited(&mut beyond, 1.0, 2.0);
    let (layer, clip, _) = beyond.layers().pop().unwrap();
    assert!(
        matches!(layer, Layer::Activation(one) if one.function == Function::Clip { low: 1.0, high: 2.0 })
    );
    assert_eq!(clip, Clip::NONE);
    // What others read before the limit must stay.
    let mut shared = image();
    shared.conv(&[]);
    let before = shared.value.clone();
    shared.then("Relu", &[], &[]);
    let after = shared.value.clone();
    shared.node("Add", &[before, after], &[]);
    let layers = shared.layers();
    assert_eq!(layers.len(), 3);
    assert_eq!((layers[0].1, &layers[2].2[..]), (Clip::NONE, &[1, 2][..]));
}

#[test]
fn signals_are_images_of_one_row() {
    let mut written = Written::new(&[1, 8, 3]);
    written.then("Transpose", &[], &[ints("perm", &[0, 2, 1])]);
    let weight = written.floats(&[4, 3, 5], 0.1, 0.0);
    written.then("Conv", &[weight], &[ints("pads", &[2, 1])]);
    written.then(
        "MaxPool",
        &[],
        &[ints("kernel_shape", &[2]), ints("strides", &[2])],
    );
    let network = written.network().unwrap();
    assert_eq!(
        network.input,
        Input {
            shape: [3, 1, 8],
            layout: Layout::ChannelsLast
        }
    );
    let (_, _, window, pool) = parameters(&network.nodes[0].layer);
    assert_eq!((window.kernel, window.pads), ([1, 5], [0, 2, 0, 1]));
    assert_eq!(
        (pool, network.output()),
        (Some(Window::tiles([1, 2])), [4, 1, 3])
    );
    // The same through images, as converters write it.
    let mut image = Written::new(&[1, 3, 8]);
    let axes = image.integers(&[2]);
    image.then("Unsqueeze", &[axes], &[]);
    let weight = image.floats(&[4, 3, 1, 5], 0.1, 0.0);
    image.then("Conv", &[weight], &[ints("pads", &[0, 2, 0, 1])]);
    let axes = image.integers(&[2]);
    image.then("Squeeze", &[axes], &[]);
    image.then(
        "MaxPool",
        &[],
        &[ints("kernel_shape", &[2]), ints("strides", &[2])],
    );
    assert_eq!(image.layers(), written.layers());
}

#[test]
fn the_last_window_of_a_maximum_may_be_cut_off() {
    let pooled = |attributes: &[AttributeEntry]| {
        let mut written = image();
        written.then("MaxPool", &[], attributes);
        written.network().unwrap().output()
    };
    let sizes = [ints("kernel_shape", &[3, 2]), ints("strides", &[2, 2])];
    assert_eq!(pooled(&sizes), [2, 2, 2]);
    let [kernel, strides] = sizes;
    assert_eq!(
        pooled(&[kernel, strides, integer("ceil_mode", 1)]),
        [2, 3, 3]
    );
}

#[test]
fn tensors_are_joined_along_their_channels_alone() {
    let joined = |axis: i64| {
        let mut written = image();
        written.then("Relu", &[], &[]);
        let (a, b) = ("x".to_owned(), written.value.clone());
        written.node("Concat", &[a, b.clone(), b], &[integer("axis", axis)]);
        written.network()
    };
    let network = joined(-3).unwrap();
    assert_eq!(
        (network.output(), &network.nodes[1].inputs[..]),
        ([6, 6, 5], &[0, 1, 1][..])
    );
    let message = joined(2).unwrap_err().to_string();
    assert!(
        message.contains("joined along their channels, found axis 2"),
        "{message}"
    );
}

#[test]
fn a_number_times_its_gate_is_one_function() {
    for (gate, expected) in [
        ("Sigmoid", Function::Silu),
        ("HardSigmoid", Function::HardSwish),
    ] {
        let mut written = image();
        written.conv(&[]);
        let x = written.value.clone();
        let attributes = match gate {
            "HardSigmoid" => vec![float("alpha", 1.0 / 6.0), float("beta", 0.5)],
            _ => Vec::new(),
        };
        written.then(gate, &[], &attributes);
        let value = written.value.clone();
        written.node("Mul", &[x, value], &[]);
        let layers = written.layers();
        assert_eq!(layers.len(), 2);
        assert!(matches!(&layers[1].0, Layer::Activation(one) if one.function == expected));
    }
}
