//! The gradients of the whole digit network against central differences of the oracle.

use ndarray::{ArrayD, arr1};
use tests::oracle::{self, Feeds};
use tests::{random, runtimes};
use train::gradient::gradients;
use train::graph::{Graph, ValueId};
use train::init;
use train::loss::sparse_cross_entropy;
use train::net::Network;
use train::runtime::Runtime;
use train::tensor::{ElementType, Tensor, TensorType};

use super::{TOLERANCE, to_f32};

const BATCH: usize = 2;
/// Directions along which each parameter is moved.
const DIRECTIONS: usize = 8;
/// Small enough that none of the thousands of maxima and zeros changes place within it.
const STEP: f64 = 1e-8;

/// The mean loss of a batch, a graph of its parameters.
struct Problem {
    graph: Graph,
    feeds: Feeds,
    parameters: Vec<ValueId>,
    loss: ValueId,
}

impl Problem {
    fn new(numbers: &mut random::Numbers) -> Self {
        let network = Network::digits();
        let mut graph = Graph::new();
        let mut feeds = Feeds::new();
        let images = [BATCH, 1, 28, 28];
        let mask = numbers.tensor(&[BATCH, 128], -1.0, 1.0);
        let mask = mask.mapv(|value| if value < 0.0 { 0.0 } else { 2.0 });
        let mut input = |name: &str, element, value: ArrayD<f64>| {
            let tensor_type = TensorType::new(element, value.shape());
            let id = graph.input(name, tensor_type).unwrap();
            feeds.insert(id, value);
            id
        };
        let images = input(
            "images",
            ElementType::F32,
            numbers.tensor(&images, 0.0, 1.0),
        );
        let labels = input("labels", ElementType::I64, arr1(&[3.0, 8.0]).into_dyn());
        let weights = input("weights", ElementType::F32, arr1(&[1.0; BATCH]).into_dyn());
        let mask = input("mask", ElementType::F32, mask);
        let mut parameters = Vec::new();
        for (name, tensor) in init::parameters(&network, 1) {
            let value = tensor.as_f32().unwrap().mapv(f64::from);
            parameters.push(input(&name, ElementType::F32, value));
        }
        let logits = network
            .forward(&mut graph, images, &parameters, &[mask])
            .unwrap();
        let loss = sparse_cross_entropy(&mut graph, logits, labels, weights)
            .unwrap()
            .mean;
        Self {
            graph,
            feeds,
            parameters,
            loss,
        }
    }

    /// The gradient with respect to each parameter by the rules, on the runtime.
    fn found(&mut self, runtime: &Runtime) -> Vec<ArrayD<f64>> {
        let found = gradients(&mut self.graph, self.loss, &self.parameters).unwrap();
        for (index, gradient) in found.into_iter().enumerate() {
            self.graph
                .output(&format!("gradient{index}"), gradient)
                .unwrap();
        }
        let mut session = runtime
            .load(&self.graph.to_onnx("network", &[]), Vec::new())
            .unwrap();
        let feed = |(&id, value): (&ValueId, &ArrayD<f64>)| {
            let tensor = match self.graph.tensor_type(id).element {
                ElementType::I64 => Tensor::I64(value.mapv(|value| value as i64)),
                _ => to_f32(value),
            };
            (self.graph.name(id).to_owned(), tensor)
        };
        let mut outputs = session.run(self.feeds.iter().map(feed).collect()).unwrap();
        let mut gradient = |index| {
            outputs
                .take(&format!("gradient{index}"))
                .unwrap()
                .mapv(f64::from)
        };
        (0..self.parameters.len()).map(&mut gradient).collect()
    }

    /// The derivative along a direction of one parameter by the oracle.
    fn expected(&self, parameter: ValueId, direction: &ArrayD<f64>) -> f64 {
        let along = |step: f64| {
            let mut moved = self.feeds.clone();
            *moved.get_mut(&parameter).unwrap() += &(direction * step);
            oracle::evaluate(&self.graph, &moved, self.loss).sum()
        };
        (along(STEP) - along(-STEP)) / (2.0 * STEP)
    }
}

/// Compares derivatives along random directions, relative to the length of the gradient.
fn the_network_is_right(runtime: &Runtime) {
    let mut numbers = random::Numbers::new(5);
    let mut problem = Problem::new(&mut numbers);
    let gradients = problem.found(runtime);
    for (&parameter, gradient) in problem.parameters.iter().zip(&gradients) {
        let name = problem.graph.name(parameter);
        let scale = (gradient * gradient).sum().sqrt();
        let mut largest_if_wrong = 0.0f64;
        for _ in 0..DIRECTIONS {
            let direction = numbers.tensor(gradient.shape(), -1.0, 1.0);
            let expected = problem.expected(parameter, &direction);
            let found = (gradient * &direction).sum();
            let error = (found - expected).abs() / scale;
            assert!(
                error <= TOLERANCE,
                "{name}: {found} against {expected}, error {error:e}"
            );
            largest_if_wrong = largest_if_wrong.max((1.01 * found - expected).abs() / scale);
        }
        assert!(
            largest_if_wrong > TOLERANCE,
            "{name}: a gradient 1 % too large would pass"
        );
    }
}

#[test]
fn the_network_is_right_on_tract() {
    the_network_is_right(&runtimes::tract());
}

#[test]
fn the_network_is_right_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("the_network_is_right_on_onnxruntime") {
        the_network_is_right(&runtime);
    }
}
