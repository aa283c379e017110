//! Gradient rules against central differences of the oracle, on real runtimes.

use ndarray::ArrayD;
use tests::oracle::{self, Feeds};
use tests::{random, runtimes};
use train::gradient::gradients;
use train::graph::{Graph, GraphError, Node, ValueId};
use train::init;
use train::loss::sparse_cross_entropy;
use train::net::Network;
use train::ops::{Attributes, Gradient, OPERATORS, Operator, Window};
use train::runtime::Runtime;
use train::tensor::{ElementType, Tensor, TensorType};

/// Largest difference of a gradient, relative to the largest element of the gradient: sums of some hundred products in
/// 32-bit floats stay well below it, a rule that is wrong by 1 % does not.
const TOLERANCE: f64 = 1e-3;
/// Step of the central differences; in 64-bit floats their error is then near 1e-9.
const STEP: f64 = 1e-6;

/// An operator on float inputs of some shapes, all of which get a gradient.
struct Case {
    operator: &'static str,
    shapes: Vec<Vec<usize>>,
    build: Box<dyn Fn(&mut Graph, &'static Operator, &[ValueId]) -> Result<ValueId, GraphError>>,
}

fn case(
    operator: &'static str,
    shapes: &[&[usize]],
    build: impl Fn(&mut Graph, &'static Operator, &[ValueId]) -> Result<ValueId, GraphError> + 'static,
) -> Case {
    let shapes = shapes.iter().map(|shape| shape.to_vec()).collect();
    Case { operator, shapes, build: Box::new(build) }
}

/// A case whose inputs are the operator's inputs.
fn plain(operator: &'static str, shapes: &[&[usize]], attributes: Attributes) -> Case {
    case(operator, shapes, move |graph, operator, inputs| {
        graph.apply(operator, inputs, attributes.clone())
    })
}

/// A case whose second input is a constant vector.
fn with_integers(
    operator: &'static str,
    shape: &[usize],
    integers: &'static [i64],
    attributes: Attributes,
) -> Case {
    case(operator, &[shape], move |graph, operator, inputs| {
        let integers = graph.constant(Tensor::vector(integers));
        graph.apply(operator, &[inputs[0], integers], attributes.clone())
    })
}

fn window(kernel: [usize; 2], strides: [usize; 2], pads: [usize; 4], dilations: [usize; 2]) -> Attributes {
    Window { kernel, strides, pads, dilations }.attributes()
}

fn conv_case(image: [usize; 4], filters: usize, attributes: Attributes) -> Case {
    let kernel = attributes.get_sizes("kernel_shape");
    let weight = [filters, image[1], kernel[0], kernel[1]];
    plain("Conv", &[&image, &weight, &[filters]], attributes)
}

fn gemm_case(a: &[usize], b: &[usize], bias: &[usize], flags: [i64; 2]) -> Case {
    let attributes = Attributes::none().integer("transA", flags[0]).integer("transB", flags[1]);
    plain("Gemm", &[a, b, bias], attributes)
}

fn cases() -> Vec<Case> {
    let none = Attributes::none;
    let mut cases: Vec<Case> = ["Add", "Sub", "Mul", "Div"]
        .into_iter()
        .flat_map(|name| {
            [
                plain(name, &[&[2, 3], &[2, 3]], none()),
                plain(name, &[&[2, 3, 4], &[3, 1]], none()),
                plain(name, &[&[], &[5]], none()),
            ]
        })
        .collect();
    cases.extend([
        plain("Sqrt", &[&[7]], none()),
        plain("Exp", &[&[2, 5]], none()),
        case("Relu", &[&[4, 9]], |graph, operator, inputs| {
            // Inputs are positive; half of them shall not be.
            let shift = graph.scalar(1.0);
            let shifted = graph.sub(inputs[0], shift)?;
            graph.apply(operator, &[shifted], Attributes::none())
        }),
        case("Where", &[&[3, 4], &[3, 4]], |graph, operator, inputs| {
            let condition = graph.greater(inputs[0], inputs[1])?;
            graph.apply(operator, &[condition, inputs[0], inputs[1]], Attributes::none())
        }),
        with_integers("Expand", &[3, 1], &[2, 3, 4], none()),
        with_integers("ReduceSum", &[2, 3, 4], &[0, 2], none().integer("keepdims", 1)),
        with_integers("Reshape", &[2, 6], &[3, 4], none()),
        plain("Flatten", &[&[2, 3, 4]], none().integer("axis", 1)),
        plain("Transpose", &[&[2, 3, 4]], none().sizes("perm", &[2, 0, 1])),
        plain("LogSoftmax", &[&[3, 10]], none().integer("axis", -1)),
        gemm_case(&[3, 4], &[4, 5], &[5], [0, 0]),
        gemm_case(&[3, 4], &[5, 4], &[3, 1], [0, 1]),
        gemm_case(&[4, 3], &[4, 5], &[3, 5], [1, 0]),
        gemm_case(&[4, 3], &[5, 4], &[5], [1, 1]),
        conv_case([2, 3, 6, 5], 4, window([3, 3], [1, 1], [1, 1, 1, 1], [1, 1])),
        conv_case([2, 1, 8, 8], 2, window([5, 5], [1, 1], [2, 2, 2, 2], [1, 1])),
        conv_case([2, 2, 10, 9], 3, window([3, 2], [2, 3], [0, 0, 0, 0], [1, 1])),
        conv_case([1, 2, 9, 9], 2, window([3, 3], [1, 1], [0, 0, 0, 0], [2, 2])),
        conv_case([2, 2, 7, 6], 3, window([7, 6], [1, 1], [0, 0, 0, 0], [1, 1])),
        plain("MaxPool", &[&[2, 3, 6, 4]], window([2, 2], [2, 2], [0; 4], [1, 1])),
        plain("MaxPool", &[&[2, 2, 7, 5]], window([2, 2], [2, 2], [0; 4], [1, 1])),
        plain("MaxPool", &[&[2, 2, 7, 7]], window([3, 3], [2, 2], [1, 1, 1, 1], [1, 1])),
        plain("MaxPool", &[&[1, 2, 6, 6]], window([3, 2], [1, 1], [0, 0, 0, 0], [1, 1])),
    ]);
    cases
}

/// The gradient of `sum(y * weights)` with respect to each input: by the rules on the runtime, and by the oracle.
fn both_gradients(
    runtime: &Runtime,
    case: &Case,
    operator: &'static Operator,
    seed: u64,
) -> Vec<(ArrayD<f64>, ArrayD<f64>)> {
    let mut graph = Graph::new();
    let mut numbers = random::Numbers::new(seed);
    let mut feeds = Feeds::new();
    let mut inputs = Vec::new();
    for (index, shape) in case.shapes.iter().enumerate() {
        let input = graph.input(&format!("x{index}"), TensorType::f32(shape)).unwrap();
        feeds.insert(input, numbers.tensor(shape, 0.5, 1.5));
        inputs.push(input);
    }
    let y = (case.build)(&mut graph, operator, &inputs).unwrap();
    let weights = numbers.tensor(graph.shape(y), -1.0, 1.0).mapv(|value| value as f32);
    let weights = graph.constant(Tensor::F32(weights));
    let weighted = graph.mul(y, weights).unwrap();
    let loss = graph.sum_all(weighted).unwrap();

    let expected: Vec<ArrayD<f64>> =
        inputs.iter().map(|&input| central_differences(&graph, &feeds, loss, input)).collect();
    let found = gradients(&mut graph, loss, &inputs).unwrap();
    // As an output, the loss keeps inputs in the model that no gradient depends on.
    graph.output("loss", loss).unwrap();
    let zero = graph.scalar(0.0);
    for (index, &gradient) in found.iter().enumerate() {
        // An output must be computed by a node of its own.
        let output = graph.add(gradient, zero).unwrap();
        graph.output(&format!("dx{index}"), output).unwrap();
    }
    let mut session = runtime.load(&graph.to_onnx(case.operator, &[]), Vec::new()).unwrap();
    let feeds = inputs.iter().map(|input| (graph.name(*input).into(), to_f32(&feeds[input]))).collect();
    let mut outputs = session.run(feeds).unwrap();
    let found = (0..inputs.len()).map(|index| outputs.take(&format!("dx{index}")).unwrap());
    found.map(|gradient| gradient.mapv(f64::from)).zip(expected).collect()
}

fn central_differences(graph: &Graph, feeds: &Feeds, loss: ValueId, input: ValueId) -> ArrayD<f64> {
    let mut feeds = feeds.clone();
    let indices: Vec<_> = ndarray::indices(feeds[&input].raw_dim()).into_iter().collect();
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
    let largest = |array: &ArrayD<f64>| array.fold(0.0, |largest: f64, value| largest.max(value.abs()));
    largest(&(found - expected)) / largest(expected)
}

fn worst_error(runtime: &Runtime, case: &Case, operator: &'static Operator) -> f64 {
    let pairs = both_gradients(runtime, case, operator, 1);
    pairs.iter().map(|(found, expected)| relative_error(found, expected)).fold(0.0, f64::max)
}

fn operator(name: &str) -> &'static Operator {
    OPERATORS.iter().find(|operator| operator.name == name).unwrap()
}

fn each_rule_is_right(runtime: &Runtime) {
    for case in cases() {
        let error = worst_error(runtime, &case, operator(case.operator));
        assert!(error <= TOLERANCE, "{} {:?}: {error:e}", case.operator, case.shapes);
    }
}

/// The rule of the operator of the same name in the table, times 1.01.
fn wrong_rule(graph: &mut Graph, node: &Node, dy: ValueId) -> Result<Vec<Option<ValueId>>, GraphError> {
    let Gradient::Rule(rule) = operator(node.operator.name).gradient else { unreachable!() };
    let scale = graph.scalar(1.01);
    let right = rule(graph, node, dy)?;
    right.into_iter().map(|one| one.map(|one| graph.mul(one, scale)).transpose()).collect()
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
        let wrong = Operator { name: right.name, infer: right.infer, gradient: Gradient::Rule(wrong_rule) };
        let error = worst_error(&runtime, &case, Box::leak(Box::new(wrong)));
        assert!(error > TOLERANCE, "{} {:?}: {error:e}", case.operator, case.shapes);
    }
}

#[test]
fn each_rule_of_the_table_has_a_case() {
    let cases = cases();
    for operator in OPERATORS {
        let has_case = cases.iter().any(|case| case.operator == operator.name);
        assert_eq!(has_case, matches!(operator.gradient, Gradient::Rule(_)), "{}", operator.name);
    }
}

#[test]
fn equal_maxima_share_the_gradient() {
    let runtime = runtimes::tract();
    for strides in [[2, 2], [1, 1]] {
        let mut graph = Graph::new();
        let x = graph.input("x", TensorType::f32(&[1, 1, 2, 2])).unwrap();
        let window = Window { kernel: [2, 2], strides, pads: [0; 4], dilations: [1, 1] };
        let y = graph.max_pool(x, window).unwrap();
        let loss = graph.sum_all(y).unwrap();
        let dx = gradients(&mut graph, loss, &[x]).unwrap()[0];
        graph.output("dx", dx).unwrap();
        let mut session = runtime.load(&graph.to_onnx("ties", &[]), Vec::new()).unwrap();
        let image = ndarray::arr2(&[[3.0f32, 3.0], [1.0, 3.0]]).into_shape_with_order((1, 1, 2, 2)).unwrap();
        let dx = session.run(vec![("x".into(), image.into())]).unwrap().take("dx").unwrap();
        let third = 1.0 / 3.0;
        assert_eq!(dx.iter().copied().collect::<Vec<f32>>(), [third, third, 0.0, third]);
    }
}

#[test]
fn a_missing_rule_names_the_operator() {
    let mut graph = Graph::new();
    let x = graph.input("x", TensorType::f32(&[1, 1, 2, 2])).unwrap();
    let y = graph.repeat_pixels(x, [2, 2]).unwrap();
    let loss = graph.sum_all(y).unwrap();
    let error = gradients(&mut graph, loss, &[x]).unwrap_err().to_string();
    assert!(error.contains("operator Resize has no gradient rule"), "{error}");
}

#[test]
fn a_parameter_without_effect_is_named() {
    let mut graph = Graph::new();
    let x = graph.input("used", TensorType::f32(&[2])).unwrap();
    let unused = graph.input("unused", TensorType::f32(&[2])).unwrap();
    let loss = graph.sum_all(x).unwrap();
    let error = gradients(&mut graph, loss, &[x, unused]).unwrap_err().to_string();
    assert!(error.contains("does not depend on `unused`"), "{error}");
    let error = gradients(&mut graph, x, &[x]).unwrap_err().to_string();
    assert!(error.contains("must be one number, found F32[2]"), "{error}");
}

/// The whole network: for each parameter the derivative along random directions, by the rules and by the oracle.
fn network_is_right(runtime: &Runtime) {
    const BATCH: usize = 2;
    // Small enough that none of the thousands of maxima and zeros changes place within it.
    const STEP: f64 = 1e-8;
    let network = Network::digits();
    let mut graph = Graph::new();
    let mut numbers = random::Numbers::new(5);
    let images = graph.input("images", TensorType::f32(&[BATCH, 1, 28, 28])).unwrap();
    let labels = graph.input("labels", TensorType::new(ElementType::I64, &[BATCH])).unwrap();
    let weights = graph.input("weights", TensorType::f32(&[BATCH])).unwrap();
    let mask = graph.input("mask", TensorType::f32(&[BATCH, 128])).unwrap();
    let mut feeds = Feeds::from([
        (images, numbers.tensor(&[BATCH, 1, 28, 28], 0.0, 1.0)),
        (labels, ndarray::arr1(&[3.0, 8.0]).into_dyn()),
        (weights, ndarray::arr1(&[1.0, 1.0]).into_dyn()),
        (mask, numbers.tensor(&[BATCH, 128], -1.0, 1.0).mapv(|value| if value < 0.0 { 0.0 } else { 2.0 })),
    ]);
    let parameters: Vec<ValueId> = init::parameters(&network, 1)
        .into_iter()
        .map(|(name, tensor)| {
            let id = graph.input(&name, tensor.tensor_type()).unwrap();
            feeds.insert(id, tensor.as_f32().unwrap().mapv(f64::from));
            id
        })
        .collect();
    let logits = network.forward(&mut graph, images, &parameters, &[mask]).unwrap();
    let loss = sparse_cross_entropy(&mut graph, logits, labels, weights).unwrap().mean;
    let found = gradients(&mut graph, loss, &parameters).unwrap();
    for (&parameter, &gradient) in parameters.iter().zip(&found) {
        let name = format!("d.{}", graph.name(parameter));
        graph.output(&name, gradient).unwrap();
    }
    let mut session = runtime.load(&graph.to_onnx("network", &[]), Vec::new()).unwrap();
    let inputs = feeds.iter().map(|(&id, value)| {
        let integers = graph.tensor_type(id).element == ElementType::I64;
        let tensor = if integers { Tensor::I64(value.mapv(|v| v as i64)) } else { to_f32(value) };
        (graph.name(id).to_owned(), tensor)
    });
    let mut outputs = session.run(inputs.collect()).unwrap();
    for &parameter in &parameters {
        let name = graph.name(parameter);
        let gradient = outputs.take(&format!("d.{name}")).unwrap().mapv(f64::from);
        for _ in 0..3 {
            let direction = numbers.tensor(gradient.shape(), -1.0, 1.0);
            let along = |step: f64| {
                let mut moved = feeds.clone();
                *moved.get_mut(&parameter).unwrap() += &(&direction * step);
                oracle::evaluate(&graph, &moved, loss).sum()
            };
            let expected = (along(STEP) - along(-STEP)) / (2.0 * STEP);
            let found = (&gradient * &direction).sum();
            let scale = (&gradient * &gradient).sum().sqrt();
            let error = (found - expected).abs() / scale;
            assert!(error <= TOLERANCE, "{name}: {found} against {expected}, error {error:e}");
            let wrong = (1.01 * found - expected).abs() / expected.abs();
            assert!(wrong > TOLERANCE, "{name}: 1 % more would pass");
        }
    }
}

#[test]
fn the_network_is_right_on_tract() {
    network_is_right(&runtimes::tract());
}

#[test]
fn the_network_is_right_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("the_network_is_right_on_onnxruntime") {
        network_is_right(&runtime);
    }
}
