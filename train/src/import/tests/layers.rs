//! What layers are read from.

use super::written::{Written, image, ints, text};
use super::*;
use crate::layers::Function;
use crate::network::{Input, Layout};

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
    shared.node("Concat", &[before, after], &[integer("axis", 1)]);
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
    assert_eq!(network.input, Input::new([3, 1, 8], Layout::ChannelsLast));
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
fn sums_and_differences_of_tensors_are_layers() {
    let mut written = image();
    written.conv(&[]);
    let a = written.value.clone();
    written.node("Neg", std::slice::from_ref(&a), &[]);
    written.then("Tanh", &[], &[]);
    let b = written.value.clone();
    written.then("GlobalAveragePool", &[], &[]);
    let other = written.value.clone();
    let kinds = |written: &Written| -> Vec<(&str, Vec<usize>)> {
        let nodes = written.network().unwrap().nodes;
        let kinds = nodes.into_iter();
        kinds
            .map(|node| (node.layer.form().kind(), node.inputs))
            .collect()
    };
    written.node("Sum", &[a.clone(), b.clone(), a.clone()], &[]);
    let expected = [
        ("conv", vec![0]),
        ("function", vec![1]),
        ("add", vec![1, 2]),
        ("add", vec![3, 1]),
    ];
    assert_eq!(kinds(&written), expected);
    written.node("Mul", &[a.clone(), other], &[]);
    assert!(written.network().is_err());
    // Of a function of the first itself the difference is one, too; not of what another layer makes.
    written.node("Sub", &[a.clone(), b.clone()], &[]);
    assert_eq!(kinds(&written), [("conv", vec![0]), ("function", vec![1])]);
    let (weight, bias) = (
        written.floats(&[3, 2, 3, 3], 0.2, 0.0),
        written.floats(&[3], 0.5, 0.0),
    );
    written.node("Conv", &["x".into(), weight, bias], &[]);
    let second = written.value.clone();
    written.node("Sub", &[a, second], &[]);
    let nodes = written.network().unwrap().nodes;
    let [first, second, sum] = &nodes[..] else {
        panic!("{nodes:?}")
    };
    assert_eq!(
        (sum.layer.form().kind(), &sum.inputs[..]),
        ("add", &[1, 2][..])
    );
    let weights = |node: &crate::network::Node| parameters(&node.layer).0;
    for (first, second) in weights(first).into_iter().zip(weights(second)) {
        assert!((second + 2.0 * first).abs() < 1e-6, "{first} {second}");
    }
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
