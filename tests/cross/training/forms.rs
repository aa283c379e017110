//! The forms that are tried beside each other: they compute the same, and what was chosen is what is trained with.

use std::collections::BTreeSet;

use ndarray::ArrayD;
use tests::random::Numbers;
use tests::runtimes;
use train::architecture::{Description, Network};
use train::data::augment::Augment;
use train::data::synthetic;
use train::fit::fastest;
use train::graph::{Candidate, Chosen, Forms, Place};
use train::models;
use train::optimizer::Optimizer;
use train::runtime::Runtime;
use train::tensor::Tensor;

use super::{record, two_epochs};

/// Of an element, in parts of the largest one: forms add in different orders.
const TOLERANCE: f32 = 2e-5;
const BATCH_SIZE: usize = 16;

/// Convolutions of every kind that has several forms, and pools, in a network of its own size.
const NETWORK: &str = "
name = 'forms'
input = [3, 21, 18]
classes = 3
layers = [
    { layer = 'conv', filters = 16, kernel = 5, activation = 'relu' },
    { layer = 'max_pool', size = 2 },
    { layer = 'conv', filters = 32, kernel = 3, stride = 2, activation = 'relu' },
    { layer = 'depthwise', kernel = 3 },
    { layer = 'depthwise', kernel = [3, 2], stride = 2 },
    { layer = 'conv', filters = 24, kernel = 1 },
    { layer = 'conv', filters = 8, kernel = [1, 3], padding = 'valid' },
    { layer = 'global_pool' },
    { layer = 'dense', units = 'classes' },
]
";

fn network() -> Network {
    let description = Description::parse("forms", NETWORK).unwrap();
    let network = description.network(description.input(), description.numbers());
    network.unwrap()
}

/// All places of a training graph, those within candidates first; each takes its last form, so that these are met.
fn places(runtime: &Runtime) -> Vec<Place> {
    let (mut chosen, mut all) = (Chosen::new(), Vec::new());
    loop {
        let forms = Forms::in_search(runtime.target(), chosen.clone());
        models::training(&network(), Optimizer::Sgd, BATCH_SIZE, forms.clone()).unwrap();
        let (taken, open) = forms.found();
        if open.is_empty() {
            assert!(taken.len() > 5, "{taken:?}");
            return all;
        }
        for place in open {
            let last = place.candidates.last().unwrap().form;
            chosen.insert(place.name.clone(), last.into());
            all.push(place);
        }
    }
}

fn output(runtime: &Runtime, candidate: &Candidate) -> ArrayD<f32> {
    let mut numbers = Numbers::new(1);
    let mut input = |(name, tensor_type): &(String, train::tensor::TensorType)| {
        let array = numbers.tensor(&tensor_type.shape, -1.0, 1.0);
        (
            name.clone(),
            Tensor::F32(array.mapv(|number| number as f32)),
        )
    };
    let feeds = candidate.inputs.iter().map(&mut input).collect();
    let mut session = runtime.load(&candidate.onnx, Vec::new()).unwrap();
    session.run(feeds).unwrap().take("output").unwrap()
}

/// Runs each place in all of its forms, and returns what is computed at places.
fn agree(runtime: &Runtime) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for place in places(runtime) {
        let [usual, others @ ..] = &place.candidates[..] else {
            panic!("{} has no form", place.name);
        };
        assert!(!others.is_empty(), "{} has one form", place.name);
        let expected = output(runtime, usual);
        let largest = expected
            .iter()
            .fold(0.0, |largest: f32, one| largest.max(one.abs()));
        for candidate in others {
            let output = output(runtime, candidate);
            assert_eq!(output.shape(), expected.shape(), "{}", place.name);
            let differences = (&output - &expected).mapv(f32::abs);
            let worst = differences
                .iter()
                .fold(0.0, |worst: f32, &one| worst.max(one));
            assert!(
                worst <= TOLERANCE * largest && largest > 0.0,
                "{} {}: {worst} of {largest}",
                place.name,
                candidate.form
            );
        }
        found.extend(place.name.split(" of [").next().map(str::to_owned));
    }
    found
}

#[test]
fn all_forms_compute_the_same() {
    let found = agree(&runtimes::tract());
    for expected in [
        "Conv",
        "MaxPool",
        "input gradient of Conv",
        "weight gradient of Conv",
    ] {
        assert!(found.contains(expected), "{expected}: {found:?}");
    }
}

#[test]
fn all_forms_compute_the_same_on_onnxruntime() {
    let test = "training::forms::all_forms_compute_the_same_on_onnxruntime";
    if let Some(runtime) = runtimes::onnxruntime(test) {
        let found = agree(&runtime);
        let in_blocks = "weight gradient of depthwise Conv";
        let has_blocks = runtime.target() == train::graph::Target::OnnxruntimeX86;
        assert_eq!(found.contains(in_blocks), has_blocks, "{found:?}");
    }
}

/// Forms as a checkpoint has them lead to its bits again, whatever would be chosen now.
#[test]
fn a_run_keeps_its_forms() {
    let runtime = runtimes::tract();
    let measured = fastest(&runtime, &Network::digits(), &record(0)).unwrap();
    assert!(measured.len() > 5, "{measured:?}");
    let unusual = |place: &String| {
        let form = match place {
            place if place.starts_with("input gradient") => "transposed",
            place if place.starts_with("weight gradient") => "by patches",
            _ => "plain",
        };
        (place.clone(), form.to_owned())
    };
    let unusual: Chosen = measured.keys().map(unusual).collect();
    let digits = synthetic::digits(256, 20, 3);
    let run = |forms: &Chosen| {
        let folder = tempfile::tempdir().unwrap();
        let record = train::checkpoint::Record {
            forms: forms.clone(),
            ..record(0)
        };
        two_epochs(
            &runtime,
            &digits,
            record,
            None,
            Augment::None,
            folder.path(),
        )
    };
    let first = run(&unusual);
    assert_eq!(first.record.forms, unusual);
    assert_eq!(run(&unusual).variables, first.variables);
    assert_ne!(run(&Chosen::new()).variables, first.variables);
    let (record, resumed) = (first.record.clone(), Some(first));
    let folder = tempfile::tempdir().unwrap();
    let went_on = two_epochs(
        &runtime,
        &digits,
        record,
        resumed,
        Augment::None,
        folder.path(),
    );
    assert_eq!(went_on.record.forms, unusual);
}
