//! The part of a graph that an output depends on.

use std::collections::{HashMap, HashSet};

use crate::onnx::Graph;

/// Leaves only nodes that this output needs.
pub fn keep(graph: &mut Graph, output: &str) {
    let mut makers: HashMap<&str, usize> = HashMap::new();
    for (index, node) in graph.node.iter().enumerate() {
        makers.extend(node.output.iter().map(|output| (output.as_str(), index)));
    }
    let mut wanted = vec![output];
    let mut needed = HashSet::new();
    while let Some(value) = wanted.pop() {
        if let Some(&index) = makers.get(value)
            && needed.insert(index)
        {
            wanted.extend(graph.node[index].input.iter().map(String::as_str));
        }
    }
    let mut indices = 0..graph.node.len();
    graph
        .node
        .retain(|_| indices.next().is_some_and(|index| needed.contains(&index)));
}
