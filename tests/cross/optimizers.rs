//! The optimisers against plain 64-bit loops over Keras 3's update formulas.

use ndarray::arr1;
use tests::runtimes;
use train::graph::Graph;
use train::models::LEARNING_RATE;
use train::optimizer::{Method, Optimizer, Trainable, append_updates, in_use};
use train::runtime::{Runtime, Session};
use train::tensor::{Tensor, TensorType};

const OPTIMIZERS: [Optimizer; 4] = [
    Optimizer::Rmsprop,
    Optimizer::Sgd,
    Optimizer::Adam,
    Optimizer::Adamw,
];
/// Largest difference of a parameter, relative to itself.
const TOLERANCE: f64 = 1e-6;
/// Large enough that a hundredth of the weight decay shows in five steps.
const RATE: f32 = 0.03;
/// Some times larger than what the steps change, for which the powers of Adam's betas in 32-bit floats are good to
/// about 1e-5.
const START: [f32; 3] = [2.0, -3.0, 4.0];
/// A row a step. The second column is small enough that epsilon matters.
const GRADIENTS: [[f32; 3]; 5] = [
    [0.5, 1e-5, -2.0],
    [-0.3, 2e-5, 1.0],
    [0.8, -1e-5, 0.1],
    [0.1, 3e-5, -0.7],
    [-0.6, 1e-5, 1.5],
];

/// The constants that Keras takes when it is given none, and the momentum of [`Optimizer::Sgd`].
#[derive(Clone, Copy)]
struct Constants {
    rho: f64,
    momentum: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    weight_decay: f64,
}

const KERAS: Constants = Constants {
    rho: 0.9,
    momentum: 0.9,
    beta_1: 0.9,
    beta_2: 0.999,
    epsilon: 1e-7,
    weight_decay: 0.004,
};

/// One element of the parameter after all steps.
fn expected_element(optimizer: Optimizer, constants: &Constants, element: usize) -> f64 {
    let gradients = GRADIENTS.map(|row| f64::from(row[element]));
    let start = f64::from(START[element]);
    match optimizer {
        Optimizer::Rmsprop => rmsprop(constants, start, &gradients),
        Optimizer::Sgd => sgd(constants, start, &gradients),
        Optimizer::Adam => adam(
            &Constants {
                weight_decay: 0.0,
                ..*constants
            },
            start,
            &gradients,
        ),
        Optimizer::Adamw => adam(constants, start, &gradients),
    }
}

fn rmsprop(constants: &Constants, start: f64, gradients: &[f64]) -> f64 {
    let (mut w, mut velocity) = (start, 0.0);
    for g in gradients {
        velocity = constants.rho * velocity + (1.0 - constants.rho) * g * g;
        w -= f64::from(RATE) * g / (velocity + constants.epsilon).sqrt();
    }
    w
}

fn sgd(constants: &Constants, start: f64, gradients: &[f64]) -> f64 {
    let (mut w, mut velocity) = (start, 0.0);
    for g in gradients {
        velocity = constants.momentum * velocity - f64::from(RATE) * g;
        w += velocity;
    }
    w
}

fn adam(constants: &Constants, start: f64, gradients: &[f64]) -> f64 {
    let Constants { beta_1, beta_2, .. } = *constants;
    let (mut w, mut m, mut v) = (start, 0.0, 0.0);
    for (step, g) in (1..).zip(gradients) {
        let correction = (1.0 - beta_2.powi(step)).sqrt() / (1.0 - beta_1.powi(step));
        m = beta_1 * m + (1.0 - beta_1) * g;
        v = beta_2 * v + (1.0 - beta_2) * g * g;
        w -= f64::from(RATE) * constants.weight_decay * w;
        w -= f64::from(RATE) * correction * m / (v.sqrt() + constants.epsilon);
    }
    w
}

/// A graph of nothing but the update, its parameter, a statistic (the sum of the gradients) and state as residents.
fn session(runtime: &Runtime, method: &Method) -> Session {
    let mut graph = Graph::new();
    let mut input = |name, shape: &[usize]| graph.input(name, TensorType::f32(shape)).unwrap();
    let [parameter, statistic, gradient] = ["w", "s", "g"].map(|name| input(name, &[3]));
    let learning_rate = input(LEARNING_RATE, &[]);
    let trainable = Trainable {
        parameter,
        gradient,
    };
    let next = graph.add(statistic, gradient).unwrap();
    graph.output("s.next", next).unwrap();
    let statistics = [(statistic, next)];
    let state =
        append_updates(&mut graph, method, &[trainable], &statistics, learning_rate).unwrap();
    let mut residents = vec![
        ("w".to_owned(), arr1(&START).into()),
        ("s".to_owned(), Tensor::filled(&[3], 0.0)),
    ];
    residents.extend(state.into_iter().map(|one| {
        let first = Tensor::filled(&one.shape, one.initial);
        (one.name, first)
    }));
    runtime
        .load(&graph.to_onnx(method.optimizer.name(), &[]), residents)
        .unwrap()
}

/// The parameter after all steps.
fn found(runtime: &Runtime, optimizer: Optimizer) -> Vec<f64> {
    let residents = after_all_steps(runtime, &optimizer.into());
    let parameter = residents[0].1.as_f32().unwrap();
    parameter.iter().copied().map(f64::from).collect()
}

/// All variables after all steps, the parameter first.
fn after_all_steps(runtime: &Runtime, method: &Method) -> Vec<(String, Tensor)> {
    let mut session = session(runtime, method);
    for gradient in GRADIENTS {
        let rate = (LEARNING_RATE.to_owned(), Tensor::scalar(RATE));
        session
            .run(vec![("g".into(), arr1(&gradient).into()), rate])
            .unwrap();
    }
    session.residents().unwrap()
}

/// Largest relative difference from the formulas with these constants.
fn error(found: &[f64], optimizer: Optimizer, constants: &Constants) -> f64 {
    let errors = found.iter().enumerate().map(|(element, found)| {
        let expected = expected_element(optimizer, constants, element);
        (found - expected).abs() / expected.abs()
    });
    errors.fold(0.0, f64::max)
}

fn updates_are_those_of_keras(runtime: &Runtime) {
    for optimizer in OPTIMIZERS {
        let error = error(&found(runtime, optimizer), optimizer, &KERAS);
        assert!(error <= TOLERANCE, "{}: {error:e}", optimizer.name());
    }
}

#[test]
fn updates_are_those_of_keras_on_tract() {
    updates_are_those_of_keras(&runtimes::tract());
}

#[test]
fn updates_are_those_of_keras_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("updates_are_those_of_keras_on_onnxruntime") {
        updates_are_those_of_keras(&runtime);
    }
}

/// Every constant of every optimiser: by 1 % less, or half of it where it only keeps roots from zero.
fn wrong_constants() -> Vec<(Optimizer, &'static str, Constants)> {
    use Optimizer::{Adam, Adamw, Rmsprop, Sgd};
    let wrong = |change: fn(&mut Constants)| {
        let mut constants = KERAS;
        change(&mut constants);
        constants
    };
    let rho = wrong(|one| one.rho *= 0.99);
    let momentum = wrong(|one| one.momentum *= 0.99);
    let beta_1 = wrong(|one| one.beta_1 *= 0.99);
    let beta_2 = wrong(|one| one.beta_2 *= 0.99);
    let epsilon = wrong(|one| one.epsilon *= 0.5);
    let weight_decay = wrong(|one| one.weight_decay *= 0.99);
    vec![
        (Rmsprop, "rho", rho),
        (Rmsprop, "epsilon", epsilon),
        (Sgd, "momentum", momentum),
        (Adam, "beta_1", beta_1),
        (Adam, "beta_2", beta_2),
        (Adam, "epsilon", epsilon),
        (Adamw, "beta_1", beta_1),
        (Adamw, "beta_2", beta_2),
        (Adamw, "epsilon", epsilon),
        (Adamw, "weight_decay", weight_decay),
    ]
}

#[test]
fn a_constant_that_is_wrong_by_one_percent_is_found() {
    let runtime = runtimes::tract();
    for (optimizer, name, constants) in wrong_constants() {
        let error = error(&found(&runtime, optimizer), optimizer, &constants);
        assert!(error > TOLERANCE, "{} {name}: {error:e}", optimizer.name());
    }
}

/// Any optimiser may take a share of the parameter away at each step; running means are those of all steps' parameters and
/// statistics, the last ones counting most, and what a network is used with.
#[test]
fn parameters_decay_and_are_averaged_as_the_formulas_say() {
    let runtime = runtimes::tract();
    let (decay, keep) = (0.01, 0.6);
    let method = Method {
        weight_decay: decay,
        average: Some(keep),
        ..Optimizer::Sgd.into()
    };
    let residents = after_all_steps(&runtime, &method);
    let numbers = |tensor: &Tensor| -> Vec<f64> {
        let array = tensor.as_f32().unwrap();
        array.iter().copied().map(f64::from).collect()
    };
    let last = numbers(&residents[0].1);
    let used = in_use(&residents, 2);
    let [averaged, averaged_sums] = [0, 1].map(|variable| numbers(&used[variable].1));
    for element in 0..3 {
        let (mut w, mut velocity) = (f64::from(START[element]), 0.0);
        let (mut sum, mut mean_sum) = (0.0, 0.0);
        let (mut mean, mut weight) = (0.0, 0.0);
        for row in GRADIENTS {
            velocity = 0.9 * velocity - f64::from(RATE) * f64::from(row[element]);
            w = w * (1.0 - f64::from(RATE) * f64::from(decay)) + velocity;
            mean = f64::from(keep) * mean + (1.0 - f64::from(keep)) * w;
            sum += f64::from(row[element]);
            mean_sum = f64::from(keep) * mean_sum + (1.0 - f64::from(keep)) * sum;
            weight = f64::from(keep) * weight + 1.0 - f64::from(keep);
        }
        let expected = [w, mean / weight, mean_sum / weight];
        let found = [last[element], averaged[element], averaged_sums[element]];
        for (found, expected) in found.into_iter().zip(expected) {
            let error = (found - expected).abs() / expected.abs();
            assert!(error < 1e-6, "{found} against {expected}");
        }
    }
}
