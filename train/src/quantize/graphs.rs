//! The ONNX graphs of a network that is quantised: with its outputs layer by layer, in floats and in integers, with one
//! layer in integers among floats, and the one that is shipped.

use ndarray::{Array1, Array4};

use super::network::{FloatNetwork, Layer};
use super::scale::{IMAGE, Int8Layer};
use crate::graph::{Graph, GraphError, ValueId};
use crate::models::{IMAGES, LOGITS};
use crate::tensor::TensorType;

/// `images` to an output for each layer, named as the layer, in floats.
pub fn float_layers(network: &FloatNetwork) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let mut x = images(&mut graph, &network.layers[0])?;
    for layer in &network.layers {
        x = float_layer(&mut graph, x, layer, &layer.weight, &layer.bias)?;
        graph.output(&layer.name, x)?;
    }
    Ok(graph.to_onnx("float layers", &[]))
}

/// The name of a layer's output in integers, in [`compared`].
pub fn int8_name(layer: &Layer) -> String {
    format!("{} int8", layer.name)
}

/// The outputs of [`float_layers`], and beside them what the integers stand for, named by [`int8_name`].
pub fn compared(layers: &[Int8Layer]) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let mut float = images(&mut graph, layers[0].layer)?;
    let mut int8 = graph.quantize_linear(float, IMAGE)?;
    for quantized in layers {
        let layer = quantized.layer;
        float = float_layer(&mut graph, float, layer, &layer.weight, &layer.bias)?;
        graph.output(&layer.name, float)?;
        int8 = int8_layer(&mut graph, int8, quantized)?;
        let reals = graph.dequantize_linear(int8, quantized.to)?;
        graph.output(&int8_name(layer), reals)?;
    }
    Ok(graph.to_onnx("float and int8 layers", &[]))
}

/// `images` to `logits` in floats, but the weights and the outputs of at most one layer are those that its integers stand for.
pub fn float(layers: &[Int8Layer], rounded: Option<usize>) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let mut x = images(&mut graph, layers[0].layer)?;
    for (at, quantized) in layers.iter().enumerate() {
        let layer = quantized.layer;
        if Some(at) == rounded {
            let weight = quantized.rounded_weight();
            x = float_layer(&mut graph, x, layer, &weight, &layer.bias)?;
            x = graph.quantize_linear(x, quantized.to)?;
            x = graph.dequantize_linear(x, quantized.to)?;
        } else {
            x = float_layer(&mut graph, x, layer, &layer.weight, &layer.bias)?;
        }
    }
    let logits = graph.flatten(x)?;
    graph.output(LOGITS, logits)?;
    Ok(graph.to_onnx("float logits", &[]))
}

/// The shipped form: `images` in floats to `logits` in floats, integers in between.
pub fn shipped(layers: &[Int8Layer], metadata: &[(String, String)]) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let images = images(&mut graph, layers[0].layer)?;
    let mut x = graph.quantize_linear(images, IMAGE)?;
    let mut meaning = IMAGE;
    for layer in layers {
        x = int8_layer(&mut graph, x, layer)?;
        meaning = layer.to;
    }
    let reals = graph.dequantize_linear(x, meaning)?;
    let logits = graph.flatten(reals)?;
    graph.output(LOGITS, logits)?;
    Ok(graph.to_onnx("digits-int8", metadata))
}

fn images(graph: &mut Graph, first: &Layer) -> Result<ValueId, GraphError> {
    let [channels, rows, columns] = first.input;
    graph.input(IMAGES, TensorType::f32(&[1, channels, rows, columns]))
}

fn float_layer(
    graph: &mut Graph,
    x: ValueId,
    layer: &Layer,
    weight: &Array4<f32>,
    bias: &Array1<f32>,
) -> Result<ValueId, GraphError> {
    let weight = graph.constant(weight.clone().into());
    let bias = graph.constant(bias.clone().into());
    let mut y = graph.conv(x, weight, Some(bias), layer.window)?;
    if layer.relu {
        y = graph.relu(y)?;
    }
    layer.pool.map_or(Ok(y), |pool| graph.max_pool(y, pool))
}

fn int8_layer(graph: &mut Graph, x: ValueId, quantized: &Int8Layer) -> Result<ValueId, GraphError> {
    let Int8Layer {
        layer,
        filters,
        from,
        to,
        ..
    } = quantized;
    let y = graph.q_linear_conv(x, filters.clone(), (layer.window, 1), [*from, *to])?;
    layer.pool.map_or(Ok(y), |pool| graph.max_pool(y, pool))
}
