//! Where the outputs of a graph come from.

use tract_onnx::pb::{GraphProto, NodeProto};

/// Whether the output of this name is computed by Softmax, but for changes of its form: it holds probabilities.
pub fn ends_in_softmax(graph: &GraphProto, output: &str) -> bool {
    let mut value = output;
    // A damaged graph may lead in a circle.
    for _ in 0..graph.node.len() {
        let node = producer(graph, value);
        match node.and_then(|node| Some((node.op_type.as_str(), node.input.first()?))) {
            Some(("Softmax", _)) => return true,
            Some((
                "Cast" | "Clip" | "DequantizeLinear" | "Dropout" | "Flatten" | "Identity"
                | "QuantizeLinear" | "Reshape" | "Round" | "Squeeze" | "Transpose" | "Unsqueeze",
                input,
            )) => value = input,
            _ => return false,
        }
    }
    false
}

/// The operator that computes a value.
pub fn producer<'a>(graph: &'a GraphProto, value: &str) -> Option<&'a NodeProto> {
    let makes = |node: &&NodeProto| node.output.iter().any(|output| output == value);
    graph.node.iter().find(makes)
}
