//! What the nodes of a graph are called, and the names that lead from one to the next.

use std::collections::{HashMap, HashSet};

use tract_onnx::pb::{GraphProto, NodeProto};

use super::foreign::{explain, is_known, is_standard};
use super::{OnnxError, Runtime};
use crate::file::one_line;

/// Refuses operators that the runtime has not, graphs in operators, and names that stand for two things.
pub fn check(graph: &GraphProto, runtime: Runtime) -> Result<(), OnnxError> {
    let registered = tract_onnx::onnx().op_register.0;
    for node in &graph.node {
        let has = match runtime {
            Runtime::Tract => is_known(node, false) && registered.contains_key(&node.op_type),
            Runtime::OnnxRuntime => is_known(node, true),
        };
        if !has {
            let unknown = "an operator that tract does not know; export the model with other operators, or an older opset";
            let advice = explain(&node.domain, &node.op_type).unwrap_or(unknown);
            let what = format!("{}: {advice}", show(node));
            return Err(OnnxError::Operator(what));
        }
        let nested = |of: &_| of_graphs(of) > 0;
        if node.attribute.iter().any(nested) {
            return Err(OnnxError::Nested(show(node)));
        }
    }
    unique("nodes", graph.node.iter().map(|node| node.name.as_str()))?;
    unique(
        "inputs",
        graph.input.iter().map(|input| input.name.as_str()),
    )?;
    let weights = graph.initializer.iter().map(|weights| &*weights.name);
    let outputs = graph.node.iter().flat_map(|node| &node.output);
    let inputs = graph.input.iter().map(|input| input.name.as_str());
    let known: HashSet<&str> = weights.clone().collect();
    let inputs = inputs.filter(|input| !known.contains(input));
    unique(
        "values",
        weights.chain(inputs).chain(outputs.map(String::as_str)),
    )
}

/// An operator as messages call it.
pub fn show(node: &NodeProto) -> String {
    let domain = match node.domain.as_str() {
        domain if is_standard(domain) => String::new(),
        domain => format!(" of {domain}"),
    };
    let name = if node.name.is_empty() {
        node.output.first().map_or("", String::as_str)
    } else {
        &node.name
    };
    one_line(&format!("{}{domain} ({name})", node.op_type))
}

fn of_graphs(attribute: &tract_onnx::pb::AttributeProto) -> usize {
    usize::from(attribute.g.is_some()) + attribute.graphs.len()
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), OnnxError> {
    let mut seen = HashSet::new();
    let mut given = names.filter(|name| !name.is_empty());
    match given.find(|name| !seen.insert(*name)) {
        Some(name) => Err(OnnxError::Twice(one_line(&format!("{what} named {name}")))),
        None => Ok(()),
    }
}

/// Leaves only nodes and weights that the outputs need.
pub fn drop_unneeded(graph: &mut GraphProto) {
    let mut wanted: Vec<String> = graph
        .output
        .iter()
        .map(|output| output.name.clone())
        .collect();
    let mut needed = HashSet::new();
    let producers: HashMap<&str, &NodeProto> = graph
        .node
        .iter()
        .flat_map(|node| {
            node.output
                .iter()
                .map(move |output| (output.as_str(), node))
        })
        .collect();
    while let Some(value) = wanted.pop() {
        if let Some(node) = producers
            .get(value.as_str())
            .filter(|_| !needed.contains(&value))
        {
            wanted.extend(node.input.iter().cloned());
        }
        needed.insert(value);
    }
    let is_needed = |name: &String| needed.contains(name);
    graph.node.retain(|node| node.output.iter().any(is_needed));
    graph.initializer.retain(|weights| is_needed(&weights.name));
}
