//! Losses against plain 64-bit loops: here that of classes.

mod filling;
mod soft;
mod squared;

use ndarray::{Array1, Array2, arr1, arr2};
use tests::runtimes;
use train::gradient::gradients;
use train::graph::Graph;
use train::loss::{Soft, cross_entropy};
use train::models::{LABELS, WEIGHTS};
use train::runtime::Runtime;
use train::tensor::{ElementType, Tensor, TensorType};

const CLASSES: usize = 10;
/// Largest difference of a loss, relative to it, and of a gradient, whose elements are below 1.
const TOLERANCE: f64 = 1e-6;

/// Logits `[N, 10]` with their labels and weights `[N]`.
struct Batch {
    logits: Array2<f32>,
    labels: Array1<i64>,
    weights: Array1<f32>,
    smoothing: f32,
    /// Second labels, and the shares of the first ones.
    mixed: Option<(Array1<i64>, Array1<f32>)>,
    /// Whether labels may be [`CLASSES`], of no class.
    negatives: bool,
}

impl Batch {
    fn new(logits: Array2<f32>, labels: Array1<i64>, weights: Array1<f32>) -> Self {
        Self {
            logits,
            labels,
            weights,
            smoothing: 0.0,
            mixed: None,
            negatives: false,
        }
    }

    /// The share of a class in the answer to a row.
    fn target(&self, row: usize, class: usize) -> f64 {
        let is = |labels: &Array1<i64>| match labels[row] as usize {
            CLASSES => 1.0 / CLASSES as f64,
            label => f64::from(u8::from(label == class)),
        };
        let hard = match &self.mixed {
            None => is(&self.labels),
            Some((others, shares)) => {
                let share = f64::from(shares[row]);
                share * is(&self.labels) + (1.0 - share) * is(others)
            }
        };
        let smoothing = f64::from(self.smoothing);
        (1.0 - smoothing) * hard + smoothing / CLASSES as f64
    }
}

/// What the loss says of a batch.
struct Answer {
    sum: f64,
    mean: f64,
    correct: f64,
    /// Gradient of the mean loss with respect to the logits.
    gradient: Array2<f64>,
}

/// The answer of the graph.
fn found(runtime: &Runtime, batch: &Batch) -> Answer {
    let rows = batch.labels.len();
    let mut graph = Graph::new();
    let logits = graph
        .input("logits", TensorType::f32(&[rows, CLASSES]))
        .unwrap();
    let labels = graph
        .input(LABELS, TensorType::new(ElementType::I64, &[rows]))
        .unwrap();
    let weights = graph.input(WEIGHTS, TensorType::f32(&[rows])).unwrap();
    let mut feeds: Vec<(String, Tensor)> = vec![
        ("logits".into(), batch.logits.clone().into()),
        (LABELS.into(), batch.labels.clone().into()),
        (WEIGHTS.into(), batch.weights.clone().into()),
    ];
    let mixed = batch.mixed.clone().map(|(others, shares)| {
        feeds.push(("others".into(), others.into()));
        feeds.push(("shares".into(), shares.into()));
        let others = TensorType::new(ElementType::I64, &[rows]);
        let others = graph.input("others", others).unwrap();
        [
            others,
            graph.input("shares", TensorType::f32(&[rows])).unwrap(),
        ]
    });
    let soft = Soft {
        smoothing: batch.smoothing,
        mixed,
        negatives: batch.negatives,
    };
    let loss = cross_entropy(&mut graph, logits, labels, weights, soft).unwrap();
    let gradient = gradients(&mut graph, loss.mean, &[logits]).unwrap()[0];
    let outputs = [
        ("sum", loss.sum),
        ("mean", loss.mean),
        ("correct", loss.correct),
        ("gradient", gradient),
    ];
    for (name, value) in outputs {
        graph.output(name, value).unwrap();
    }
    let mut session = runtime
        .load(&graph.to_onnx("loss", &[]), Vec::new())
        .unwrap();
    let mut outputs = session.run(feeds).unwrap();
    let gradient = outputs.take("gradient").unwrap().mapv(f64::from);
    let mut number = |name| outputs.scalar(name).unwrap();
    let (sum, mean, correct) = (number("sum"), number("mean"), number("correct"));
    Answer {
        sum,
        mean,
        correct,
        gradient: gradient.into_dimensionality().unwrap(),
    }
}

/// The answer by definition: a row costs `ln(sum(exp(logits))) - logits[class]` of each class, in the shares of its target,
/// and the derivative of that is `softmax(logits) - target`.
fn expected(batch: &Batch) -> Answer {
    let count: f64 = batch.weights.iter().copied().map(f64::from).sum();
    let (mut sum, mut correct) = (0.0, 0.0);
    let mut gradient = Array2::zeros(batch.logits.raw_dim());
    for (row, &label) in batch.labels.iter().enumerate() {
        let (label, weight) = (label as usize, f64::from(batch.weights[row]));
        let logits: Vec<f64> = batch
            .logits
            .row(row)
            .iter()
            .copied()
            .map(f64::from)
            .collect();
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        for (class, logit) in logits.iter().enumerate() {
            sum += weight * batch.target(row, class) * (largest + total.ln() - logit);
        }
        let first = logits
            .iter()
            .position(|logit| logit.total_cmp(&largest).is_eq());
        correct += if first == Some(label) { weight } else { 0.0 };
        for (class, logit) in logits.iter().enumerate() {
            let probability = (logit - largest).exp() / total;
            gradient[[row, class]] = weight / count * (probability - batch.target(row, class));
        }
    }
    Answer {
        sum,
        mean: sum / count,
        correct,
        gradient,
    }
}

fn assert_close(name: &str, found: f64, expected: f64, scale: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= TOLERANCE * scale,
        "{name}: found {found}, expected {expected}"
    );
}

fn assert_right(runtime: &Runtime, batch: &Batch) -> Answer {
    let (found, expected) = (found(runtime, batch), expected(batch));
    assert_close("sum", found.sum, expected.sum, expected.sum);
    assert_close("mean", found.mean, expected.mean, expected.mean);
    assert_close("correct", found.correct, expected.correct, 1.0);
    for ((row, class), &expected) in expected.gradient.indexed_iter() {
        let name = format!("gradient of row {row}, class {class}");
        assert_close(&name, found.gradient[[row, class]], expected, 1.0);
    }
    found
}

/// All classes are equally likely, and the first of the equal logits is the prediction.
fn uniform_logits_cost_ln_10_each(runtime: &Runtime) {
    for logit in [0.0, 1.5, -80.0, 80.0] {
        let logits = Array2::from_elem((4, CLASSES), logit);
        let batch = Batch::new(logits, arr1(&[0, 9, 4, 0]), Array1::ones(4));
        let answer = assert_right(runtime, &batch);
        assert_close("sum", answer.sum, 4.0 * 10f64.ln(), 1.0);
        assert_close("correct", answer.correct, 2.0, 1.0);
    }
}

/// Rows: right, wrong, a tie that the first class wins, a tie that it loses, filling.
fn a_batch_made_by_hand_is_right(runtime: &Runtime) {
    let logits = arr2(&[
        [0.1, -0.4, 2.5, 0.3, -1.2, 0.0, 0.7, -0.6, 0.2, 1.1],
        [1.9, -0.2, 0.8, 0.4, 0.5, -1.0, 0.0, 0.3, -0.7, 0.6],
        [0.5, 3.0, 0.5, 0.1, 3.0, -0.5, 0.2, 0.0, 0.4, 0.3],
        [0.5, 3.0, 0.5, 0.1, 3.0, -0.5, 0.2, 0.0, 0.4, 0.3],
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    ]);
    let weights = arr1(&[1.0, 1.0, 1.0, 1.0, 0.0]);
    let labels = arr1(&[2, 7, 1, 4, 9]);
    let answer = assert_right(runtime, &Batch::new(logits, labels, weights));
    assert_close("correct", answer.correct, 2.0, 1.0);
}

/// Far right and far wrong: the probability of a class that is 160 behind is no 32-bit float, its logarithm is.
fn extreme_logits_stay_finite(runtime: &Runtime) {
    let mut logits = arr2(&[[-80.0; CLASSES], [80.0; CLASSES]]);
    (logits[[0, 6]], logits[[1, 1]]) = (80.0, -80.0);
    let batch = Batch::new(logits, arr1(&[6, 1]), arr1(&[1.0, 1.0]));
    let answer = assert_right(runtime, &batch);
    assert_close("correct", answer.correct, 1.0, 1.0);
    assert_close("sum", answer.sum, 160.0 + 9f64.ln(), 160.0);
}

#[test]
fn uniform_logits_cost_ln_10_each_on_tract() {
    uniform_logits_cost_ln_10_each(&runtimes::tract());
}

#[test]
fn a_batch_made_by_hand_is_right_on_tract() {
    a_batch_made_by_hand_is_right(&runtimes::tract());
}

#[test]
fn extreme_logits_stay_finite_on_tract() {
    extreme_logits_stay_finite(&runtimes::tract());
}

#[test]
fn losses_are_right_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("losses_are_right_on_onnxruntime") {
        uniform_logits_cost_ln_10_each(&runtime);
        a_batch_made_by_hand_is_right(&runtime);
        extreme_logits_stay_finite(&runtime);
    }
}
