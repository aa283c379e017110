//! The mean squared error.

use ndarray::{ArrayD, arr1};
use tests::{random, runtimes};
use train::gradient::gradients;
use train::graph::Graph;
use train::loss::mean_squared_error;
use train::models::WEIGHTS;
use train::runtime::Runtime;
use train::tensor::{Tensor, TensorType};

use super::assert_close;

/// Of rows of three by two numbers the mean of the squared differences, in a batch the mean over what its rows count.
fn squared_errors_are_right(runtime: &Runtime) {
    let mut numbers = random::Numbers::new(7);
    let mut drawn = |shape: &[usize]| numbers.tensor(shape, -3.0, 3.0).mapv(|one| one as f32);
    let (outputs, targets) = (drawn(&[4, 3, 2]), drawn(&[4, 6]));
    let weights = arr1(&[1.0f32, 0.5, 2.0, 0.0]);
    let mut graph = Graph::of_forms(runtime.target());
    let mut input =
        |name: &str, shape: &[usize]| graph.input(name, TensorType::f32(shape)).unwrap();
    let [x, y] = [input("x", &[4, 3, 2]), input("y", &[4, 6])];
    let of_rows = input(WEIGHTS, &[4]);
    let loss = mean_squared_error(&mut graph, x, y, of_rows).unwrap();
    let gradient = gradients(&mut graph, loss.mean, &[x]).unwrap()[0];
    let named = [
        ("mean", loss.mean),
        ("sum", loss.sum),
        ("errors", loss.of_samples),
        ("gradient", gradient),
    ];
    for (name, value) in named {
        graph.output(name, value).unwrap();
    }
    let model = graph.specialized().unwrap().to_onnx("loss", &[]);
    let mut session = runtime.load(&model, Vec::new()).unwrap();
    let feeds = vec![
        ("x".into(), Tensor::F32(outputs.clone())),
        ("y".into(), Tensor::F32(targets.clone())),
        (WEIGHTS.into(), weights.clone().into()),
    ];
    let mut found = session.run(feeds).unwrap();
    let of = |array: &ArrayD<f32>| -> Vec<f64> { array.iter().map(|&one| one.into()).collect() };
    let (outputs, targets) = (of(&outputs), of(&targets));
    let error = |at: usize| outputs[at] - targets[at];
    let mean_of = |row: usize| {
        (6 * row..6 * row + 6)
            .map(|at| error(at).powi(2))
            .sum::<f64>()
            / 6.0
    };
    let sum: f64 = (0..4)
        .map(|row| f64::from(weights[row]) * mean_of(row))
        .sum();
    assert_close("sum", found.scalar("sum").unwrap(), sum, sum);
    assert_close("mean", found.scalar("mean").unwrap(), sum / 3.5, sum);
    for (row, found) in found.take("errors").unwrap().iter().enumerate() {
        assert_close("errors", f64::from(*found), mean_of(row), 10.0);
    }
    for (at, found) in found.take("gradient").unwrap().iter().enumerate() {
        let expected = 2.0 * error(at) / 6.0 * f64::from(weights[at / 6]) / 3.5;
        assert_close("gradient", f64::from(*found), expected, 1.0);
    }
}

#[test]
fn squared_errors_are_right_on_tract() {
    squared_errors_are_right(&runtimes::tract());
}

#[test]
fn squared_errors_are_right_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("squared_errors_are_right_on_onnxruntime") {
        squared_errors_are_right(&runtime);
    }
}
