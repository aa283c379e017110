//! The ONNX graphs of a network that is quantised: with its outputs layer by layer, in floats and in integers, with one
//! layer in integers among floats, and the one that is shipped.

use super::int8::{Int8Network, Int8Node};
use super::run::Names;
use crate::graph::{Graph, GraphError, ValueId};
use crate::layers::{Conv, Dense, Int8Layer, Layer};
use crate::network::{Network, Node};
use crate::tensor::TensorType;

/// The input to an output for each layer, named as the layer, in floats.
pub fn float_layers(network: &Network, names: Names) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let input = network.graph_input(&mut graph, names.input)?;
    let values = network.forward(&mut graph, input)?;
    for (node, &value) in network.nodes.iter().zip(&values[1..]) {
        graph.output(&node.name, value)?;
    }
    Ok(graph.to_onnx("float layers", &[]))
}

/// The name of a layer's output in integers, in [`compared`].
pub fn int8_name(name: &str) -> String {
    format!("{name} int8")
}

/// The outputs of [`float_layers`], and beside them what the integers stand for, named by [`int8_name`].
pub fn compared(
    network: &Network,
    int8: &Int8Network,
    names: Names,
) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let input = network.graph_input(&mut graph, names.input)?;
    let values = network.forward(&mut graph, input)?;
    let integers = forward(&mut graph, input, int8)?;
    for (index, node) in int8.nodes.iter().enumerate() {
        graph.output(&node.name, values[index + 1])?;
        let reals = graph.dequantize_linear(integers[index + 1], node.to)?;
        graph.output(&int8_name(&node.name), reals)?;
    }
    Ok(graph.to_onnx("float and int8 layers", &[]))
}

/// The input to the output in floats, but the weights and the outputs of at most one layer are those that its integers
/// stand for.
pub fn float(
    network: &Network,
    rounded: Option<(usize, &Int8Node)>,
    names: Names,
) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let mut values = vec![network.graph_input(&mut graph, names.input)?];
    for (index, node) in network.nodes.iter().enumerate() {
        let value = match rounded.filter(|(at, _)| *at == index) {
            None => node.forward(&mut graph, &values)?,
            Some((_, int8)) => {
                let value = with_rounded_weights(node, int8).forward(&mut graph, &values)?;
                let integers = graph.quantize_linear(value, int8.to)?;
                graph.dequantize_linear(integers, int8.to)?
            }
        };
        values.push(value);
    }
    output(&mut graph, values[network.nodes.len()], names)?;
    Ok(graph.to_onnx("float output", &[]))
}

fn with_rounded_weights(node: &Node, int8: &Int8Node) -> Node {
    let mut node = node.clone();
    if let Int8Layer::Sums(sums) = &int8.layer {
        match &mut node.layer {
            Layer::Conv(Conv { weight, .. }) | Layer::Dense(Dense { weight, .. }) => {
                *weight = sums.rounded_weight();
            }
            _ => {}
        }
    }
    node
}

/// The shipped form: the input in floats to the output in floats, integers in between, which have the names of their layers.
pub fn shipped(
    int8: &Int8Network,
    names: Names,
    name: &str,
    metadata: &[(String, String)],
) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let [channels, rows, columns] = int8.input;
    let shape = TensorType::f32(&[1, channels, rows, columns]);
    let input = graph.input(names.input, shape)?;
    let values = forward(&mut graph, input, int8)?;
    for (node, &value) in int8.nodes.iter().zip(&values[1..]) {
        graph.rename(value, &node.name)?;
    }
    let reals = graph.dequantize_linear(values[int8.nodes.len()], int8.output())?;
    output(&mut graph, reals, names)?;
    Ok(graph.to_onnx(name, metadata))
}

/// Adds all layers in integers; the value of each tensor, the input first.
fn forward(
    graph: &mut Graph,
    input: ValueId,
    int8: &Int8Network,
) -> Result<Vec<ValueId>, GraphError> {
    let mut values = vec![graph.quantize_linear(input, int8.from)?];
    for node in &int8.nodes {
        let inputs: Vec<ValueId> = node.inputs.iter().map(|&input| values[input]).collect();
        let value = node
            .layer
            .form()
            .graph(graph, &inputs, int8.meaning_of(node))?;
        values.push(value);
    }
    Ok(values)
}

/// Makes a vector the output; one of rows and columns stays as it is.
fn output(graph: &mut Graph, value: ValueId, names: Names) -> Result<(), GraphError> {
    let value = match graph.shape(value)[2..] {
        [1, 1] => graph.flatten(value)?,
        _ => value,
    };
    graph.output(names.output, value)
}
