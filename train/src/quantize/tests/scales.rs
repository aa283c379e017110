//! Scales on which all runtimes agree, and what is refused of samples.

use input::arrays::ClassesError;
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

fn numbers(arrays: &mut Arrays) -> &mut ArrayD<f32> {
    match &mut arrays.inputs {
        Inputs::Numbers(numbers) => numbers,
        Inputs::Pixels(_) => panic!("pixels"),
    }
}

/// What comes of quantising the striped network with samples of these sizes.
fn with_samples(sizes: &[usize], change: impl FnOnce(&mut Arrays)) -> Result<Report, String> {
    heard(&striped_model(10), sizes, change).0
}

/// What comes of quantising a network with samples of these sizes, and what is said meanwhile.
fn heard(
    model: &[u8],
    sizes: &[usize],
    change: impl FnOnce(&mut Arrays),
) -> (Result<Report, String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(8, 0);
    let inputs = ArrayD::from_shape_simple_fn(IxDyn(sizes), || random.between(0.0, 1.0));
    let mut arrays = Arrays {
        name: "x".into(),
        ..Arrays::new(Inputs::Numbers(inputs))
    };
    change(&mut arrays);
    let request = Request {
        model,
        options: Options::default(),
        name: "stripes",
        data: Data::Arrays(arrays),
        second: None,
        out: folder.path(),
        max_drop: 0.01,
        force: false,
        interrupted: &NEVER,
    };
    let mut said = String::new();
    let report = quantize(&RUNTIME, &request, &mut |line| said.extend([line, "\n"]));
    let written: Vec<_> = files(folder.path());
    let names = ["stripes-int8.onnx", "stripes.q8"].map(|name| folder.path().join(name));
    match &report {
        Ok(_) => assert_eq!(written, names),
        Err(_) => assert_eq!(written, [] as [PathBuf; 0]),
    }
    (report.map_err(|error| error.to_string()), said)
}

#[test]
fn what_is_done_with_labels_is_said() {
    let labelled = |output| {
        move |arrays: &mut Arrays| {
            (arrays.output, arrays.labels) =
                (output, Ok(Some((0..30).map(|at| at % 10).collect())));
        }
    };
    let classes = Some(OutputKind::Classes);
    let model = striped_model(10);
    let (report, said) = heard(&model, &[30, 784], labelled(classes));
    assert!(
        !said.contains("labels") && !said.contains("y or label"),
        "{said}"
    );
    let table = report.unwrap().to_string();
    assert!(table.contains("right by the labels"), "{table}");
    let (report, said) = heard(&model, &[30, 784], |arrays| arrays.output = classes);
    assert!(said.contains("no array is named y or label"), "{said}");
    let table = report.unwrap().to_string();
    assert!(table.contains("answers as the floats"), "{table}");
    let (report, said) = heard(&model, &[30, 784], labelled(None));
    assert!(said.contains("--output classes takes them"), "{said}");
    assert_eq!(report.unwrap().measured, None);
}

#[test]
fn a_sample_far_from_all_others_is_named() {
    let model = striped_model(10);
    let (_, said) = heard(&model, &[30, 784], |arrays| numbers(arrays)[[17, 3]] = -1e6);
    assert!(
        said.contains("x: sample 17 has numbers up to 1.000e6"),
        "{said}"
    );
    let (_, said) = heard(&model, &[30, 784], |arrays| {
        numbers(arrays)[[17, 3]] = -50.0;
    });
    assert!(!said.contains("sample 17"), "{said}");
}

/// A layer that gives back all numbers of an image but the first.
fn all_but_the_first() -> Vec<u8> {
    let mut weight = Array2::eye(784);
    weight[[0, 0]] = 0.0;
    dense(&[(weight, Array1::zeros(784))], &[])
}

#[test]
fn an_autoencoder_is_calibrated_on_usual_samples_alone() {
    let sets = |labels: Option<Vec<usize>>| {
        let mut network = import(&all_but_the_first()).unwrap();
        network.input.shape = [784, 1, 1];
        let inputs = ArrayD::from_shape_fn(IxDyn(&[20, 784]), |at| {
            if at[0] % 4 == 3 {
                9.0
            } else {
                at[1] as f32 / 784.0
            }
        });
        let arrays = Arrays {
            labels: Ok(labels),
            output: Some(OutputKind::Reconstruction),
            ..Arrays::new(Inputs::Numbers(inputs))
        };
        sets::Sets::of(&network, &Data::Arrays(arrays))
    };
    let labels: Vec<usize> = (0..20).map(|at| usize::from(at % 4 == 3)).collect();
    let reach = |samples: &Samples| {
        let rows = samples.rows().unwrap();
        rows.into_iter().fold(0.0, f32::max)
    };
    let usual = sets(Some(labels)).unwrap();
    for samples in [&usual.calibration, &usual.held_out, &usual.checked] {
        assert!(reach(samples) < 1.0);
    }
    assert_eq!(usual.calibration.len() + usual.held_out.len(), 15);
    assert!(
        usual.notes[0].starts_with("5 samples labelled 1 are left out"),
        "{:?}",
        usual.notes
    );
    let all = sets(None).unwrap();
    assert_eq!((all.calibration.len(), all.notes.len()), (10, 0));
    let refusal = |labels| sets(Some(labels)).err().unwrap().to_string();
    assert!(refusal(vec![2; 20]).ends_with("found 2 for sample 0"));
    assert!(refusal(vec![1; 20]).ends_with("to calibrate and choose by, found 0"));
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
        arrays.labels = Ok(Some(vec![3; 30]));
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
            (arrays.output, arrays.labels) = (Some(OutputKind::Classes), Ok(Some(labels)));
        }
    };
    let unusable = |arrays: &mut Arrays| {
        arrays.output = Some(OutputKind::Classes);
        arrays.labels = Err(ClassesError {
            name: "y".into(),
            count: 4,
            found: "an array of shape [3]".into(),
        });
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
            "expected a label of 0 to 9 for each of 2 samples, found 10 for sample 1",
        ),
        (
            with_samples(&[4, 784], unusable),
            "y: expected the class of each of 4 samples, a whole number from 0, or a row with one 1 among zeros, found an \
             array of shape [3]; correct it, or give it a name that does not begin with y or label",
        ),
        (
            with_samples(&[4, 784], |arrays| numbers(arrays)[[2, 700]] = f32::NAN),
            "x: expected finite numbers, found NaN in sample 2",
        ),
        (
            with_samples(&[4, 784], reconstruction),
            "expected an output of the input's shape, [1, 28, 28], or of as many numbers where both have one channel or one \
         place, to compare both, found [10, 1, 1]",
        ),
    ] {
        assert_eq!(found.unwrap_err(), expected);
    }
}
