//! An independent evaluation of graphs: plain loops in 64-bit floats over the ONNX definitions of the operators.

use std::collections::HashMap;

use ndarray::{ArrayD, Axis, Dimension, IxDyn};
use train::graph::{Graph, Node, ValueId};
use train::ops::Window;
use train::tensor::Tensor;

/// Values of the inputs of a graph; integers and truth values are floats here too.
pub type Feeds = HashMap<ValueId, ArrayD<f64>>;

/// Evaluates `target`.
pub fn evaluate(graph: &Graph, feeds: &Feeds, target: ValueId) -> ArrayD<f64> {
    let mut values = feeds.clone();
    for node in graph.nodes() {
        for &input in &node.inputs {
            if let Some(constant) = graph.constant_tensor(input) {
                values.entry(input).or_insert_with(|| to_f64(constant));
            }
        }
        let inputs: Vec<&ArrayD<f64>> = node
            .inputs
            .iter()
            .map(|id| values.get(id).expect("inputs come first"))
            .collect();
        let output = apply(node, &inputs, graph.shape(node.output));
        values.insert(node.output, output);
        if node.output == target {
            break;
        }
    }
    values
        .remove(&target)
        .expect("the target is computed by a node")
}

fn to_f64(tensor: &Tensor) -> ArrayD<f64> {
    match tensor {
        Tensor::F32(array) => array.mapv(f64::from),
        Tensor::U8(array) => array.mapv(f64::from),
        Tensor::I8(array) => array.mapv(f64::from),
        Tensor::I32(array) => array.mapv(f64::from),
        Tensor::I64(array) => array.mapv(|value| value as f64),
    }
}

fn apply(node: &Node, inputs: &[&ArrayD<f64>], shape: &[usize]) -> ArrayD<f64> {
    let x = inputs[0];
    let elementwise = |function: fn(f64, f64) -> f64| {
        let (a, b) = (broadcast(x, shape), broadcast(inputs[1], shape));
        ndarray::Zip::from(&a)
            .and(&b)
            .map_collect(|&a, &b| function(a, b))
    };
    match node.operator.name {
        "Add" => elementwise(|a, b| a + b),
        "Sub" => elementwise(|a, b| a - b),
        "Mul" => elementwise(|a, b| a * b),
        "Div" => elementwise(|a, b| a / b),
        "Greater" => elementwise(|a, b| f64::from(u8::from(a > b))),
        "Sqrt" => x.mapv(f64::sqrt),
        "Exp" => x.mapv(f64::exp),
        "Relu" => x.mapv(|value| value.max(0.0)),
        // Numbers of any type are floats here.
        "Cast" => x.clone(),
        "Expand" => broadcast(x, shape),
        "Flatten" | "Reshape" => reshaped(x, shape),
        "Transpose" => x.clone().permuted_axes(node.attributes.get_sizes("perm")),
        "ReduceSum" => inputs[1].iter().fold(x.clone(), |sum, &axis| {
            sum.sum_axis(Axis(axis as usize))
                .insert_axis(Axis(axis as usize))
        }),
        "Where" => {
            let [chosen, a, b] = [0, 1, 2].map(|index| broadcast(inputs[index], shape));
            let pick = |&chosen: &f64, &a: &f64, &b: &f64| if chosen > 0.5 { a } else { b };
            ndarray::Zip::from(&chosen)
                .and(&a)
                .and(&b)
                .map_collect(pick)
        }
        "OneHot" => {
            let at = |index: IxDyn| x[&index.slice()[..x.ndim()]];
            ArrayD::from_shape_fn(IxDyn(shape), |index| {
                f64::from(u8::from(
                    (at(index.clone()) - index[x.ndim()] as f64).abs() < 0.5,
                ))
            })
        }
        "BatchNormalization" => {
            let epsilon = f64::from(node.attributes.get_float("epsilon", f32::NAN));
            ArrayD::from_shape_fn(IxDyn(shape), |index| {
                let [scale, bias, mean, variance] = [1, 2, 3, 4].map(|at| inputs[at][[index[1]]]);
                (x[&index] - mean) / (variance + epsilon).sqrt() * scale + bias
            })
        }
        "Log" => x.mapv(f64::ln),
        "ReduceMax" => {
            let last = Axis(x.ndim() - 1);
            let largest =
                |row: ndarray::ArrayView1<f64>| row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            x.map_axis(last, largest).insert_axis(last)
        }
        "Gemm" => gemm(node, inputs, shape),
        "Conv" => conv(&Window::from_attributes(&node.attributes), inputs, shape),
        "Clip" => x.mapv(|value| value.clamp(inputs[1].sum(), inputs[2].sum())),
        "LeakyRelu" => {
            let slope = f64::from(node.attributes.get_float("alpha", f32::NAN));
            x.mapv(|value| if value > 0.0 { value } else { slope * value })
        }
        "Concat" => {
            let axis = Axis(node.attributes.get_integer("axis", -1) as usize);
            let views: Vec<_> = inputs.iter().map(|input| input.view()).collect();
            ndarray::concatenate(axis, &views).expect("shapes were checked")
        }
        "AveragePool" => average_pool(&Window::from_attributes(&node.attributes), x, shape),
        "MaxPool" => max_pool(&Window::from_attributes(&node.attributes), x, shape),
        other => panic!("the oracle does not know operator {other}"),
    }
}

fn broadcast(x: &ArrayD<f64>, shape: &[usize]) -> ArrayD<f64> {
    x.broadcast(IxDyn(shape))
        .expect("shapes were checked when the node was added")
        .to_owned()
}

fn reshaped(x: &ArrayD<f64>, shape: &[usize]) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(shape), x.iter().copied().collect())
        .expect("same number of elements")
}

fn gemm(node: &Node, inputs: &[&ArrayD<f64>], shape: &[usize]) -> ArrayD<f64> {
    let transposed = |flag| node.attributes.get_integer(flag, 0) == 1;
    let (transpose_a, transpose_b) = (transposed("transA"), transposed("transB"));
    let inner = inputs[0].shape()[usize::from(!transpose_a)];
    let a = |row: usize, k: usize| inputs[0][if transpose_a { [k, row] } else { [row, k] }];
    let b = |k: usize, column: usize| {
        inputs[1][if transpose_b {
            [column, k]
        } else {
            [k, column]
        }]
    };
    let bias = inputs.get(2).map(|bias| broadcast(bias, shape));
    ArrayD::from_shape_fn(IxDyn(shape), |index| {
        let sum: f64 = (0..inner).map(|k| a(index[0], k) * b(k, index[1])).sum();
        sum + bias.as_ref().map_or(0.0, |bias| bias[&index])
    })
}

/// The taps of the window at a place of the output, `[i, j, row, column]`: in the window, and on the unpadded input. Those
/// in the padding are left out.
fn taps(window: &Window, place: &IxDyn, x: &ArrayD<f64>) -> impl Iterator<Item = [usize; 4]> {
    let position = move |axis: usize, tap: usize| {
        let padded = place[axis + 2] * window.strides[axis] + tap * window.dilations[axis];
        let position = padded.checked_sub(window.pads[axis])?;
        (position < x.shape()[axis + 2]).then_some(position)
    };
    let all = (0..window.kernel[0]).flat_map(|i| (0..window.kernel[1]).map(move |j| [i, j]));
    all.filter_map(move |[i, j]| Some([i, j, position(0, i)?, position(1, j)?]))
}

fn conv(window: &Window, inputs: &[&ArrayD<f64>], shape: &[usize]) -> ArrayD<f64> {
    let (x, weight) = (inputs[0], inputs[1]);
    let (filters, of_group) = (weight.shape()[0], weight.shape()[1]);
    let of_filter = filters * of_group / x.shape()[1];
    ArrayD::from_shape_fn(IxDyn(shape), |index| {
        let mut sum = inputs.get(2).map_or(0.0, |bias| bias[[index[1]]]);
        let first = index[1] / of_filter * of_group;
        for [i, j, row, column] in taps(window, &index, x) {
            for channel in 0..of_group {
                let pixel = x[[index[0], first + channel, row, column]];
                sum += pixel * weight[[index[1], channel, i, j]];
            }
        }
        sum
    })
}

/// Padding counts as zeros.
fn average_pool(window: &Window, x: &ArrayD<f64>, shape: &[usize]) -> ArrayD<f64> {
    let places = (window.kernel[0] * window.kernel[1]) as f64;
    ArrayD::from_shape_fn(IxDyn(shape), |index| {
        let values =
            taps(window, &index, x).map(|[_, _, row, column]| x[[index[0], index[1], row, column]]);
        values.sum::<f64>() / places
    })
}

fn max_pool(window: &Window, x: &ArrayD<f64>, shape: &[usize]) -> ArrayD<f64> {
    ArrayD::from_shape_fn(IxDyn(shape), |index| {
        let values =
            taps(window, &index, x).map(|[_, _, row, column]| x[[index[0], index[1], row, column]]);
        values.fold(f64::NEG_INFINITY, f64::max)
    })
}
