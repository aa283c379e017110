//! Functions of each number, by their operators and written out.

use super::written::{Written, image};
use super::*;
use crate::layers::Function;
use crate::network::Node;

/// The function of the only layer after a convolution.
fn function(written: &Written) -> Function {
    let mut layers = written.layers();
    assert_eq!(layers.len(), 2, "{layers:?}");
    match layers.pop() {
        Some((Layer::Activation(activation), clip, inputs)) => {
            assert_eq!((clip, &inputs[..]), (Clip::NONE, &[1][..]));
            activation.function
        }
        other => panic!("{other:?}"),
    }
}

fn assert_computes(written: &Written, expected: impl Fn(f64) -> f64) {
    let function = function(written);
    for step in -40..=40 {
        let x = f64::from(step) / 8.0;
        let (found, expected) = (function.of(x), expected(x));
        assert!(
            (found - expected).abs() < 1e-6,
            "{function:?}({x}): {found}, {expected}"
        );
    }
}

fn of_operator(operator: &str, attributes: &[AttributeEntry]) -> Written {
    let mut written = image();
    written.conv(&[]).then(operator, &[], attributes);
    written
}

#[test]
fn operators_are_functions() {
    let normal = |x: f64| 0.5 * (1.0 + libm::erf(x / 2_f64.sqrt()));
    let near = |x: f64| {
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        0.5 * x * (1.0 + inner.tanh())
    };
    let tanh = super::written::text("approximate", "tanh");
    assert_computes(&of_operator("Abs", &[]), f64::abs);
    assert_computes(&of_operator("Celu", &[float("alpha", 2.0)]), |x| {
        x.max(0.0) + (2.0 * (x / 2.0).exp_m1()).min(0.0)
    });
    assert_computes(&of_operator("Gelu", &[]), |x| x * normal(x));
    assert_computes(&of_operator("Gelu", &[tanh]), near);
    assert_computes(&of_operator("Mish", &[]), |x| x * x.exp().ln_1p().tanh());
    assert_computes(&of_operator("Selu", &[]), |x| {
        let below = 1.673_263_242_354_377_2 * x.exp_m1();
        1.050_700_987_355_480_5 * if x > 0.0 { x } else { below }
    });
    assert_computes(&of_operator("Softplus", &[]), |x| x.exp().ln_1p());
    assert_computes(&of_operator("Softsign", &[]), |x| x / (1.0 + x.abs()));
    assert_computes(&of_operator("Swish", &[float("alpha", 2.0)]), |x| {
        x / (1.0 + (-2.0 * x).exp())
    });
}

#[test]
fn functions_written_out_are_one() {
    let mut gelu = image();
    gelu.conv(&[]);
    let x = gelu.value.clone();
    let [root, one, half] = [2_f32.sqrt(), 1.0, 0.5].map(|number| gelu.floats(&[], 0.0, number));
    gelu.then("Div", &[root], &[]).then("Erf", &[], &[]);
    gelu.then("Add", std::slice::from_ref(&one), &[])
        .then("Mul", &[x], &[]);
    gelu.then("Mul", &[half], &[]);
    assert_computes(&gelu, |x| 0.5 * x * (1.0 + libm::erf(x / 2_f64.sqrt())));

    let mut swish = image();
    swish.conv(&[]);
    let x = swish.value.clone();
    let one = swish.floats(&[], 0.0, 1.0);
    swish.then("Neg", &[], &[]).then("Exp", &[], &[]);
    swish.then("Add", std::slice::from_ref(&one), &[]);
    let below = swish.value.clone();
    swish.node("Div", &[one, below], &[]);
    swish.then("Mul", &[x], &[]);
    assert_computes(&swish, |x| x / (1.0 + (-x).exp()));

    let mut hard = image();
    hard.conv(&[]);
    let x = hard.value.clone();
    let [three, zero, six] = [3.0, 0.0, 6.0].map(|number| hard.floats(&[], 0.0, number));
    hard.then("Add", &[three], &[])
        .then("Clip", &[zero, six.clone()], &[]);
    hard.then("Mul", &[x], &[]).then("Div", &[six], &[]);
    assert_computes(&hard, |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0);
}

#[test]
fn the_least_and_the_greatest_of_a_number_are_limits() {
    let mut written = image();
    written.conv(&[]);
    let [low, high] = [-1.0, 2.0].map(|number| written.floats(&[], 0.0, number));
    let x = written.value.clone();
    written.node("Max", &[low, x], &[]);
    written.then("Min", &[high], &[]);
    let layers = written.layers();
    assert_eq!(layers.len(), 1);
    let (low, high) = (-1.0, 2.0);
    assert_eq!(layers[0].1, Clip { low, high });
}

#[test]
fn slopes_of_channels_are_factors_of_what_is_below_zero() {
    let mut written = image();
    written.conv(&[]);
    let slopes = written.floats(&[3, 1, 1], 0.1, 0.2);
    written.then("PRelu", &[slopes], &[]);
    let nodes = written.network().unwrap().nodes;
    let [conv, below, scaled, above, sum] = &nodes[..] else {
        panic!("{nodes:?}")
    };
    let function = |node: &Node| match &node.layer {
        Layer::Activation(activation) => (activation.function.clone(), node.inputs[0]),
        other => panic!("{other:?}"),
    };
    let (low, high) = (f32::NEG_INFINITY, f32::INFINITY);
    assert_eq!(function(below), (Function::Clip { low, high: 0.0 }, 1));
    assert_eq!(function(above), (Function::Clip { low: 0.0, high }, 1));
    let (factors, shifts, ..) = parameters(&scaled.layer);
    assert_eq!((factors, shifts), (vec![-0.3, 0.4, 0.0], vec![0.0; 3]));
    assert_eq!((scaled.inputs[0], &sum.inputs[..]), (2, &[4, 3][..]));
    assert_eq!(
        (conv.clip, &sum.layer),
        (Clip::NONE, &Layer::Add(crate::layers::Add))
    );
    let mut wrong = image();
    wrong.conv(&[]);
    let slopes = wrong.floats(&[4, 3], 0.1, 0.2);
    let message = wrong.then("PRelu", &[slopes], &[]).network().unwrap_err();
    let expected = "one for all or one for each channel of [1, 3, 4, 3], found a constant [4, 3]";
    assert!(message.to_string().contains(expected), "{message}");
}

#[test]
fn exponents_are_one_number() {
    let raised = |numbers: &[i64]| {
        let mut written = image();
        written.conv(&[]);
        let exponent = written.integers(numbers);
        written.then("Pow", &[exponent], &[]).network()
    };
    assert_eq!(raised(&[2]).unwrap().nodes.len(), 2);
    let message = raised(&[2, 3, 2]).unwrap_err().to_string();
    assert!(
        message.ends_with("the exponent 1, 2, 3 or -1, found several"),
        "{message}"
    );
}

#[test]
fn functions_that_grow_without_end_are_left_as_they_are() {
    let mut written = image();
    written.conv(&[]).then("Tanh", &[], &[]);
    for _ in 0..200 {
        let value = written.value.clone();
        written.node("Mul", &[value.clone(), value], &[]);
    }
    match written.network() {
        Ok(network) => assert!(network.nodes.len() > 3),
        Err(error) => assert!(error.to_string().contains("two functions of one tensor")),
    }
}
