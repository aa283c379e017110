//! Gradient rules against central differences of the oracle, on real runtimes.

mod cases;
mod network;

use cases::{Case, cases};
use ndarray::ArrayD;
use tests::oracle::{self, Feeds};
use tests::{random, runtimes};
use train::gradient::gradients;
use train::graph::{Graph, GraphError, Node, Target, ValueId};
use train::ops::{Gradient, OPERATORS, Operator, Window};
use train::runtime::Runtime;
use train::tensor::{Tensor, TensorType};

/// Largest difference of a gradient, relative to the largest element of the gradient: sums of some hundred products in
/// 32-bit floats stay well below it, a rule that is wrong by 1 % does not.
const TOLERANCE: f64 = 1e-3;
/// Step of the central differences; in 64-bit floats their error is then near 1e-9.
const STEP: f64 = 1e-6;
/// What gradient rules may choose forms for.
const TARGETS: [Target; 4] = [
    Target::Cuda,
    Target::Onnxruntime,
    Target::OnnxruntimeX86,
    Target::Tract,
];

/// `sum(y * weights)` of a case's `y` and random weights, where its inputs are random too.
struct Problem {
    graph: Graph,
    feeds: Feeds,
    inputs: Vec<ValueId>,
    loss: ValueId,
}

impl Problem {
    fn new(case: &Case, operator: &'static Operator, target: Target) -> Self {
        let mut graph = Graph::of_forms(target);
        let mut numbers = random::Numbers::new(1);
        let mut feeds = Feeds::new();
        let mut inputs = Vec::new();
        for (index, shape) in case.shapes.iter().enumerate() {
            let input = graph
                .input(&format!("x{index}"), TensorType::f32(shape))
                .unwrap();
            feeds.insert(input, numbers.tensor(shape, 0.5, 1.5));
            inputs.push(input);
        }
        let y = (case.build)(&mut graph, operator, &inputs).unwrap();
        let weights = numbers.tensor(graph.shape(y), -1.0, 1.0);
        let weights = graph.constant(to_f32(&weights));
        let weighted = graph.mul(y, weights).unwrap();
        let loss = graph.sum_all(weighted).unwrap();
        Self {
            graph,
            feeds,
            inputs,
            loss,
        }
    }

    /// The gradient with respect to each input by the oracle.
    fn expected(&self) -> Vec<ArrayD<f64>> {
        let one = |&input| central_differences(&self.graph, &self.feeds, self.loss, input);
        self.inputs.iter().map(one).collect()
    }

    /// The gradient with respect to each input by the rules, on the runtime.
    fn found(mut self, runtime: &Runtime, name: &str) -> Vec<ArrayD<f64>> {
        let found = gradients(&mut self.graph, self.loss, &self.inputs).unwrap();
        // As an output, the loss keeps inputs in the model that no gradient depends on.
        self.graph.output("loss", self.loss).unwrap();
        let zero = self.graph.scalar(0.0);
        for (index, gradient) in found.into_iter().enumerate() {
            // An output must be computed by a node of its own.
            let output = self.graph.add(gradient, zero).unwrap();
            self.graph.output(&format!("dx{index}"), output).unwrap();
        }
        let mut session = runtime
            .load(
                &self.graph.specialized().unwrap().to_onnx(name, &[]),
                Vec::new(),
            )
            .unwrap();
        let feed = |input: &ValueId| {
            (
                self.graph.name(*input).to_owned(),
                to_f32(&self.feeds[input]),
            )
        };
        let mut outputs = session.run(self.inputs.iter().map(feed).collect()).unwrap();
        let mut gradient = |index| outputs.take(&format!("dx{index}")).unwrap().mapv(f64::from);
        (0..self.inputs.len()).map(&mut gradient).collect()
    }
}

fn central_differences(graph: &Graph, feeds: &Feeds, loss: ValueId, input: ValueId) -> ArrayD<f64> {
    let mut feeds = feeds.clone();
    let indices: Vec<_> = ndarray::indices(feeds[&input].raw_dim())
        .into_iter()
        .collect();
    let values = indices.iter().map(|index| {
        let middle = feeds[&input][index];
        let [above, below] = [STEP, -STEP].map(|step| {
            feeds.get_mut(&input).unwrap()[index] = middle + step;
            oracle::evaluate(graph, &feeds, loss)[[]]
        });
        feeds.get_mut(&input).unwrap()[index] = middle;
        (above - below) / (2.0 * STEP)
    });
    let values = values.collect();
    ArrayD::from_shape_vec(graph.shape(input), values).unwrap()
}

fn to_f32(array: &ArrayD<f64>) -> Tensor {
    Tensor::F32(array.mapv(|value| value as f32))
}

/// Largest difference relative to the largest element of `expected`.
fn relative_error(found: &ArrayD<f64>, expected: &ArrayD<f64>) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    let largest =
        |array: &ArrayD<f64>| array.fold(0.0, |largest: f64, value| largest.max(value.abs()));
    largest(&(found - expected)) / largest(expected)
}

fn worst_error(runtime: &Runtime, case: &Case, operator: &'static Operator, target: Target) -> f64 {
    let problem = Problem::new(case, operator, target);
    let expected = problem.expected();
    let found = problem.found(runtime, operator.name);
    found
        .iter()
        .zip(&expected)
        .map(|(a, b)| relative_error(a, b))
        .fold(0.0, f64::max)
}

fn operator(name: &str) -> &'static Operator {
    OPERATORS
        .iter()
        .find(|operator| operator.name == name)
        .unwrap()
}

/// In the forms for each target: those for another runtime may be slow, not wrong. Only one has operators of its own.
fn each_rule_is_right(runtime: &Runtime) {
    let runs = |target: &Target| *target != Target::OnnxruntimeX86 || *target == runtime.target();
    for case in cases() {
        for target in TARGETS.into_iter().filter(runs) {
            let error = worst_error(runtime, &case, operator(case.operator), target);
            assert!(
                error <= TOLERANCE,
                "{} {:?} for {target:?}: {error:e}",
                case.operator,
                case.shapes
            );
        }
    }
}

/// In the forms that a GPU is given: right, and the same to the bit every time.
#[test]
fn each_rule_is_right_on_cuda() {
    let Some(runtime) = runtimes::cuda("each_rule_is_right_on_cuda") else {
        return;
    };
    for case in cases() {
        let problem = || Problem::new(&case, operator(case.operator), Target::Cuda);
        let expected = problem().expected();
        let [first, second] = [(), ()].map(|()| problem().found(&runtime, case.operator));
        let name = format!("{} {:?}", case.operator, case.shapes);
        assert_eq!(first, second, "{name}");
        for (found, expected) in first.iter().zip(&expected) {
            let error = relative_error(found, expected);
            assert!(error <= TOLERANCE, "{name}: {error:e}");
        }
    }
}

/// The rule of the operator of the same name in the table, times 1.01.
fn wrong_rule(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let Gradient::Rule(rule) = operator(node.operator.name).gradient else {
        unreachable!()
    };
    let scale = graph.scalar(1.01);
    let right = rule(graph, node, dy)?;
    right
        .into_iter()
        .map(|one| one.map(|one| graph.mul(one, scale)).transpose())
        .collect()
}

#[test]
fn each_rule_is_right_on_tract() {
    each_rule_is_right(&runtimes::tract());
}

#[test]
fn each_rule_is_right_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("each_rule_is_right_on_onnxruntime") {
        each_rule_is_right(&runtime);
    }
}

#[test]
fn a_rule_that_is_wrong_by_one_percent_is_found() {
    let runtime = runtimes::tract();
    for case in cases() {
        let right = operator(case.operator);
        let wrong = Operator {
            name: right.name,
            infer: right.infer,
            gradient: Gradient::Rule(wrong_rule),
        };
        let wrong = Box::leak(Box::new(wrong));
        let error = worst_error(&runtime, &case, wrong, Target::Tract);
        assert!(
            error > TOLERANCE,
            "{} {:?}: {error:e}",
            case.operator,
            case.shapes
        );
    }
}

#[test]
fn each_rule_of_the_table_has_a_case() {
    let cases = cases();
    for operator in OPERATORS {
        let has_case = cases.iter().any(|case| case.operator == operator.name);
        assert_eq!(
            has_case,
            matches!(operator.gradient, Gradient::Rule(_)),
            "{}",
            operator.name
        );
    }
}

/// The gradient of the sum of maxima of a tile with three equal ones.
fn gradient_of_equal_maxima(runtime: &Runtime, target: Target, strides: [usize; 2]) -> Vec<f32> {
    let mut graph = Graph::of_forms(target);
    let x = graph.input("x", TensorType::f32(&[1, 1, 2, 2])).unwrap();
    let window = Window {
        kernel: [2, 2],
        strides,
        pads: [0; 4],
        dilations: [1, 1],
    };
    let y = graph.max_pool(x, window).unwrap();
    let loss = graph.sum_all(y).unwrap();
    let dx = gradients(&mut graph, loss, &[x]).unwrap()[0];
    graph.output("dx", dx).unwrap();
    let mut session = runtime
        .load(&graph.to_onnx("ties", &[]), Vec::new())
        .unwrap();
    let image = ndarray::arr2(&[[3.0f32, 3.0], [1.0, 3.0]])
        .into_shape_with_order((1, 1, 2, 2))
        .unwrap();
    let mut outputs = session.run(vec![("x".into(), image.into())]).unwrap();
    outputs.take("dx").unwrap().into_iter().collect()
}

#[test]
fn equal_maxima_share_the_gradient() {
    let (runtime, third) = (runtimes::tract(), 1.0 / 3.0);
    for target in TARGETS {
        for strides in [[2, 2], [1, 1]] {
            let dx = gradient_of_equal_maxima(&runtime, target, strides);
            assert_eq!(dx, [third, third, 0.0, third], "{target:?} {strides:?}");
        }
    }
}

#[test]
fn a_missing_rule_names_the_operator() {
    let mut graph = Graph::new();
    let x = graph.input("x", TensorType::f32(&[1, 1, 2, 2])).unwrap();
    let y = graph.repeat_pixels(x, [2, 2]).unwrap();
    let loss = graph.sum_all(y).unwrap();
    let error = gradients(&mut graph, loss, &[x]).unwrap_err().to_string();
    assert!(
        error.contains("operator Resize has no gradient rule"),
        "{error}"
    );
}

#[test]
fn a_parameter_without_effect_is_named() {
    let mut graph = Graph::new();
    let x = graph.input("used", TensorType::f32(&[2])).unwrap();
    let unused = graph.input("unused", TensorType::f32(&[2])).unwrap();
    let loss = graph.sum_all(x).unwrap();
    let error = gradients(&mut graph, loss, &[x, unused])
        .unwrap_err()
        .to_string();
    assert!(error.contains("does not depend on `unused`"), "{error}");
    let error = gradients(&mut graph, x, &[x]).unwrap_err().to_string();
    assert!(
        error.contains("must be one number, found F32[2]"),
        "{error}"
    );
}
