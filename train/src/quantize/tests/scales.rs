//! Scales on which all runtimes agree, and what is refused of samples.

use ndarray::{ArrayD, IxDyn};

use super::super::groups::Given;
use super::*;
use crate::data::random::Random;
use crate::layers::Int8Layer;

#[test]
fn every_order_of_a_factor_gives_the_same() {
    let mut factors = 0;
    for seed in 0..10 {
        let network = networks::random(&mut Random::new(seed, 3), 3);
        let Some(int8) = networks::quantized(&network, Given::default()) else {
            continue;
        };
        for node in &int8.nodes {
            let Int8Layer::Sums(sums) = &node.layer else {
                continue;
            };
            let (x, y) = (int8.meaning(node.inputs[0]).scale, node.to.scale);
            for (&w, &factor) in sums.filters.scales.iter().zip(&sums.multipliers) {
                let one = 1.0 / y;
                let orders = [
                    (x * w) / y,
                    (x / y) * w,
                    (w / y) * x,
                    (x * w) * one,
                    (x * one) * w,
                    (w * one) * x,
                ];
                assert_eq!(
                    orders.map(f32::to_bits),
                    [factor.to_bits(); 6],
                    "{}",
                    node.name
                );
                factors += 1;
            }
        }
    }
    assert!(factors > 100, "{factors}");
}

#[test]
fn tensors_that_a_sum_reads_mean_the_same() {
    for seed in 0..10 {
        let network = networks::random(&mut Random::new(seed, 3), 3);
        let Some(int8) = networks::quantized(&network, Given::default()) else {
            continue;
        };
        for node in &int8.nodes {
            let meanings: Vec<_> = node
                .inputs
                .iter()
                .map(|&input| int8.meaning(input))
                .collect();
            assert!(
                meanings.iter().all(|meaning| *meaning == meanings[0]),
                "{}",
                node.name
            );
            if matches!(node.layer, Int8Layer::Concat(_) | Int8Layer::MaxPool(_)) {
                assert_eq!(meanings[0], node.to, "{}", node.name);
            }
        }
    }
}

/// What comes of quantising the striped network with samples of these sizes.
fn with_samples(sizes: &[usize], change: impl FnOnce(&mut Arrays)) -> Result<Report, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(8, 0);
    let mut arrays = Arrays {
        inputs: ArrayD::from_shape_simple_fn(IxDyn(sizes), || random.between(0.0, 1.0)),
        labels: None,
        meaning: None,
        output: None,
    };
    change(&mut arrays);
    let request = Request {
        model: &striped_model(10),
        name: "stripes",
        data: Data::Arrays(arrays),
        second: None,
        out: folder.path(),
        max_drop: 0.01,
        force: false,
        interrupted: &NEVER,
    };
    let report = quantize(&RUNTIME, &request, &mut |_| {});
    let written: Vec<_> = files(folder.path());
    let names = ["stripes-int8.onnx", "stripes.q8"].map(|name| folder.path().join(name));
    match &report {
        Ok(_) => assert_eq!(written, names),
        Err(_) => assert_eq!(written, [] as [PathBuf; 0]),
    }
    report.map_err(|error| error.to_string())
}

#[test]
fn samples_of_any_form_give_ranges_and_decide() {
    let report = with_samples(&[30, 28, 28], |_| {}).unwrap();
    assert_eq!(report.measured, None);
    let classes = |arrays: &mut Arrays| arrays.output = Some(OutputKind::Classes);
    let measured = with_samples(&[30, 784], classes).unwrap().measured.unwrap();
    // Without labels the answers of the floats are right.
    let held_out = measured.held_out;
    assert_eq!(
        (held_out.samples, held_out.float, measured.test),
        (15, 15, None)
    );
    let labelled = |arrays: &mut Arrays| {
        classes(arrays);
        arrays.labels = Some(vec![3; 30]);
    };
    let measured = with_samples(&[30, 1, 28, 28], labelled)
        .unwrap()
        .measured
        .unwrap();
    assert!(measured.held_out.float < 15);
}

#[test]
fn samples_that_do_not_fit_are_refused() {
    let labels = |labels: Vec<usize>| {
        |arrays: &mut Arrays| {
            (arrays.output, arrays.labels) = (Some(OutputKind::Classes), Some(labels));
        }
    };
    let reconstruction = |arrays: &mut Arrays| arrays.output = Some(OutputKind::Reconstruction);
    for (found, expected) in [
        (
            with_samples(&[30, 783], |_| {}),
            "expected samples of 1 x 28 x 28 numbers, channels first or last, as the model takes them, \
             found an array of [30, 783]",
        ),
        (
            with_samples(&[1, 784], |_| {}),
            "expected at least 2 samples to calibrate and choose by, found 1",
        ),
        (
            with_samples(&[4, 784], labels(vec![0; 3])),
            "expected a label of 0 to 9 for each of 4 samples, found 3 labels",
        ),
        (
            with_samples(&[2, 784], labels(vec![0, 10])),
            "expected a label of 0 to 9 for each of 2 samples, found 10",
        ),
        (
            with_samples(&[4, 784], reconstruction),
            "expected an output of the input's shape, [1, 28, 28], to compare both, found [10, 1, 1]",
        ),
    ] {
        assert_eq!(found.unwrap_err(), expected);
    }
}
