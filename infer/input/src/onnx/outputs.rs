//! Where the outputs of a graph come from.

use tract_onnx::pb::{GraphProto, NodeProto};

/// Whether the output of this name is computed by Softmax, also written out, but for changes of its form: it holds probabilities.
pub fn ends_in_softmax(graph: &GraphProto, output: &str) -> bool {
    let mut value = output;
    // A damaged graph may lead in a circle.
    for _ in 0..graph.node.len() {
        let node = producer(graph, value);
        match node.and_then(|node| Some((node.op_type.as_str(), node.input.first()?))) {
            Some(("Softmax", _)) => return true,
            Some(("Div", _)) => return node.is_some_and(|node| is_softmax(graph, node)),
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

/// Whether a quotient is Softmax written out: powers, each over the sum of all.
fn is_softmax(graph: &GraphProto, quotient: &NodeProto) -> bool {
    let [powers, sum] = &quotient.input[..] else {
        return false;
    };
    let is = |value, operator| producer(graph, value).is_some_and(|node| node.op_type == operator);
    let summed = producer(graph, sum).and_then(|node| node.input.first());
    is(powers, "Exp") && is(sum, "ReduceSum") && summed == Some(powers)
}

/// The operator that computes a value.
pub fn producer<'a>(graph: &'a GraphProto, value: &str) -> Option<&'a NodeProto> {
    let makes = |node: &&NodeProto| node.output.iter().any(|output| output == value);
    graph.node.iter().find(makes)
}
