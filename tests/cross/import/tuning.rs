//! Imported models as networks that are trained: before any step they compute what their files say.

use std::path::Path;

use input::normalization::Normalization;
use ndarray::{Array4, ArrayD};
use tests::{networks, runtimes};
use train::checkpoint::Record;
use train::models::{self, IMAGES, LOGITS};
use train::network::Network;
use train::optimizer::Optimizer;
use train::pretrained::{Head, Pretrained};
use train::runtime::Runtime;

use super::{after_the_end, exporters, imported, real, samples};

/// The largest difference, as a share of the largest output.
const TOLERANCE: f32 = 1e-4;

/// What pixels become: other numbers than they are.
const RANGE: [f32; 2] = [0.0, 255.0];
const MEAN: f32 = 10.0;
const DEVIATION: f32 = 20.0;

/// The network that is trained, as the model of one sample that a fit would export before its first epoch.
fn untouched(network: &Network) -> Result<Vec<u8>, String> {
    let [channels, ..] = network.input.shape;
    let pixels = Normalization::new(RANGE, [&[MEAN], &[DEVIATION]], channels).unwrap();
    let classes: Vec<String> = (0..network.output()[0])
        .map(|class| class.to_string())
        .collect();
    let model = Pretrained::of_model(
        "model",
        network.clone(),
        Some(pixels),
        Some(classes.clone()),
    );
    let model = model.map_err(|error| error.to_string())?;
    let trained = model.network(network.input.shape, &classes);
    let (trained, head) = trained.map_err(|error| error.to_string())?;
    assert_eq!(head, Head::Kept);
    let record = Record::new(&trained, Optimizer::Sgd, 1, 0);
    let parameters = model
        .start(&trained, head, record)
        .unwrap()
        .parameters(&trained);
    let parameters = parameters.into_iter().map(|(_, tensor)| tensor).collect();
    Ok(models::inference(&trained, parameters, &[]).unwrap())
}

/// The pixels, from 0 to 1 if they were such, that become an input.
fn pixels(input: &Array4<f32>) -> Array4<f32> {
    let [low, high] = RANGE;
    input.mapv(|number| (number * DEVIATION + MEAN - low) / (high - low))
}

/// The largest difference between its outputs and those in the file beside the model's.
fn difference(runtime: &Runtime, network: &Network, path: &Path) -> Result<f32, String> {
    let mut session = runtime.load(&untouched(network)?, Vec::new()).unwrap();
    let arrays = samples::read(&path.with_extension("npz"));
    let find = |name: String| arrays.iter().find(|(other, _)| *other == name);
    let mut worst = 0.0_f32;
    for index in 0.. {
        let Some((_, x)) = find(format!("in_{index}_0")) else {
            assert!(index > 0, "{} has no samples", path.display());
            break;
        };
        let x = pixels(&network.input.arranged(real(network, x)).unwrap());
        let mut outputs = session.run(vec![(IMAGES.into(), x.into())]).unwrap();
        let found = after_the_end(network, outputs.take(LOGITS).unwrap());
        let (_, expected) = find(format!("out_{index}_0")).unwrap();
        worst = worst.max(share(&at_the_end(network, found), expected));
    }
    Ok(worst)
}

/// The Sigmoid at the end is no part of what is trained.
fn at_the_end(network: &Network, outputs: ArrayD<f32>) -> ArrayD<f32> {
    let last = network.nodes.last().unwrap();
    if last.layer.form().kind() == "sigmoid" {
        return outputs.mapv(|logit| 1.0 / (1.0 + (-logit).exp()));
    }
    outputs
}

fn share(found: &ArrayD<f32>, expected: &ArrayD<f32>) -> f32 {
    assert_eq!(found.len(), expected.len());
    let largest = expected
        .iter()
        .fold(1e-3_f32, |largest, one| largest.max(one.abs()));
    let pairs = found.iter().zip(expected);
    let differences = pairs.map(|(a, b)| (a - b).abs() / largest);
    differences.fold(0.0, |worst, one| {
        if one.is_nan() {
            f32::INFINITY
        } else {
            worst.max(one)
        }
    })
}

/// Of the models that exporters write, those that can be trained compute the same, and the others say why not.
fn walk(runtime: &Runtime, test: &str) {
    let Some(paths) = exporters::taken(test) else {
        return;
    };
    let (mut trained, mut wrong) = (0, Vec::new());
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let network = imported(&path, None).unwrap();
        let tolerance = exporters::tolerance(&name).max(TOLERANCE);
        match difference(runtime, &network, &path) {
            Ok(difference) if difference < tolerance => trained += 1,
            Err(reason) if KNOWN.iter().any(|known| reason.contains(known)) => {
                println!("{name}: {reason}");
            }
            other => wrong.push((name, other)),
        }
    }
    println!("{trained} can be trained");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(trained, TRAINED);
}

/// Models that can be trained.
const TRAINED: usize = 92;

/// What the others have that has no form in training.
const KNOWN: [&str; 2] = [
    "found a function `",
    " groups; other groups have no gradient here",
];

#[test]
fn models_of_exporters_begin_with_their_own_outputs() {
    let test = "models_of_exporters_begin_with_their_own_outputs";
    if let Some(runtime) = runtimes::onnxruntime(test) {
        walk(&runtime, test);
    }
}

#[test]
fn models_of_exporters_begin_with_their_own_outputs_on_tract() {
    let test = "models_of_exporters_begin_with_their_own_outputs_on_tract";
    walk(&runtimes::tract(), test);
}

#[test]
fn the_networks_of_mlperf_tiny_begin_with_their_own_outputs() {
    let test = "the_networks_of_mlperf_tiny_begin_with_their_own_outputs";
    let Some(paths) = networks::models(test, "MLPERF_TINY_DIR") else {
        return;
    };
    let runtime = runtimes::tract();
    for path in paths {
        let network = imported(&path, None).unwrap();
        let difference = difference(&runtime, &network, &path).unwrap();
        println!("{}: {difference:e}", path.display());
        assert!(difference < TOLERANCE, "{}: {difference:e}", path.display());
    }
}
