//! The same integers everywhere: on tract, in the core, and after channels were taken out.

use ndarray::Array2;
use no_std_core::Model;

use super::super::candidate::int8_outputs;
use super::super::groups::Given;
use super::super::int8::Int8Network;
use super::super::{candidate, check, prune, write};
use super::*;
use crate::data::random::Random;
use crate::layers::Layer;

/// What the core makes of samples, in the order channels, rows, columns.
fn in_core(network: &Int8Network, samples: &Samples) -> Array2<i8> {
    let description = Description {
        output: OutputKind::Values,
        labels: &[],
        threshold: 0,
        preparation: Preparation::NONE,
        pixels: None,
    };
    let file = write::flash_file(network, &description).unwrap();
    let model = Model::new(&file).unwrap();
    let inputs = check::inputs(samples, network.from).unwrap();
    let outputs = check::core_outputs(&runner(), &model, &inputs).unwrap();
    let len = outputs[0].values.len();
    let values = outputs.into_iter().flat_map(|output| output.values);
    Array2::from_shape_vec((samples.len(), len), values.collect()).unwrap()
}

fn on_runtime(network: &Int8Network, samples: &Samples) -> Array2<i8> {
    let outputs = int8_outputs(&runner(), network, samples).unwrap();
    candidate::integers("the runtime", &outputs, network.output()).unwrap()
}

#[test]
fn all_layers_give_the_same_integers_on_tract_and_in_the_core() {
    let compared = all_are_equal(30);
    assert!(compared > 15, "{compared}");
}

#[test]
fn all_layers_give_the_same_integers_on_onnxruntime_and_in_the_core() {
    // Other tests of this process may have opened tract.
    let alone =
        std::env::var("NEXTEST_EXECUTION_MODE").is_ok_and(|mode| mode == "process-per-test");
    if std::env::var_os("ORT_DYLIB_PATH").is_none() || !alone {
        println!("skipped: it takes nextest, and ORT_DYLIB_PATH");
        return;
    }
    ON_ONNXRUNTIME.store(true, Ordering::Relaxed);
    let compared = all_are_equal(200);
    assert!(compared > 100, "{compared}");
}

/// Compares random networks of the first seeds, and returns how many had no empty range.
fn all_are_equal(seeds: u64) -> usize {
    let mut compared = 0;
    for seed in 0..seeds {
        let mut random = Random::new(seed, 1);
        let network = networks::random(&mut random, 3);
        let Some(int8) = networks::quantized(&network, Given::default()) else {
            continue;
        };
        let samples = networks::inputs(&mut random, &network, 5);
        let expected = in_core(&int8, &samples);
        assert_eq!(on_runtime(&int8, &samples), expected, "{seed}");
        compared += 1;
    }
    compared
}

/// Makes channels of every layer constant: with tiny weights, and a bias that is or is not cut off at 0.
fn with_dead_channels(random: &mut Random) -> Network {
    let mut network = networks::random(random, 3);
    for node in &mut network.nodes {
        let Layer::Conv(conv) = &mut node.layer else {
            continue;
        };
        // One that lives: the scales of weights follow the largest one.
        for filter in 1..conv.bias.len() {
            if random.below(2) == 0 {
                let mut weights = conv.weight.index_axis_mut(ndarray::Axis(0), filter);
                weights.mapv_inplace(|weight| weight * 1e-6);
                conv.bias[filter] = [-0.5, 0.4][random.below(2)];
            }
        }
    }
    network
}

#[test]
fn a_network_without_its_dead_channels_gives_the_same_integers() {
    let mut gone = 0;
    for seed in 0..30 {
        let mut random = Random::new(seed, 2);
        let network = with_dead_channels(&mut random);
        let Some(int8) = networks::quantized(&network, Given::default()) else {
            continue;
        };
        let samples = networks::inputs(&mut random, &network, 10);
        let mut pruned = int8.clone();
        let found = prune::prune(&mut pruned);
        gone += found.channels[0];
        assert!(found.multiply_adds[1] <= found.multiply_adds[0]);
        assert_eq!(found.weights, [int8.weights(), pruned.weights()]);
        let expected = in_core(&int8, &samples);
        assert_eq!(in_core(&pruned, &samples), expected, "{seed}");
        assert_eq!(on_runtime(&pruned, &samples), expected, "{seed}");
    }
    assert!(gone > 30, "{gone}");
}
