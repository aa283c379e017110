//! What TF32 costs: training whose factors are rounded to its 11 significant bits, to the nearest, on a CPU.

use prost::Message;
use tests::training::Stepper;
use tests::{mnist, runtimes};
use train::data::Digits;
use train::data::augment::Augment;
use train::evaluate::Evaluator;
use train::graph::{Graph, Target};
use train::models::{TrainingModel, training};
use train::net::Network;
use train::onnx;
use train::optimizer::Optimizer;
use train::runtime::Runtime;
use train::tensor::{ElementType, Tensor, TensorType};

use super::agreement::epoch_feeds;
use super::{BATCH_SIZE, PLAIN_ACCURACY};

/// Operators whose factors a GPU rounds, by name in the standard operator set.
const MULTIPLYING: [&str; 4] = ["Conv", "ConvTranspose", "Gemm", "MatMul"];
/// `2^13 + 1`, which splits the 13 lowest of 24 significant bits off
/// ([Dekker 1971](https://doi.org/10.1007/BF01397083), section 5).
const SPLITTER: f32 = 8193.0;
/// Name of the constant.
const SPLITTER_NAME: &str = "splitter";

/// The same model with both factors of each product rounded to 11 significant bits.
fn with_rounded_factors(model: &[u8]) -> Vec<u8> {
    let mut model = onnx::Model::decode(model).unwrap();
    let graph = model.graph.as_mut().unwrap();
    graph.initializer.push(onnx::Tensor {
        dims: Vec::new(),
        data_type: ElementType::F32.onnx(),
        name: SPLITTER_NAME.into(),
        raw_data: SPLITTER.to_le_bytes().to_vec(),
        ..Default::default()
    });
    for mut node in std::mem::take(&mut graph.node) {
        if MULTIPLYING.contains(&&node.op_type[..]) {
            for factor in 0..2 {
                let name = format!("{}.{factor}", node.name);
                let rounded = rounding(&node.input[factor], &name);
                node.input[factor].clone_from(&rounded[2].output[0]);
                graph.node.extend(rounded);
            }
        }
        graph.node.push(node);
    }
    model.encode_to_vec()
}

/// Computes `large - (large - x)` of `large = splitter * x`.
fn rounding(x: &str, name: &str) -> [onnx::Node; 3] {
    let [large, rest, rounded] = ["large", "rest", "rounded"].map(|part| format!("{name}.{part}"));
    let node = |operator: &str, a: &str, b: &str, output: &str| onnx::Node {
        input: vec![a.into(), b.into()],
        output: vec![output.into()],
        name: output.into(),
        op_type: operator.into(),
        attribute: Vec::new(),
        domain: String::new(),
    };
    [
        node("Mul", x, SPLITTER_NAME, &large),
        node("Sub", &large, x, &rest),
        node("Sub", &large, &rest, &rounded),
    ]
}

fn rounded_product(runtime: &Runtime, a: f32, b: f32) -> f32 {
    let mut graph = Graph::new();
    let number = TensorType::f32(&[1, 1]);
    let [a_input, b_input] = ["a", "b"].map(|name| graph.input(name, number.clone()).unwrap());
    let y = graph
        .matrix_product(a_input, b_input, false, false)
        .unwrap();
    graph.output("y", y).unwrap();
    let model = with_rounded_factors(&graph.to_onnx("product", &[]));
    let mut session = runtime.load(&model, Vec::new()).unwrap();
    let feed = |(name, value): (&str, f32)| (name.to_owned(), Tensor::filled(&[1, 1], value));
    let mut outputs = session.run([("a", a), ("b", b)].map(feed).into()).unwrap();
    outputs.scalar("y").unwrap() as f32
}

#[test]
fn factors_keep_eleven_significant_bits() {
    let runtime = runtimes::tract();
    let bit = |place: i32| 2f32.powi(-place);
    for (x, rounded) in [
        (1.0 + bit(10), 1.0 + bit(10)),
        (1.0 + bit(12), 1.0),
        (1.0 + bit(10) + bit(12), 1.0 + bit(10)),
        (1.0 + bit(11) + bit(20), 1.0 + bit(10)),
        (-3.0 - bit(11), -3.0),
    ] {
        let products = [(x, 2.0), (0.5, x)].map(|(a, b)| rounded_product(&runtime, a, b));
        let expected = [2.0 * rounded, 0.5 * rounded];
        assert_eq!(
            products.map(f32::to_bits),
            expected.map(f32::to_bits),
            "{x}"
        );
    }
}

/// Share of right answers, in full precision, after two epochs with rounded factors.
fn accuracy(runtime: &Runtime, digits: &Digits) -> f64 {
    let (network, optimizer) = (Network::digits(), Optimizer::Rmsprop);
    let plain = training(&network, optimizer, BATCH_SIZE, Target::Onnxruntime).unwrap();
    let model = TrainingModel {
        onnx: with_rounded_factors(&plain.onnx),
        variables: plain.variables,
    };
    let mut stepper = Stepper::of_model(&model, runtime, optimizer);
    for seed in 0..2 {
        for feeds in epoch_feeds(digits, BATCH_SIZE, seed) {
            stepper.step(feeds);
        }
    }
    let mut parameters = stepper.variables();
    parameters.truncate(network.parameters().len());
    let variants = Augment::None.variants();
    let evaluator = Evaluator::new(runtime, &network, parameters, &digits.test, variants);
    evaluator.unwrap().evaluate().unwrap().accuracy
}

#[test]
fn rounded_factors_reach_the_accuracy() {
    let test = "training::tensor_float::rounded_factors_reach_the_accuracy";
    let Some(digits) = mnist::mnist(test) else {
        return;
    };
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    let accuracy = accuracy(&runtime, &digits);
    println!("val_accuracy with rounded factors: {accuracy}");
    assert!(accuracy >= PLAIN_ACCURACY, "{accuracy}");
}
