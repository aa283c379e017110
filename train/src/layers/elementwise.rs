//! Reading functions of each number of a tensor, also where a graph spells them out: a product of two functions of one
//! tensor is a function of that tensor.

use super::function::{Combination, Function};
use super::{Activation, Add, Conv, Layer, depthwise};
use crate::import::{Call, Constant, ImportError, Reader, Readers, Value, View};
use crate::network::Clip;

/// Layers that are looked back through for a tensor of which two others are functions.
const DEPTH: usize = 16;

pub const READERS: Readers = &[
    ("Abs", |reader, call| push(reader, call, Function::Abs)),
    ("Celu", celu),
    ("Clip", clip),
    ("Elu", |reader, call| {
        let alpha = call.float("alpha", 1.0);
        push(reader, call, Function::Elu(alpha))
    }),
    ("Erf", |reader, call| push(reader, call, Function::Erf)),
    ("Exp", |reader, call| push(reader, call, Function::Exp)),
    ("Gelu", gelu),
    ("HardSigmoid", |reader, call| {
        let (alpha, beta) = (call.float("alpha", 0.2), call.float("beta", 0.5));
        push(reader, call, Function::HardSigmoid { alpha, beta })
    }),
    ("HardSwish", |reader, call| {
        push(reader, call, Function::HardSwish)
    }),
    ("LeakyRelu", |reader, call| {
        let factor = call.float("alpha", 0.01);
        push(reader, call, Function::LeakyRelu(factor))
    }),
    ("Max", |reader, call| {
        let low = limit(reader, call, f32::max)?;
        let high = f32::INFINITY;
        push_of_tensor(reader, call, Function::Clip { low, high })
    }),
    ("Min", |reader, call| {
        let high = limit(reader, call, f32::min)?;
        let low = f32::NEG_INFINITY;
        push_of_tensor(reader, call, Function::Clip { low, high })
    }),
    ("Mish", |reader, call| {
        let gate = Function::Softplus.then(Function::Tanh);
        push(reader, call, gate.gate())
    }),
    ("PRelu", p_relu),
    ("Pow", power),
    ("Reciprocal", |reader, call| {
        push(reader, call, Function::Reciprocal)
    }),
    ("Relu", |reader, call| {
        let Clip { low, high } = Clip::RELU;
        push(reader, call, Function::Clip { low, high })
    }),
    ("Selu", selu),
    ("Sigmoid", |reader, call| {
        push(reader, call, Function::Sigmoid)
    }),
    ("Softplus", |reader, call| {
        push(reader, call, Function::Softplus)
    }),
    ("Softsign", |reader, call| {
        let below = Function::Abs.then(affine(1.0, 1.0));
        let quotient = Function::pair(Combination::Quotient, Function::Identity, below);
        push(reader, call, quotient)
    }),
    ("Swish", |reader, call| {
        let gate = affine(call.float("alpha", 1.0), 0.0).then(Function::Sigmoid);
        push(reader, call, gate.gate())
    }),
    ("Tanh", |reader, call| push(reader, call, Function::Tanh)),
];

fn affine(factor: f32, shift: f32) -> Function {
    if (factor, shift) == (1.0, 0.0) {
        Function::Identity
    } else {
        Function::Affine { factor, shift }
    }
}

fn celu(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let alpha = call.float("alpha", 1.0);
    let inner = affine(alpha.recip(), 0.0).then(Function::Elu(1.0));
    push(reader, call, inner.then(affine(alpha, 0.0)))
}

fn selu(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let alpha = call.float("alpha", 1.673_263_2);
    let gamma = call.float("gamma", 1.050_701);
    push(reader, call, Function::Elu(alpha).then(affine(gamma, 0.0)))
}

/// `x * P(X <= x)` of a normal distribution, or what comes near it by a tangent.
fn gelu(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let half = affine(0.5, 0.5);
    let gate = match &call.text("approximate")[..] {
        "tanh" => {
            let cube = Function::Identity
                .gate()
                .gate()
                .then(affine(0.044_715, 0.0));
            let sum = Function::pair(Combination::Sum, Function::Identity, cube);
            let factor = std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2;
            sum.then(affine(factor, 0.0))
                .then(Function::Tanh)
                .then(half)
        }
        _ => affine(std::f32::consts::FRAC_1_SQRT_2, 0.0)
            .then(Function::Erf)
            .then(half),
    };
    push(reader, call, gate.gate())
}

/// Limits are inputs, in files before opset 11 attributes.
fn clip(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let mut limits = [
        call.float("min", f32::NEG_INFINITY),
        call.float("max", f32::INFINITY),
    ];
    for (index, limit) in limits.iter_mut().enumerate() {
        if !call.input(index + 1).is_empty() {
            let constant = reader.constant(call, index + 1)?;
            *limit = constant.scalar().unwrap_or(f32::NAN);
        }
    }
    let [low, high] = limits;
    if low <= high {
        return push(reader, call, Function::Clip { low, high });
    }
    Err(call.refuse("min, one number, at most max", format!("{low} and {high}")))
}

/// The number that stands beside the tensor; of several the one that counts.
fn limit(reader: &Reader, call: &Call, counts: fn(f32, f32) -> f32) -> Result<f32, ImportError> {
    let inputs = 0..call.node.input.len();
    let constants: Vec<_> = inputs
        .filter_map(|index| reader.constant(call, index).ok())
        .collect();
    let numbers = constants.iter().map(|constant| constant.scalar());
    let number = numbers.collect::<Option<Vec<f32>>>().and_then(|numbers| {
        let one_is_left = numbers.len() + 1 == call.node.input.len();
        numbers.into_iter().reduce(counts).filter(|_| one_is_left)
    });
    number.filter(|number| !number.is_nan()).ok_or_else(|| {
        let expected =
            "a tensor and numbers that limit it; of two tensors train the network without it";
        call.refuse(
            expected,
            format!(
                "{} constants of {} inputs",
                constants.len(),
                call.node.input.len()
            ),
        )
    })
}

/// A whole exponent, as a product.
fn power(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let exponent = reader.constant(call, 1)?;
    let whole = || match exponent.integers()?[..] {
        [whole] => Some(whole as f32),
        _ => None,
    };
    let exponent = exponent.scalar().or_else(whole);
    let function = match exponent {
        Some(1.0) => Function::Identity,
        Some(2.0) => Function::Identity.gate(),
        Some(3.0) => Function::Identity.gate().gate(),
        Some(-1.0) => Function::Reciprocal,
        other => {
            let found = other.map_or("several".into(), |exponent| exponent.to_string());
            return Err(call.refuse("the exponent 1, 2, 3 or -1", found));
        }
    };
    push(reader, call, function)
}

/// One slope for all channels, or one for each: then the numbers above 0 plus the others times their slopes.
fn p_relu(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let constant = reader.constant(call, 1)?;
    let slopes = depthwise::channel_vector(reader, call, &view, &constant)?;
    let is = |first: f32| move |other: &f32| other.to_bits() == first.to_bits();
    if slopes.iter().all(is(slopes[0])) {
        return push(reader, call, Function::LeakyRelu(slopes[0]));
    }
    let (low, high) = (f32::NEG_INFINITY, f32::INFINITY);
    let below = Function::Clip { low, high: 0.0 };
    let below = push_over(reader, call, below, view.clone())?;
    let shifts = vec![0.0; slopes.len()];
    let scaled = depthwise::push(
        reader,
        call,
        &of(below, &view),
        slopes.into(),
        shifts.into(),
    )?;
    let above = Function::Clip { low: 0.0, high };
    let above = push_over(reader, call, above, view.clone())?;
    let tensors = [above, scaled].map(|value| of(value, &view).tensor);
    reader.push(call, Layer::Add(Add), tensors.into(), &view.axes)
}

/// The view in a value that a layer has made.
fn of(value: Value, view: &View) -> View {
    match value {
        Value::View(view) => view,
        _ => view.clone(),
    }
}

/// One number divided by a tensor.
pub fn divided(
    reader: &mut Reader,
    call: &Call,
    constant: &Constant,
) -> Result<Value, ImportError> {
    let Some(number) = constant.scalar().filter(|number| number.is_finite()) else {
        let found = format!("a constant {:?}", constant.shape());
        return Err(call.refuse("one finite number that is divided", found));
    };
    let quotient = Function::Reciprocal.then(affine(number, 0.0));
    push_of_tensor(reader, call, quotient)
}

/// The tensors of which two tensors are both functions, as one layer that reads the nearest; `None` where there is none.
pub fn combined(
    reader: &mut Reader,
    call: &Call,
    combination: Combination,
) -> Result<Option<Value>, ImportError> {
    let (a, b) = (reader.view(call, 0)?, reader.view(call, 1)?);
    if a.axes != b.axes {
        return Ok(None);
    }
    let (first, second) = (sources(reader, a.tensor), sources(reader, b.tensor));
    let common = first.into_iter().find_map(|(tensor, of_first)| {
        let (_, of_second) = second.iter().find(|(other, _)| *other == tensor)?;
        Some((
            tensor,
            Function::pair(combination, of_first, of_second.clone()),
        ))
    });
    match common.filter(|(_, function)| function.is_small()) {
        Some((tensor, function)) => {
            push_over(reader, call, function, View { tensor, ..a }).map(Some)
        }
        None => Ok(None),
    }
}

/// The tensors of which this one is a function, itself first, each with the function.
fn sources(reader: &Reader, tensor: usize) -> Vec<(usize, Function)> {
    let mut found = vec![(tensor, Function::Identity)];
    while let Some((tensor, after)) = found.last().cloned()
        && found.len() < DEPTH
        && let Some(node) = reader.node(tensor)
        && let Some(function) = of_numbers(&node.layer)
    {
        found.push((node.inputs[0], function.then(after)));
    }
    found
}

/// The function that a layer is, if it does the same with every number.
pub fn of_numbers(layer: &Layer) -> Option<Function> {
    match layer {
        Layer::Activation(activation) => Some(activation.function.clone()),
        Layer::Conv(conv) => {
            let (factor, shift) = uniform(conv)?;
            Some(affine(factor, shift))
        }
        _ => None,
    }
}

/// The factor and the shift of all channels, where they are alike.
fn uniform(conv: &Conv) -> Option<(f32, f32)> {
    let (factor, shift) = (*conv.weight.first()?, *conv.bias.first()?);
    let is_uniform = depthwise::is_scaling(conv)
        && conv
            .weight
            .iter()
            .all(|other| other.to_bits() == factor.to_bits())
        && conv
            .bias
            .iter()
            .all(|other| other.to_bits() == shift.to_bits());
    is_uniform.then_some((factor, shift))
}

fn push(reader: &mut Reader, call: &Call, function: Function) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    push_over(reader, call, function, view)
}

/// The same where the tensor may be any of the inputs.
fn push_of_tensor(
    reader: &mut Reader,
    call: &Call,
    function: Function,
) -> Result<Value, ImportError> {
    let inputs = 0..call.node.input.len();
    let mut tensors = inputs.filter(|&index| reader.constant(call, index).is_err());
    let view = reader.view(call, tensors.next().unwrap_or(0))?;
    push_over(reader, call, function, view)
}

fn push_over(
    reader: &mut Reader,
    call: &Call,
    function: Function,
    view: View,
) -> Result<Value, ImportError> {
    if function == Function::Identity {
        return Ok(Value::View(view));
    }
    let layer = Layer::Activation(Activation { function });
    reader.push(call, layer, vec![view.tensor], &view.axes)
}
