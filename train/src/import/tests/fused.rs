//! What is computed by the layer beside it.

use ndarray::Array4;

use super::written::{Written, image, ints};
use super::*;

fn weight(layer: &Layer) -> &Array4<f32> {
    match layer {
        Layer::Conv(conv) => &conv.weight,
        Layer::Dense(dense) => &dense.weight,
        other => panic!("{other:?} has none"),
    }
}

/// A convolution of these attributes after a factor and, perhaps, a shift of each channel of what a `ReLU` makes.
fn scaled(shift: f32, attributes: &[AttributeEntry]) -> Written {
    let mut written = image();
    written.then("Relu", &[], &[]);
    let factor = written.floats(&[1, 2, 1, 1], 1.0, 9.0);
    written.then("Mul", &[factor], &[]);
    let shift = written.floats(&[1, 2, 1, 1], shift, shift);
    written.then("Add", &[shift], &[]).conv(attributes);
    written
}

#[test]
fn a_factor_before_a_convolution_is_in_its_weights() {
    let mut plain = image();
    let plain = plain.then("Relu", &[], &[]).conv(&[]).layers();
    let (before, biases, ..) = parameters(&plain[1].0);
    // The factors are 9 - 5 and 9 + 2, the shifts 0.5 * (1 - 5) and 0.5 * (1 + 2).
    let (factors, shifts) = ([4.0, 11.0], [-2.0, 1.5]);
    for (shift, attributes) in [
        (0.0, &[][..]),
        (0.0, &[ints("pads", &[1, 1, 1, 1])]),
        (0.5, &[]),
    ] {
        let layers = scaled(shift, attributes).layers();
        assert_eq!(layers.len(), 2);
        let (found, shifted, ..) = parameters(&layers[1].0);
        for (index, (found, before)) in found.iter().zip(&before).enumerate() {
            assert!((found - before * factors[index / 9 % 2]).abs() < 1e-5);
        }
        for (filter, (found, before)) in shifted.iter().zip(&biases).enumerate() {
            let kernels = weight(&plain[1].0).index_axis(ndarray::Axis(0), filter);
            let sums = kernels.outer_iter().map(|kernel| kernel.sum());
            let moved: f32 = sums.zip(shifts).map(|(sum, shift)| sum * shift).sum();
            let expected = before + if shift == 0.0 { 0.0 } else { moved };
            assert!((found - expected).abs() < 1e-4, "{found}, {expected}");
        }
    }
    // Padding is not shifted.
    assert_eq!(
        scaled(0.5, &[ints("pads", &[1, 1, 1, 1])]).layers().len(),
        3
    );
}

#[test]
fn a_preparation_of_the_input_is_a_layer() {
    let mut written = image();
    let most = written.floats(&[], 0.0, 255.0);
    let mean = written.floats(&[1, 2, 1, 1], 0.0, 0.5);
    let deviation = written.floats(&[2, 1, 1], 0.0, 0.25);
    written.then("Div", &[most], &[]).then("Sub", &[mean], &[]);
    written.then("Div", &[deviation], &[]).conv(&[]);
    let network = written.network().unwrap();
    assert_eq!(network.nodes.len(), 2);
    let Layer::Conv(scaling) = &network.nodes[0].layer else {
        panic!("{:?}", network.nodes[0].layer);
    };
    assert_eq!((scaling.weight.len(), scaling.bias.len()), (2, 2));
    for (shift, factor) in scaling.bias.iter().zip(&scaling.weight) {
        assert!((-shift / factor - 127.5).abs() < 1e-3, "{shift}");
        assert!((factor.recip() - 63.75).abs() < 1e-3, "{factor}");
    }
}

/// Channels 0 to 5 as 0, 3, 1, 4, 2, 5.
fn shuffled() -> Written {
    let mut written = Written::new(&[1, 6, 4, 5]);
    let divided = written.integers(&[-1, 2, 3, 4, 5]);
    written.then("Reshape", &[divided], &[]);
    written.then("Transpose", &[], &[ints("perm", &[0, 2, 1, 3, 4])]);
    let joined = written.integers(&[0, 6, 4, 5]);
    written.then("Reshape", &[joined], &[]);
    written
}

#[test]
fn shuffled_channels_are_taken_from_where_they_are() {
    let mut written = shuffled();
    let constant = written.floats(&[2, 6, 1, 1], 1.0, 0.0);
    written.then("Conv", &[constant], &[]);
    let layers = written.layers();
    assert_eq!(layers.len(), 1);
    let found = weight(&layers[0].0);
    let value = |index: usize| (index * 7 % 11) as f32 - 5.0;
    for (channel, from) in [0, 3, 1, 4, 2, 5].into_iter().enumerate() {
        for filter in 0..2 {
            let expected = value(6 * filter + channel);
            assert!((found[[filter, from, 0, 0]] - expected).abs() < f32::EPSILON);
        }
    }
    let alone = shuffled().then("Relu", &[], &[]).layers();
    assert_eq!(weight(&alone[0].0)[[1, 3, 0, 0]].to_bits(), 1_f32.to_bits());
    let mut halfway = shuffled();
    halfway.graph.node.pop();
    halfway.value = "v1".into();
    let message = halfway.then("Relu", &[], &[]).network().unwrap_err();
    assert!(
        message.to_string().contains("a Reshape has divided"),
        "{message}"
    );
}

#[test]
fn dilations_are_zeros_in_a_kernel() {
    let network = image()
        .conv(&[ints("dilations", &[2, 1])])
        .network()
        .unwrap();
    let plain = image().conv(&[]).layers();
    let (found, before) = (weight(&network.nodes[0].layer), weight(&plain[0].0));
    assert_eq!(found.dim(), (3, 2, 5, 3));
    for ((filter, channel, row, column), &found) in found.indexed_iter() {
        let expected = match row % 2 {
            0 => before[[filter, channel, row / 2, column]],
            _ => 0.0,
        };
        assert_eq!(found.to_bits(), expected.to_bits());
    }
    assert_eq!(network.nodes[0].shape, [3, 2, 3]);
    let origin = &network.nodes[0].origin;
    assert!(
        origin.ends_with("as zeros in a kernel of 5 x 3"),
        "{origin}"
    );
    let far = image().conv(&[ints("dilations", &[9, 1])]).network();
    let message = far.unwrap_err().to_string();
    assert!(
        message.contains("dilation") || message.contains("fits"),
        "{message}"
    );
}

#[test]
fn zeros_around_what_is_never_negative_do_not_win() {
    let pads = [1, 0, 1, 1];
    let sizes = [ints("kernel_shape", &[3, 2])];
    let mut padded = image();
    let constant = padded.integers(&[0, 0, 1, 0, 0, 0, 1, 1]);
    padded.then("Relu", &[], &[]).then("Pad", &[constant], &[]);
    padded.then("MaxPool", &[], &sizes);
    let [kernel] = sizes;
    let mut plain = image();
    plain.then("Relu", &[], &[]);
    plain.then("MaxPool", &[], &[kernel.clone(), ints("pads", &pads)]);
    assert_eq!(padded.layers(), plain.layers());
    let mut signed = image();
    let constant = signed.integers(&[0, 0, 1, 0, 0, 0, 1, 1]);
    signed.then("Tanh", &[], &[]).then("Pad", &[constant], &[]);
    let message = signed
        .then("MaxPool", &[], &[kernel])
        .network()
        .unwrap_err();
    assert!(message.to_string().contains("before it"), "{message}");
}
