use std::f32::consts::LN_2;

use ndarray::{Array1, Array3, Array4};

use super::super::network::FloatNetwork;
use super::super::range::Range;
use super::*;
use crate::data::random::Random;
use crate::ops::Window;

fn weights(random: &mut Random, shape: (usize, usize, usize, usize)) -> Array4<f32> {
    Array4::from_shape_simple_fn(shape, || random.bell(0.5))
}

fn convolution(
    random: &mut Random,
    input: [usize; 3],
    filters: usize,
    window: Window,
    tile: [usize; 2],
) -> Layer {
    let [rows, columns] = window.output([input[1], input[2]]).unwrap();
    let pool = Window::tiles(tile);
    let [pooled_rows, pooled_columns] = pool.output([rows, columns]).unwrap();
    Layer {
        name: "conv".into(),
        node: "Conv_0 (Conv)".into(),
        kind: Kind::Convolution,
        window,
        weight: weights(
            random,
            (filters, input[0], window.kernel[0], window.kernel[1]),
        ),
        bias: Array1::from_shape_simple_fn(filters, || random.bell(0.3)),
        relu: true,
        pool: (tile != [1, 1]).then_some(pool),
        input,
        output: [filters, pooled_rows, pooled_columns],
    }
}

fn dense(random: &mut Random, input: [usize; 3], units: usize) -> Layer {
    let window = Window {
        strides: [1; 2],
        ..Window::tiles([input[1], input[2]])
    };
    let mut layer = convolution(random, input, units, window, [1, 1]);
    (layer.name, layer.kind, layer.relu) = ("dense".into(), Kind::Dense, false);
    layer
}

/// Every kind of layer, with sides, strides, paddings and tiles that all differ.
fn network(random: &mut Random) -> FloatNetwork {
    let first = Window {
        kernel: [3, 2],
        strides: [1, 2],
        pads: [1, 0, 2, 1],
        dilations: [1; 2],
    };
    let second = Window {
        kernel: [2, 4],
        strides: [2, 1],
        pads: [0, 3, 1, 2],
        dilations: [1; 2],
    };
    let first = convolution(random, [2, 11, 14], 5, first, [3, 2]);
    let second = convolution(random, first.output, 4, second, [1, 1]);
    let third = dense(random, second.output, 7);
    let last = dense(random, third.output, 3);
    let layers = vec![first, second, third, last];
    FloatNetwork {
        input: [2, 11, 14],
        layers,
        dropped: None,
        metadata: Vec::new(),
    }
}

fn quantized(network: &FloatNetwork) -> Vec<Int8Layer<'_>> {
    let mut layers = Vec::<Int8Layer>::new();
    for layer in &network.layers {
        let from = layers.last().map_or(IMAGE, |before| before.to);
        let low = if layer.relu { 0.0 } else { -4.0 };
        layers.push(Int8Layer::new(layer, from, Range { low, high: 5.0 }).unwrap());
    }
    layers
}

fn described(labels: &[String]) -> Description<'_> {
    Description {
        labels,
        threshold: 0,
        preparation: Preparation::PLAIN,
    }
}

fn labels(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

/// `QLinearConv` by its definition, in floats where that has floats, channels first; then the maximum of tiles.
fn layer_by_definition(int8: &Int8Layer, x: &Array3<i8>) -> Array3<i8> {
    let layer = int8.layer;
    let Window {
        strides,
        pads,
        kernel,
        ..
    } = layer.window;
    let convolved = |filter: usize, row: usize, column: usize| {
        let mut sum = int8.filters.bias[filter];
        for ((channel, i, j), &weight) in int8
            .filters
            .weight
            .index_axis(ndarray::Axis(0), filter)
            .indexed_iter()
        {
            let row = (row * strides[0] + i).wrapping_sub(pads[0]);
            let column = (column * strides[1] + j).wrapping_sub(pads[1]);
            if let Some(&x) = x.get((channel, row, column)) {
                sum += (i32::from(x) - i32::from(int8.from.zero_point)) * i32::from(weight);
            }
        }
        assert_eq!(int8.filters.weight.dim().2, kernel[0]);
        let real = (sum as f32 * int8.multipliers[filter]).round_ties_even();
        (real + f32::from(int8.to.zero_point)).clamp(-128.0, 127.0) as i8
    };
    let [channels, rows, columns] = layer.output;
    let [tall, wide] = layer
        .window
        .output([layer.input[1], layer.input[2]])
        .unwrap();
    let y = Array3::from_shape_fn((channels, tall, wide), |(filter, row, column)| {
        convolved(filter, row, column)
    });
    let tile = layer.pool.map_or([1, 1], |pool| pool.kernel);
    Array3::from_shape_fn((channels, rows, columns), |(channel, row, column)| {
        let (row, column) = (row * tile[0], column * tile[1]);
        let taps = (0..tile[0]).flat_map(|i| (0..tile[1]).map(move |j| (row + i, column + j)));
        taps.map(|(row, column)| y[[channel, row, column]])
            .max()
            .unwrap()
    })
}

#[test]
fn the_core_computes_what_the_layers_mean() {
    let mut random = Random::new(21, 0);
    for _ in 0..20 {
        let network = network(&mut random);
        let int8 = quantized(&network);
        let file = flash_file(&int8, &described(&labels(3))).unwrap();
        let model = Model::new(&file).unwrap();
        let [channels, rows, columns] = network.input;
        let image = Array3::from_shape_simple_fn((channels, rows, columns), || {
            random.below(256) as u8 as i8
        });
        let mut expected = image.clone();
        for layer in &int8 {
            expected = layer_by_definition(layer, &expected);
        }
        let channel_last: Vec<i8> = image.permuted_axes([1, 2, 0]).iter().copied().collect();
        let scores =
            no_std_core::run(&model, &channel_last, &mut vec![0; model.arena_len()]).unwrap();
        assert_eq!(scores.logits(), expected.as_slice().unwrap());
    }
}

#[test]
fn weights_are_channel_last() {
    let weight = Array4::from_shape_fn((3, 5, 2, 4), |(m, c, i, j)| {
        (40 * m + 8 * c + 4 * i + j) as i8
    });
    let mut expected = Vec::new();
    for filter in 0..3 {
        for row in 0..2 {
            for column in 0..4 {
                for channel in 0..5 {
                    expected.push(weight[[filter, channel, row, column]]);
                }
            }
        }
    }
    assert_eq!(channel_last(&weight), expected);
}

#[test]
fn the_file_says_what_it_was_made_of() {
    let network = network(&mut Random::new(3, 0));
    let labels = ["zero", "Null", "\u{96f6}"].map(String::from);
    let description = Description {
        threshold: 40_000,
        ..described(&labels)
    };
    let file = flash_file(&quantized(&network), &description).unwrap();
    let model = Model::new(&file).unwrap();
    assert!(model.labels().eq(labels.iter().map(String::as_str)));
    assert_eq!(
        (model.threshold(), model.input_zero_point()),
        (40_000, -128)
    );
    let input = model.input();
    assert_eq!([input.channels, input.rows, input.columns], [2, 11, 14]);
    assert_eq!(model.preparation(), Preparation::PLAIN);
    let multiply_adds: Vec<u64> = model.layers().map(|layer| layer.multiply_adds()).collect();
    let kernels = |layer: &Layer| (layer.weight.len() * layer.output[1] * layer.output[2]) as u64;
    assert_eq!(
        multiply_adds[2..],
        [kernels(&network.layers[2]), kernels(&network.layers[3])]
    );
    assert_eq!(file.len() % no_std_core::format::ALIGNMENT as usize, 0);
}

#[test]
fn the_table_has_the_exponentials_as_computed_by_hand() {
    let halves = probability_table(LN_2);
    for (steps, &entry) in halves[..=16].iter().enumerate() {
        assert_eq!(entry, ONE >> steps);
    }
    assert_eq!(halves[18..], [0; 238]);
    // 65536 / e, 65536 / e^2.
    let tenths = probability_table(0.1);
    assert_eq!([tenths[10], tenths[20]], [24_109, 8_869]);
    assert_eq!(probability_table(1e-9), [ONE; 256]);
    assert_eq!(probability_table(1e9)[..2], [ONE, 0]);
}

#[test]
fn the_threshold_rejects_at_most_five_of_a_thousand() {
    let mut random = Random::new(8, 0);
    let network = network(&mut random);
    let int8 = quantized(&network);
    let file = flash_file(&int8, &described(&labels(3))).unwrap();
    for count in [1, 199, 200, 1000, 2399] {
        let logits = Array2::from_shape_simple_fn((count, 3), || random.below(256) as u8 as i8);
        let threshold = threshold(&file, &logits).unwrap();
        let table = probability_table(int8[3].to.scale);
        let probability = |logits: ndarray::ArrayView1<i8>| {
            let best = *logits.iter().max().unwrap();
            let sum: u32 = logits
                .iter()
                .map(|&logit| table[usize::from(best.abs_diff(logit))])
                .sum();
            (f64::from(ONE) * f64::from(ONE) / f64::from(sum)).floor() as u32
        };
        let rejected = |bound: u32| {
            logits
                .outer_iter()
                .filter(|&row| probability(row) < bound)
                .count()
        };
        assert!(1000 * rejected(threshold) <= 5 * count, "{count}");
        assert!(1000 * rejected(threshold + 1) > 5 * count, "{count}");
    }
}

#[test]
fn sizes_that_the_file_cannot_say_are_named() {
    let network = network(&mut Random::new(5, 0));
    let int8 = quantized(&network);
    let refusal = |int8: &[Int8Layer], labels: &[String]| {
        let error = flash_file(int8, &described(labels)).unwrap_err();
        error.to_string()
    };
    let mut wide = network.clone();
    wide.layers[1].output[2] = 65_536;
    let mut tiled = network.clone();
    tiled.layers[0].pool = Some(Window::tiles([2, 300]));
    let many = vec![int8[0].clone(); 256];
    for (message, expected) in [
        (
            refusal(&int8, &labels(33)),
            "classes: expected at most 32 in a flash file, found 33",
        ),
        (
            refusal(&int8, &["x".repeat(256)]),
            "bytes of the label of class 0: expected at most 255 in a flash file, found 256",
        ),
        (
            refusal(&quantized(&wide), &labels(3)),
            "conv: expected at most 65535 in a flash file, found 65536",
        ),
        (
            refusal(&quantized(&tiled), &labels(3)),
            "conv: expected at most 255 in a flash file, found 300",
        ),
        (
            refusal(&many, &labels(3)),
            "layers: expected at most 255 in a flash file, found 256",
        ),
    ] {
        assert_eq!(message, expected);
    }
}
