//! The graphs whose layers are compared: both networks as they are, and each layer by itself on inputs that it is given.

use std::collections::HashSet;

use prost::Message;

use super::CompareError;
use super::pairs::{Pair, Pairs};
use crate::graph::{Graph, GraphError};
use crate::network::Shape;
use crate::onnx::{self, ValueInfo};
use crate::tensor::{ElementType, TensorType};

/// What the input is called on which a layer runs by itself, for each tensor that layers read.
pub fn given(tensor: usize) -> String {
    format!("given {tensor}")
}

/// What the integers of a layer are called where a graph puts them out, as floats.
pub fn integers(name: &str) -> String {
    format!("{name} integers")
}

/// The float layers behind the int8 layers, each by itself: an input for each tensor of the int8 network, with all
/// channels, and an output for each layer that is no copy.
pub fn float_apart(pairs: &Pairs) -> Result<Vec<u8>, GraphError> {
    let mut graph = Graph::new();
    let mut values = Vec::new();
    for tensor in 0..=pairs.layers.len() {
        let [channels, rows, columns] = pairs.full_shape(tensor);
        let tensor_type = TensorType::f32(&[1, channels, rows, columns]);
        // Only those that are read become inputs.
        values.push(graph.input(&given(tensor), tensor_type)?);
    }
    for pair in &pairs.layers {
        let Some(node) = pairs.node(pair) else {
            continue;
        };
        let inputs: Vec<_> = pair.inputs.iter().map(|&input| values[input]).collect();
        let value = node.layer.form().float(&mut graph, &inputs)?;
        let value = node.clip.apply(&mut graph, value)?;
        graph.output(&pair.name, value)?;
    }
    Ok(graph.to_onnx("float layers apart", &[]))
}

/// An int8 model with its layers among the values, as `train quantize` writes it.
pub struct Int8Model {
    model: onnx::Model,
    /// The name of the input, in floats.
    pub input: String,
    /// The name of the output.
    pub output: String,
    /// The integers of the input.
    quantized: String,
}

impl Int8Model {
    /// The model in a file whose layers are these.
    pub fn new(bytes: &[u8], pairs: &Pairs) -> Result<Self, CompareError> {
        let model = onnx::Model::decode(bytes)?;
        let form = |found: &str| CompareError::Form(found.into());
        let graph = model.graph.as_ref().ok_or_else(|| form("no graph"))?;
        let ([input], [output]) = (&graph.input[..], &graph.output[..]) else {
            let counts = [graph.input.len(), graph.output.len()];
            return Err(form(&format!(
                "{} inputs and {} outputs",
                counts[0], counts[1]
            )));
        };
        let (input, output) = (input.name.clone(), output.name.clone());
        let is_first = |node: &&onnx::Node| {
            node.op_type == "QuantizeLinear" && node.input.first() == Some(&input)
        };
        let quantized = graph.node.iter().find(is_first);
        let quantized = quantized.and_then(|node| node.output.first());
        let quantized = quantized.ok_or_else(|| form("no QuantizeLinear of its input"))?;
        let quantized = quantized.clone();
        for (index, pair) in pairs.layers.iter().enumerate() {
            expect_shape(graph, pair, pairs.shape(index + 1))?;
        }
        Ok(Self {
            model,
            input,
            output,
            quantized,
        })
    }

    /// The model with the integers of each layer for outputs.
    pub fn observed(&self, pairs: &Pairs) -> Vec<u8> {
        let mut model = self.model.clone();
        if let Some(graph) = &mut model.graph {
            put_out_integers(graph, pairs);
        }
        model.encode_to_vec()
    }

    /// Each layer by itself, on integers that are given for each tensor.
    pub fn apart(&self, pairs: &Pairs) -> Vec<u8> {
        let mut model = self.model.clone();
        let Some(graph) = &mut model.graph else {
            return Vec::new();
        };
        let tensors: Vec<&str> = [&*self.quantized]
            .into_iter()
            .chain(pairs.layers.iter().map(|pair| &*pair.name))
            .collect();
        for name in graph.node.iter_mut().flat_map(|node| &mut node.input) {
            if let Some(tensor) = tensors.iter().position(|tensor| tensor == name) {
                *name = given(tensor);
            }
        }
        put_out_integers(graph, pairs);
        let input = |tensor| value(&given(tensor), ElementType::I8, pairs.shape(tensor));
        graph.input = pairs.read(|_| true).into_iter().map(input).collect();
        model.encode_to_vec()
    }
}

/// Makes the integers of the layers the outputs of a graph, as floats, and leaves what these need.
fn put_out_integers(graph: &mut onnx::Graph, pairs: &Pairs) {
    let cast = |pair: &Pair| onnx::Node {
        op_type: "Cast".into(),
        name: integers(&pair.name),
        input: vec![pair.name.clone()],
        output: vec![integers(&pair.name)],
        attribute: vec![onnx::AttributeEntry {
            name: "to".into(),
            i: Some(ElementType::F32.onnx().into()),
            // An integer.
            kind: 2,
            ..Default::default()
        }],
        ..Default::default()
    };
    graph.node.extend(pairs.layers.iter().map(cast));
    let output = |(index, pair): (usize, &Pair)| {
        value(
            &integers(&pair.name),
            ElementType::F32,
            pairs.shape(index + 1),
        )
    };
    graph.output = pairs.layers.iter().enumerate().map(output).collect();
    let mut needed: HashSet<String> = graph.output.iter().map(|one| one.name.clone()).collect();
    let mut kept = Vec::new();
    while let Some(node) = graph.node.pop() {
        if node.output.iter().any(|output| needed.contains(output)) {
            needed.extend(node.input.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    graph.node = kept;
    graph
        .value_info
        .retain(|value| needed.contains(&value.name));
}

/// `[1, channels, rows, columns]`.
fn value(name: &str, element: ElementType, [channels, rows, columns]: Shape) -> ValueInfo {
    ValueInfo::tensor(name, element.onnx(), &[1, channels, rows, columns])
}

/// Fails unless a graph has the value of a layer, in this shape.
fn expect_shape(graph: &onnx::Graph, pair: &Pair, shape: Shape) -> Result<(), CompareError> {
    let expected = value(&pair.name, ElementType::I8, shape);
    let found = graph.value_info.iter().find(|one| one.name == pair.name);
    if found == Some(&expected) {
        return Ok(());
    }
    let sizes = |value: &ValueInfo| value.sizes()?.collect::<Option<Vec<i64>>>();
    let text = |sizes: Option<Vec<i64>>| sizes.map_or("none".into(), |sizes| format!("{sizes:?}"));
    Err(CompareError::Shape {
        layer: pair.name.clone(),
        expected: text(sizes(&expected)),
        found: text(found.and_then(sizes)),
    })
}
