//! Models of other programs: what is imported of them computes what the file says, and what is refused is refused with
//! a reason. The models are in folders that the environment names; each has its inputs and outputs beside it.

use std::path::Path;

use input::onnx::{Limits, for_one_picture};
use ndarray::ArrayD;
use tests::{networks, runtimes};
use train::data::arrays;
use train::graph::Graph;
use train::import::import;
use train::network::Network;
use train::runtime::Runtime;

/// The largest difference, as a share of the largest output.
const TOLERANCE: f32 = 1e-4;

/// Parts of the names of models that must be refused.
const REFUSED: [&str; 10] = [
    "_gru_",
    "_lstm_",
    "_attn_",
    "_train",
    "_noparams",
    "_broken",
    "_zipmap",
    "_ortext",
    "_ortall",
    "_dynamic",
];

/// The network of a model file, or why there is none.
fn imported(path: &Path) -> Result<Network, String> {
    let model = std::fs::read(path).unwrap();
    let tract = input::onnx::Runtime::Tract;
    let model = for_one_picture(&model, &Limits::default(), tract);
    let model = model.map_err(|error| error.to_string())?;
    import(&model).map_err(|error| error.to_string())
}

/// The network as a graph of its own.
fn model(network: &Network) -> Vec<u8> {
    let mut graph = Graph::new();
    let input = network.graph_input(&mut graph, "input").unwrap();
    let values = network.forward(&mut graph, input).unwrap();
    graph.output("output", values[network.nodes.len()]).unwrap();
    graph.to_onnx("imported", &[])
}

/// The largest difference between what the network computes and what the file's outputs are.
fn difference(runtime: &Runtime, network: &Network, path: &Path) -> f32 {
    let arrays = arrays::read(&path.with_extension("npz")).unwrap();
    let find = |name: String| arrays.iter().find(|(other, _)| *other == name);
    let mut session = runtime.load(&model(network), Vec::new()).unwrap();
    let mut worst = 0.0_f32;
    for sample in 0..3 {
        let Some((_, x)) = find(format!("in_{sample}_0")) else {
            assert!(sample > 0, "{} has no samples", path.display());
            break;
        };
        let x = network.input.arranged(x.clone()).unwrap();
        let mut outputs = session.run(vec![("input".into(), x.into())]).unwrap();
        let found = outputs.take("output").unwrap();
        let found = with_probabilities(network, found);
        let (_, expected) = find(format!("out_{sample}_0")).unwrap();
        assert_eq!(found.len(), expected.len(), "{}", path.display());
        let largest = expected
            .iter()
            .fold(1e-3_f32, |largest, one| largest.max(one.abs()));
        let pairs = found.iter().zip(expected);
        worst = pairs.fold(worst, |worst, (a, b)| worst.max((a - b).abs() / largest));
    }
    worst
}

/// The outputs after the Softmax that was left out.
fn with_probabilities(network: &Network, outputs: ArrayD<f32>) -> ArrayD<f32> {
    let Some(dropped) = &network.dropped else {
        return outputs;
    };
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
        let network = imported(path).unwrap();
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
        let difference = difference(&runtime, &network, path);
        println!("{name}: {difference:e}");
        assert!(difference < TOLERANCE, "{name}: {difference:e}");
    }
}

#[test]
fn what_exporters_write_is_imported_or_refused_with_a_reason() {
    let test = "what_exporters_write_is_imported_or_refused_with_a_reason";
    let Some(paths) = networks::models(test, "EXPORTERS_DIR") else {
        return;
    };
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        match imported(&path) {
            Err(reason) => {
                println!("{name}: refused: {reason}");
                assert!(!reason.contains('\n'), "{name}: {reason}");
            }
            Ok(network) => {
                assert!(!REFUSED.iter().any(|part| name.contains(part)), "{name}");
                if name.ends_with("16") {
                    println!("{name}: imported; its outputs in half floats are not read here");
                    continue;
                }
                let difference = difference(&runtime, &network, &path);
                println!("{name}: {} layers, {difference:e}", network.nodes.len());
                assert!(difference < TOLERANCE, "{name}: {difference:e}");
            }
        }
    }
}
