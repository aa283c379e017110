//! Answers that are not all of one class: labels that are spread, mixtures, and samples of no class.

use ndarray::{Array1, Array2, arr1};
use tests::{random, runtimes};
use train::runtime::Runtime;

use super::{Batch, CLASSES, assert_right};

const ROWS: usize = 6;

fn logits(numbers: &mut random::Numbers) -> Array2<f32> {
    let logits = numbers.tensor(&[ROWS, CLASSES], -4.0, 4.0);
    let logits = logits.mapv(|logit| logit as f32);
    logits.into_dimensionality().unwrap()
}

/// Each way to be soft alone, with classes that count more than others, and all together.
fn soft_answers_are_right(runtime: &Runtime) {
    let mut numbers = random::Numbers::new(2);
    let own = logits(&mut numbers);
    let plain = || {
        let labels = arr1(&[0, 3, 9, 9, 5, 1]);
        Batch::new(own.clone(), labels, Array1::ones(ROWS))
    };
    let none = i64::try_from(CLASSES).unwrap();
    let mixed = || {
        let shares = arr1(&[0.25, 0.5, 1.0, 0.0, 0.9, 0.5]);
        Some((arr1(&[1, 3, 0, 2, none, 2]), shares))
    };
    let weights = || arr1(&[1.0, 0.5, 2.0, 2.0, 0.25, 0.0]);
    let labels = || arr1(&[0, none, 9, none, 5, none]);
    for batch in [
        Batch {
            smoothing: 0.1,
            ..plain()
        },
        Batch {
            mixed: mixed(),
            negatives: true,
            ..plain()
        },
        Batch {
            weights: weights(),
            ..plain()
        },
        Batch {
            labels: labels(),
            negatives: true,
            ..plain()
        },
        Batch {
            smoothing: 0.3,
            mixed: mixed(),
            labels: labels(),
            negatives: true,
            weights: weights(),
            ..plain()
        },
    ] {
        assert_right(runtime, &batch);
    }
}

#[test]
fn soft_answers_are_right_on_tract() {
    soft_answers_are_right(&runtimes::tract());
}

#[test]
fn soft_answers_are_right_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("soft_answers_are_right_on_onnxruntime") {
        soft_answers_are_right(&runtime);
    }
}
