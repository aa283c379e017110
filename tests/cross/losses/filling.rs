//! Rows that only fill up a batch.

use ndarray::{ArrayD, Axis, arr1};
use tests::training::{Step, Stepper};
use tests::{random, runtimes};
use train::models::{IMAGES, LABELS, WEIGHTS, mask_name};
use train::optimizer::Optimizer;
use train::runtime::Runtime;
use train::tensor::Tensor;

use super::{TOLERANCE, assert_close};

/// The feeds of a training step on the first `weights.len()` of three rows.
fn step_feeds(weights: &[f32]) -> Vec<(String, Tensor)> {
    let rows = weights.len();
    let mut numbers = random::Numbers::new(9);
    let images = numbers
        .tensor(&[3, 1, 28, 28], 0.1, 1.0)
        .mapv(|pixel| pixel as f32);
    let mask = numbers.tensor(&[3, 128], 0.0, 1.0);
    let mask = mask.mapv(|value| if value < 0.4 { 0.0f32 } else { 1.0 / 0.6 });
    let first =
        |array: ArrayD<f32>| Tensor::F32(array.slice_axis(Axis(0), (..rows).into()).to_owned());
    vec![
        (IMAGES.into(), first(images)),
        (LABELS.into(), arr1(&[3i64, 8, 5][..rows]).into()),
        (WEIGHTS.into(), arr1(weights).into()),
        (mask_name("dropout1"), first(mask)),
    ]
}

/// One step from the same parameters.
fn stepped(runtime: &Runtime, weights: &[f32]) -> (Step, Vec<(String, Tensor)>) {
    let mut stepper = Stepper::new(runtime, Optimizer::Sgd, weights.len());
    (stepper.step(step_feeds(weights)), stepper.variables())
}

/// Largest difference of two lists of variables, relative to the largest element of each tensor.
fn difference(a: &[(String, Tensor)], b: &[(String, Tensor)]) -> f64 {
    let largest = |values: &mut dyn Iterator<Item = f32>| {
        f64::from(values.fold(0.0f32, |largest, value| largest.max(value.abs())))
    };
    let one = |((_, a), (_, b)): (&(String, Tensor), &(String, Tensor))| {
        let (a, b) = (a.as_f32().unwrap(), b.as_f32().unwrap());
        let differences = &mut a.iter().zip(b).map(|(a, b)| a - b);
        largest(differences) / largest(&mut b.iter().copied())
    };
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(one).fold(0.0, f64::max)
}

fn filling_rows_change_nothing(runtime: &Runtime) {
    let (two_rows, expected) = stepped(runtime, &[1.0, 1.0]);
    let (filled, found) = stepped(runtime, &[1.0, 1.0, 0.0]);
    assert_close(
        "loss_sum",
        filled.loss_sum,
        two_rows.loss_sum,
        two_rows.loss_sum,
    );
    assert_close("correct", filled.correct, two_rows.correct, 1.0);
    let error = difference(&found, &expected);
    assert!(
        error <= TOLERANCE,
        "a filling row changes variables by {error:e}"
    );

    let (three_rows, found) = stepped(runtime, &[1.0, 1.0, 1.0]);
    assert!(
        three_rows.loss_sum > two_rows.loss_sum + 1.0,
        "{three_rows:?} and {two_rows:?}"
    );
    let error = difference(&found, &expected);
    assert!(
        error > 1e3 * TOLERANCE,
        "a row that counts changes variables by {error:e} only"
    );
}

#[test]
fn filling_rows_change_nothing_on_tract() {
    filling_rows_change_nothing(&runtimes::tract());
}

#[test]
fn filling_rows_change_nothing_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("filling_rows_change_nothing_on_onnxruntime") {
        filling_rows_change_nothing(&runtime);
    }
}
