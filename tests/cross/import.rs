//! Models of other programs: what is imported of them computes what the file says, and what is refused is refused with
//! a reason. The models are in folders that the environment names; each has its inputs and outputs beside it.

mod damage;
mod exporters;
mod rewrites;
mod samples;
mod tuning;

use std::path::Path;

use ndarray::{ArrayD, arr1};
use tests::{networks, runtimes};
use train::graph::Graph;
use train::import::{Options, import_with};
use train::network::{Integers, Network};
use train::runtime::Runtime;

/// The largest difference, as a share of the largest output.
const TOLERANCE: f32 = 1e-4;

/// The network of a model file, or why there is none.
fn imported(path: &Path, output: Option<&str>) -> Result<Network, String> {
    let model = std::fs::read(path).unwrap();
    let options = Options {
        output,
        folder: path.parent(),
        ..Options::default()
    };
    import_with(&model, &options).map_err(|error| error.to_string())
}

/// The network as a graph of its own.
fn model(network: &Network) -> Vec<u8> {
    let mut graph = Graph::new();
    let input = network.graph_input(&mut graph, "input").unwrap();
    let values = network.forward(&mut graph, input).unwrap();
    graph.output("output", values[network.nodes.len()]).unwrap();
    graph.to_onnx("imported", &[])
}

/// What a network computes of the samples beside a model's file, and what that has for its output of this index.
fn outputs(
    runtime: &Runtime,
    network: &Network,
    path: &Path,
    index: usize,
) -> Vec<[ArrayD<f32>; 2]> {
    let arrays = samples::read(&path.with_extension("npz"));
    let find = |name: String| arrays.iter().find(|(other, _)| *other == name);
    let mut session = runtime.load(&model(network), Vec::new()).unwrap();
    let mut pairs = Vec::new();
    while let Some((_, x)) = find(format!("in_{}_0", pairs.len())) {
        let x = network.input.arranged(real(network, x)).unwrap();
        let mut outputs = session.run(vec![("input".into(), x.into())]).unwrap();
        let found = after_the_end(network, outputs.take("output").unwrap());
        let (_, expected) = find(format!("out_{}_{index}", pairs.len())).unwrap();
        assert_eq!(found.len(), expected.len(), "{}", path.display());
        pairs.push([found, expected.clone()]);
    }
    assert!(!pairs.is_empty(), "{} has no samples", path.display());
    pairs
}

/// The numbers for which a sample stands, if the file takes integers.
fn real(network: &Network, sample: &ArrayD<f32>) -> ArrayD<f32> {
    let (Some(integers), Some(given)) = (network.input.integers, network.input.given) else {
        return sample.clone();
    };
    let first = match integers {
        Integers::Signed => 0.0,
        Integers::Unsigned => 128.0,
    };
    sample.mapv(|value| given.scale * (value - first - f32::from(given.zero_point)))
}

/// The largest difference between what the network computes and what the file's outputs are, as a share of the largest.
fn difference(runtime: &Runtime, network: &Network, path: &Path, index: usize) -> f32 {
    let mut worst = 0.0_f32;
    for [found, expected] in outputs(runtime, network, path, index) {
        let largest = expected
            .iter()
            .fold(1e-3_f32, |largest, one| largest.max(one.abs()));
        let pairs = found.iter().zip(&expected);
        let of_pair = |(a, b): (&f32, &f32)| match (a - b).abs() / largest {
            difference if difference.is_nan() => f32::INFINITY,
            difference => difference,
        };
        worst = pairs.map(of_pair).fold(worst, f32::max);
    }
    worst
}

/// The outputs after the operator at the end that was left out.
fn after_the_end(network: &Network, outputs: ArrayD<f32>) -> ArrayD<f32> {
    let Some(dropped) = &network.dropped else {
        return outputs;
    };
    if dropped.ends_with("(ArgMax)") {
        return arr1(&[class(&outputs) as f32]).into_dyn();
    }
    let largest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = outputs.mapv(|output| (output - largest).exp());
    let sum = powers.sum();
    let probabilities = powers / sum;
    if dropped.ends_with("(LogSoftmax)") {
        probabilities.mapv(f32::ln)
    } else {
        probabilities
    }
}

/// The first of the greatest outputs.
fn class(outputs: &ArrayD<f32>) -> usize {
    let (mut class, mut greatest) = (0, f32::NEG_INFINITY);
    for (index, &output) in outputs.iter().enumerate() {
        if output > greatest {
            (class, greatest) = (index, output);
        }
    }
    class
}

#[test]
fn the_networks_of_mlperf_tiny_are_imported() {
    let test = "the_networks_of_mlperf_tiny_are_imported";
    let Some(paths) = networks::models(test, "MLPERF_TINY_DIR") else {
        return;
    };
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    let expected = [
        ("ad_autoencoder", 264_192, 10),
        ("ic_resnet8", 12_501_632, 14),
        ("kws_dscnn", 2_656_768, 11),
        ("vww_mobilenet_v1_025", 7_489_664, 29),
    ];
    assert_eq!(paths.len(), expected.len());
    for (path, (name, multiply_adds, layers)) in paths.iter().zip(expected) {
        assert_eq!(path.file_stem().unwrap(), name);
        let network = imported(path, None).unwrap();
        // Published counts leave out the means.
        let means = network
            .nodes
            .iter()
            .filter(|node| node.layer.form().kind() == "average_pool");
        let means: usize = means
            .map(|node| {
                node.layer
                    .form()
                    .multiply_adds(&network.input_shapes(node), node.shape)
            })
            .sum();
        assert_eq!(network.multiply_adds() - means, multiply_adds, "{name}");
        assert_eq!(network.nodes.len(), layers, "{name}");
        let difference = difference(&runtime, &network, path, 0);
        println!("{name}: {difference:e}");
        assert!(difference < TOLERANCE, "{name}: {difference:e}");
    }
}
