//! The gradients of whole networks against central differences of the oracle.

use ndarray::{Array1, ArrayD};
use tests::oracle::{self, Feeds};
use tests::{random, runtimes};
use train::architecture::{Description, Network};
use train::gradient::gradients;
use train::graph::{Graph, Target, ValueId};
use train::init;
use train::layers::Training;
use train::loss::{Soft, cross_entropy, mean_squared_error};
use train::runtime::Runtime;
use train::tensor::{ElementType, Tensor, TensorType};

use super::{TOLERANCE, to_f32};

/// Directions along which each parameter is moved.
const DIRECTIONS: usize = 8;
/// Small enough that none of the thousands of maxima and zeros changes place within it.
const STEP: f64 = 1e-8;

/// A network with a layer of each kind, batch normalisation of pictures and of features among them.
const EACH_KIND: &str = r#"
name = "each"
input = [2, 9, 8]
classes = 3
layers = [
    { layer = "normalize", mean = [0.2, -0.3], std = [0.5, 2.0] },
    { layer = "conv", filters = 4, kernel = 3, stride = [2, 1], batch_norm = true, activation = "leaky" },
    { layer = "separable", filters = 6, kernel = [3, 2], stride = 2, batch_norm = true, activation = "relu6", name = "a" },
    { layer = "depthwise", kernel = 2, activation = "relu", name = "b" },
    { layer = "add", from = ["a", "b"], name = "sum" },
    { layer = "conv", from = "sum", filters = 3, kernel = 1, bias = false, name = "c" },
    { layer = "concat", from = ["sum", "c"] },
    { layer = "max_pool", size = 2, stride = 1, name = "d" },
    { layer = "average_pool", size = [2, 1], stride = 1 },
    { layer = "activation", activation = "relu" },
    { layer = "flatten", name = "e" },
    { layer = "global_pool", from = "d", name = "f" },
    { layer = "concat", from = ["e", "f"] },
    { layer = "dense", units = 7, batch_norm = true, activation = "relu" },
    { layer = "dropout", rate = 0.5 },
    { layer = "batch_norm", momentum = 0.5, epsilon = 0.01 },
    { layer = "dense", units = "classes" },
]
"#;

/// A network that makes its input again.
const AGAIN: &str = r#"
name = "again"
input = [1, 4, 3]
classes = 0
layers = [
    { layer = "flatten" },
    { layer = "dense", units = 5, batch_norm = true, activation = "leaky" },
    { layer = "dense", units = "inputs" },
]
"#;

/// The mean loss of a batch, a graph of its parameters.
struct Problem {
    graph: Graph,
    feeds: Feeds,
    parameters: Vec<ValueId>,
    loss: ValueId,
}

impl Problem {
    /// A batch whose rows count as `weights` say, in the forms for a runtime.
    fn new(
        network: &Network,
        weights: &[f64],
        numbers: &mut random::Numbers,
        target: Target,
    ) -> Self {
        let rows = weights.len();
        let mut graph = Graph::of_forms(target);
        let mut feeds = Feeds::new();
        let mut input = |graph: &mut Graph, name: &str, element, value: ArrayD<f64>| {
            let tensor_type = TensorType::new(element, value.shape());
            let id = graph.input(name, tensor_type).unwrap();
            feeds.insert(id, value);
            id
        };
        let floats = ElementType::F32;
        let images = numbers.tensor(&[&[rows], &network.input[..]].concat(), 0.0, 1.0);
        let images = input(&mut graph, "images", floats, images);
        let classes = network.labels.len();
        let labels = (classes > 0).then(|| {
            let labels = (0..rows).map(|row| (3 * row % classes) as f64);
            let labels = Array1::from_iter(labels).into_dyn();
            input(&mut graph, "labels", ElementType::I64, labels)
        });
        let weights = Array1::from_iter(weights.iter().copied()).into_dyn();
        let weights = input(&mut graph, "weights", floats, weights);
        let mut masks = Vec::new();
        for (name, _, shape) in network.dropouts() {
            let mask = numbers.tensor(&[&[rows], &shape[..]].concat(), -1.0, 1.0);
            let mask = mask.mapv(|value| if value < 0.0 { 0.0 } else { 2.0 });
            masks.push(input(&mut graph, &name, floats, mask));
        }
        let (mut all, mut parameters) = (Vec::new(), Vec::new());
        let first = init::parameters(network, 1);
        for (parameter, (name, tensor)) in network.parameters().iter().zip(first) {
            let drawn = numbers.tensor(&parameter.shape, -0.2, 0.2);
            let value = tensor.as_f32().unwrap().mapv(f64::from) + drawn;
            let value = input(&mut graph, &name, floats, value);
            all.push(value);
            if parameter.is_trained {
                parameters.push(value);
            }
        }
        let training = Training {
            masks: &masks,
            weights,
        };
        let forward = network.forward(&mut graph, images, &all, Some(training));
        let forward = forward.unwrap();
        for (index, (_, next)) in forward.updates.into_iter().enumerate() {
            graph.output(&format!("statistic{index}"), next).unwrap();
        }
        let output = forward.output;
        let loss = if let Some(labels) = labels {
            let soft = Soft::default();
            cross_entropy(&mut graph, output, labels, weights, soft).map(|loss| loss.mean)
        } else {
            // The images are to be made again.
            mean_squared_error(&mut graph, output, images, weights).map(|loss| loss.mean)
        };
        let loss = loss.unwrap();
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
            .load(
                &self.graph.specialized().unwrap().to_onnx("network", &[]),
                Vec::new(),
            )
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

/// The digit network, and one with a layer of each kind whose batch is filled up with rows that do not count.
fn networks_are_right(runtime: &Runtime) {
    let mut numbers = random::Numbers::new(5);
    let digits = Problem::new(
        &Network::digits(),
        &[1.0; 2],
        &mut numbers,
        runtime.target(),
    );
    is_right(runtime, digits, &mut numbers);
    let labels = ["a", "b", "c"].map(String::from).to_vec();
    let each = Description::parse("each kind", EACH_KIND).unwrap();
    let each = each.network([2, 9, 8], labels).unwrap();
    let weights = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0];
    let each = Problem::new(&each, &weights, &mut numbers, runtime.target());
    is_right(runtime, each, &mut numbers);
    let again = Description::parse("again", AGAIN).unwrap();
    let again = again.network([1, 4, 3], Vec::new()).unwrap();
    let again = Problem::new(&again, &weights, &mut numbers, runtime.target());
    is_right(runtime, again, &mut numbers);
}

/// Compares derivatives along random directions, relative to the length of the gradient.
fn is_right(runtime: &Runtime, mut problem: Problem, numbers: &mut random::Numbers) {
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
fn networks_are_right_on_tract() {
    networks_are_right(&runtimes::tract());
}

#[test]
fn networks_are_right_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("networks_are_right_on_onnxruntime") {
        networks_are_right(&runtime);
    }
}
