//! Fits that begin with a trained network: what is frozen stays to the bit, what is kept is kept, and a frozen body has no
//! gradients in the graph.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use prost::Message;
use tests::runtimes;
use train::architecture::{Description, Network};
use train::checkpoint::{Checkpoint, Record};
use train::data::augment::Augment;
use train::data::{Sets, synthetic};
use train::fit::{Options, Silent, fit};
use train::graph::Target;
use train::models;
use train::onnx;
use train::optimizer::Optimizer;
use train::pretrained::{Head, Pretrained};
use train::runtime::{DeviceOptions, Runtime};
use train::tensor::Tensor;

const SMALL: &str = r#"
name = "small"
input = [1, 28, 28]
classes = 10
layers = [
    { layer = "conv", filters = 4, kernel = 3, stride = 2, batch_norm = true, activation = "relu" },
    { layer = "conv", filters = 6, kernel = 3, stride = 2, batch_norm = true, activation = "relu" },
    { layer = "global_pool" },
    { layer = "dense", units = 10 },
]
"#;

fn digits() -> Sets {
    synthetic::digits(160, 20, 3)
}

fn small() -> Network {
    let description = Description::parse("small", SMALL).unwrap();
    description
        .network([1, 28, 28], description.numbers())
        .unwrap()
}

fn record(network: &Network) -> Record {
    Record::new(network, Optimizer::Adam, 32, 5)
}

fn epochs(
    runtime: &Runtime,
    network: &Network,
    (record, resume): (Record, Option<Checkpoint>),
    epochs: usize,
    out: &Path,
) -> Checkpoint {
    let options = Options {
        epochs,
        augment: Augment::None,
        device: DeviceOptions::default(),
        out: out.into(),
        resume,
    };
    let never = AtomicBool::new(false);
    fit(
        runtime,
        network,
        &digits(),
        record,
        options,
        &never,
        &mut Silent,
    )
    .unwrap()
}

/// The trained network of a run of one epoch in a folder.
fn pretrained(runtime: &Runtime, out: &Path) -> Pretrained {
    let network = small();
    epochs(runtime, &network, (record(&network), None), 1, out);
    Pretrained::of_run(out).unwrap()
}

fn value<'c>(checkpoint: &'c Checkpoint, name: &str) -> &'c Tensor {
    let mut variables = checkpoint.variables.iter();
    &variables.find(|(other, _)| other == name).expect(name).1
}

/// Tunes with some layers frozen; those alone must be as before, and the run must go on as if it had not ended.
fn check_frozen(runtime: &Runtime, words: &[&str], frozen: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let before = pretrained(runtime, folder.path());
    let labels = digits().train.classes().to_vec();
    let (mut network, head) = before.network([1, 28, 28], &labels).unwrap();
    assert_eq!(head, Head::Kept);
    let words: Vec<String> = words.iter().map(|&word| word.into()).collect();
    network.freeze(&words).unwrap();
    assert_eq!(network.frozen(), frozen);
    let start = before.start(&network, head, record(&network)).unwrap();
    let begin = || (record(&network), Some(start.clone()));
    let after = epochs(runtime, &network, begin(), 2, folder.path());
    for node in &network.nodes {
        for parameter in &node.parameters {
            let name = &parameter.name;
            let is_same = value(&after, name) == value(&start, name);
            assert_eq!(is_same, node.is_frozen, "{words:?}: {name}");
            let has_state = after
                .variables
                .iter()
                .any(|(other, _)| *other == format!("{name}.momentum"));
            assert!(!has_state || !node.is_frozen, "{words:?}: {name}");
        }
    }
    let half = epochs(runtime, &network, begin(), 1, folder.path());
    let (loaded, network) = Checkpoint::load(folder.path()).unwrap();
    assert_eq!(loaded, half);
    let resumed = epochs(
        runtime,
        &network,
        (half.record.clone(), Some(loaded)),
        1,
        folder.path(),
    );
    assert_eq!(resumed.variables, after.variables);
}

/// All but the last layer, which makes parts of a batch, the first block, and statistics that gradients flow through.
fn frozen_stays(runtime: &Runtime) {
    let body = ["conv1", "batch_norm1", "conv2", "batch_norm2"];
    check_frozen(runtime, &["body"], &body);
    check_frozen(runtime, &["..batch_norm1"], &body[..2]);
    check_frozen(runtime, &["batch_norm2"], &body[3..]);
}

#[test]
fn what_is_frozen_stays_to_the_bit_on_tract() {
    frozen_stays(&runtimes::tract());
}

#[test]
fn what_is_frozen_stays_to_the_bit_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("what_is_frozen_stays_to_the_bit_on_onnxruntime") {
        frozen_stays(&runtime);
    }
}

#[test]
fn other_classes_make_a_new_head_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let before = pretrained(&runtimes::tract(), folder.path());
    let trained = Checkpoint::load(folder.path()).unwrap().0;
    let names = |names: &str| -> Vec<String> { names.split(' ').map(str::to_owned).collect() };
    let others = "one two three four five six seven eight nine ten";
    for (labels, expected) in [
        (names("0 1 2 3 4 5 6 7 8 9"), Head::Kept),
        (names(others), Head::New),
        (names("0 1 2"), Head::New),
    ] {
        // A pool over all places takes any size.
        let (network, head) = before.network([1, 20, 33], &labels).unwrap();
        assert_eq!(head, expected);
        let start = before.start(&network, head, record(&network)).unwrap();
        for parameter in network.parameters() {
            let name = &parameter.name;
            let is_same = value(&start, name) == value(&trained, name);
            let is_head = name.starts_with("dense1");
            assert_eq!(
                is_same,
                head == Head::Kept || !is_head,
                "{labels:?}: {name}"
            );
        }
    }
    let refused = before
        .network([3, 28, 28], &names(others))
        .unwrap_err()
        .to_string();
    for part in [
        "expected pictures of 28 x 28 in 1 channels, as the network `small` takes them",
        "found 28 x 28 in 3 channels: layer `conv1` has weights for another size",
        "leave out `--size` and `--colour`",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
}

#[test]
fn a_frozen_body_has_no_gradients_in_the_graph() {
    let convolutions = |network: &Network| {
        let model = models::training(network, Optimizer::Adam, 4, Target::Onnxruntime).unwrap();
        let graph = onnx::Model::decode(&model.onnx[..]).unwrap().graph.unwrap();
        let names: Vec<String> = graph.node.iter().map(|node| node.op_type.clone()).collect();
        let count = |name: &str| names.iter().filter(|other| *other == name).count();
        let outputs = graph.output.iter().map(|output| output.name.clone());
        let nexts = outputs.filter(|name| name.starts_with("conv") || name.starts_with("batch"));
        (
            [
                count("Conv"),
                count("ConvTranspose"),
                count("BatchNormalization"),
            ],
            nexts.count(),
        )
    };
    let mut network = small();
    let ([convs, transposed, normalizations], nexts) = convolutions(&network);
    assert!(convs > 2 && transposed > 0 && normalizations == 0 && nexts > 0);
    network.freeze(&["body".into()]).unwrap();
    assert_eq!(convolutions(&network), ([2, 0, 2], 0));
}
