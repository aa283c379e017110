//! Other ways to write a network, each of which must be read as the plain one.

use super::written::{IMAGE, Written, image, ints, plain};
use super::*;
use crate::network::{Input, Layout};

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
    assert_eq!(network.input, Input::new(IMAGE, layout));
    assert_eq!(written.layers(), plain());
    // Outputs are given with channels last; one in another order would be taken for that.
    let mut last = written.clone();
    last.then("Transpose", &[], &[ints("perm", &[0, 2, 3, 1])]);
    assert_eq!(last.layers(), plain());
    written.then("Transpose", &[], &[ints("perm", &[0, 1, 3, 2])]);
    let message = written.network().unwrap_err().to_string();
    assert!(
        message.ends_with("in the order channels, columns, rows"),
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
        let weight = last[[unit, channel, row, column]];
        assert_eq!(weight.to_bits(), value(place * 3 + channel).to_bits());
    }
}

#[test]
fn before_opset_13_classes_are_over_all_axes_from_the_named_one_on() {
    for (opset, places, axis, is_taken) in [
        (12, &[1, 36][..], None, true),
        (12, &[1, 1, 36], None, true),
        (12, &[1, 36, 1], None, true),
        (12, &[1, 36, 1], Some(-2), true),
        (12, &[1, 36, 1], Some(2), false),
        (13, &[1, 36, 1], Some(1), true),
        (13, &[1, 36, 1], None, false),
        (13, &[1, 1, 36], None, true),
        (13, &[1, 1, 36], Some(1), false),
    ] {
        for operator in ["Softmax", "LogSoftmax"] {
            let mut written = image();
            written.opset = opset;
            written
                .conv(&[])
                .then("Relu", &[], &[])
                .then("Flatten", &[], &[]);
            let weight = written.floats(&[36, 36], 0.1, 0.0);
            written.then("MatMul", &[weight], &[]);
            let sizes = written.integers(places);
            written.then("Reshape", &[sizes], &[]);
            let axis = axis.map(|axis| integer("axis", axis));
            written.then(operator, &[], axis.as_slice());
            let found = written.network();
            assert_eq!(found.is_ok(), is_taken, "{opset} {places:?} {axis:?}");
        }
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
    for sizes in [[7, 36], [7, -1], [-1, 36], [0, -1]] {
        let mut written = Written::new(&[7, 2, 6, 5]);
        written.conv(&[]).then("Relu", &[], &[]);
        let sizes = written.integers(&sizes);
        written.then("Reshape", &[sizes], &[]);
        let weight = written.floats(&[36, 2], 0.1, 0.0);
        written.then("MatMul", &[weight], &[]);
        assert_eq!(written.layers()[..1], plain());
    }
}

#[test]
fn a_constant_has_no_batch() {
    // Its sizes are those of a batch of 2 by chance.
    let mut written = Written::new(&[2, 2, 6, 5]);
    let all = written.integers(&[1, 2, 6, 5]);
    let sizes = written.integers(&[2, -1]);
    written.node("Reshape", &[all, sizes], &[]);
    let sizes = written.integers(&[-1]);
    written.then("Reshape", &[sizes], &[]);
    let sizes = written.value.clone();
    written.node("Reshape", &["x".into(), sizes], &[]);
    assert_eq!(written.conv(&[]).then("Relu", &[], &[]).layers(), plain());
}

#[test]
fn an_axis_of_colours_is_that_of_the_channels() {
    for (sizes, shape, layout) in [
        ([6, 5, 3], [3, 6, 5], Layout::ChannelsLast),
        ([6, 5, 1], [1, 6, 5], Layout::ChannelsLast),
        ([3, 6, 5], [3, 6, 5], Layout::ChannelsFirst),
        ([1, 6, 3], [1, 6, 3], Layout::ChannelsFirst),
        ([5, 6, 2], [5, 6, 2], Layout::ChannelsFirst),
    ] {
        let count: usize = sizes.iter().product();
        let mut written = Written::new(&[1, sizes[0], sizes[1], sizes[2]]);
        written.then("Flatten", &[], &[]);
        let weight = written.floats(&[count, 2], 0.1, 0.0);
        let network = written.then("MatMul", &[weight], &[]).network().unwrap();
        assert_eq!(network.input, Input::new(shape, layout), "{sizes:?}");
        let Layer::Dense(Dense { weight, .. }) = &network.nodes[0].layer else {
            panic!("not dense")
        };
        // The weight of a number, by its place in the file's order.
        let [channels, rows, columns] = shape;
        for ((unit, channel, row, column), &weight) in weight.indexed_iter() {
            let place = match layout {
                Layout::ChannelsFirst => (channel * rows + row) * columns + column,
                Layout::ChannelsLast => (row * columns + column) * channels + channel,
            };
            let expected = 0.1 * (((place * 2 + unit) * 7 % 11) as f32 - 5.0);
            assert_eq!(weight.to_bits(), expected.to_bits());
        }
    }
    // Where a layer takes one order alone, that is it.
    let mut written = Written::new(&[1, 6, 5, 1]);
    let weight = written.floats(&[2, 6, 3, 1], 0.1, 0.0);
    let network = written.then("Conv", &[weight], &[]).network().unwrap();
    assert_eq!(network.input, Input::new([6, 5, 1], Layout::ChannelsFirst));
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
