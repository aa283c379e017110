//! The ONNX graphs of a network that is quantised: with its outputs layer by layer, in floats and in integers, and the
//! one that is shipped.

use super::network::{FloatNetwork, Layer};
use super::scale::{IMAGE, Int8Layer};
use crate::graph::{Graph, GraphError, ValueId};
use crate::models::{IMAGES, LOGITS};
use crate::tensor::TensorType;

/// `images` to an output for each layer, named as the layer, in floats.
pub fn float_layers(network: &FloatNetwork) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let mut x = images(&mut graph, network)?;
    for layer in &network.layers {
        let weight = graph.constant(layer.weight.clone().into());
        let bias = graph.constant(layer.bias.clone().into());
        x = graph.conv(x, weight, Some(bias), layer.window)?;
        if layer.relu {
            x = graph.relu(x)?;
        }
        if let Some(pool) = layer.pool {
            x = graph.max_pool(x, pool)?;
        }
        graph.output(&layer.name, x)?;
    }
    Ok(graph.to_onnx("float layers", &[]))
}

/// The same in integers; the outputs are the real numbers that they stand for.
pub fn int8_layers(network: &FloatNetwork, int8: &[Int8Layer]) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let mut x = quantized_images(&mut graph, network)?;
    for (layer, int8) in network.layers.iter().zip(int8) {
        x = int8_layer(&mut graph, x, layer, int8)?;
        let reals = graph.dequantize_linear(x, int8.to)?;
        graph.output(&layer.name, reals)?;
    }
    Ok(graph.to_onnx("int8 layers", &[]))
}

/// The shipped form: `images` in floats to `logits` in floats, integers in between.
pub fn shipped(
    network: &FloatNetwork,
    int8: &[Int8Layer],
    metadata: &[(String, String)],
) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let mut x = quantized_images(&mut graph, network)?;
    let mut meaning = IMAGE;
    for (layer, int8) in network.layers.iter().zip(int8) {
        x = int8_layer(&mut graph, x, layer, int8)?;
        meaning = int8.to;
    }
    let reals = graph.dequantize_linear(x, meaning)?;
    let logits = graph.flatten(reals)?;
    graph.output(LOGITS, logits)?;
    Ok(graph.to_onnx("digits-int8", metadata))
}

fn images(graph: &mut Graph, network: &FloatNetwork) -> Result<ValueId, GraphError> {
    let [channels, rows, columns] = network.input;
    graph.input(IMAGES, TensorType::f32(&[1, channels, rows, columns]))
}

fn quantized_images(graph: &mut Graph, network: &FloatNetwork) -> Result<ValueId, GraphError> {
    let images = images(graph, network)?;
    graph.quantize_linear(images, IMAGE)
}

fn int8_layer(
    graph: &mut Graph,
    x: ValueId,
    layer: &Layer,
    int8: &Int8Layer,
) -> Result<ValueId, GraphError> {
    let y = graph.q_linear_conv(x, int8.filters.clone(), layer.window, int8.from, int8.to)?;
    match layer.pool {
        Some(pool) => graph.max_pool(y, pool),
        None => Ok(y),
    }
}
