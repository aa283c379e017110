//! What the nodes of a graph are called, and the names that lead from one to the next.

use std::collections::{HashMap, HashSet};

use tract_onnx::Onnx;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto};

use super::foreign::{explain, is_known, is_standard};
use super::{OnnxError, Runtime};
use crate::file::one_line;

/// Refuses operators that the runtime has not, graphs in operators, and names that stand for two things.
pub fn check(graph: &GraphProto, runtime: Runtime) -> Result<(), OnnxError> {
    let tract = tract_onnx::onnx();
    for node in &graph.node {
        let has = match runtime {
            Runtime::Tract => is_of_tract(&tract, node),
            Runtime::OnnxRuntime => is_known(node, true),
        };
        if !has {
            let unknown = "an operator that tract does not know; export the model with other operators, or an older opset";
            let advice = explain(&node.domain, &node.op_type).unwrap_or(unknown);
            let what = format!("{}: {advice}", show(node));
            return Err(OnnxError::Operator(what));
        }
        let mut attributes = node.attribute.iter();
        if attributes.any(|of| of.g.is_some() || !of.graphs.is_empty()) {
            return Err(OnnxError::Nested(show(node)));
        }
    }
    unique("nodes", graph.node.iter().map(|node| &*node.name))?;
    let inputs = graph.input.iter().map(|input| &*input.name);
    unique("inputs", inputs.clone())?;
    let weights = graph.initializer.iter().map(|weights| &*weights.name);
    let known: HashSet<&str> = weights.clone().collect();
    let inputs = inputs.filter(|input| !known.contains(input));
    let outputs = graph.node.iter().flat_map(|node| &node.output);
    let outputs = outputs.map(String::as_str);
    unique("values", weights.chain(inputs).chain(outputs))
}

/// Whether tract has all operators of a model.
pub fn are_of_tract(proto: &ModelProto) -> bool {
    let tract = tract_onnx::onnx();
    let mut nodes = proto.graph.iter().flat_map(|graph| &graph.node);
    nodes.all(|node| is_of_tract(&tract, node))
}

fn is_of_tract(tract: &Onnx, node: &NodeProto) -> bool {
    is_known(node, false) && tract.op_register.0.contains_key(&node.op_type)
}

/// Refuses a model that says twice, or not at all, what its operators are, or twice what a metadata entry is.
pub fn check_sets_and_metadata(proto: &ModelProto) -> Result<(), OnnxError> {
    let sets = &proto.opset_import;
    let domains = sets.iter().map(|set| match set.domain.as_str() {
        domain if is_standard(domain) => "ai.onnx",
        domain => domain,
    });
    unique("operator sets", domains)?;
    unique(
        "metadata entries",
        proto.metadata_props.iter().map(|entry| &*entry.key),
    )?;
    match sets.iter().find(|set| is_standard(&set.domain)) {
        Some(set) if set.version > 0 => Ok(()),
        Some(set) => Err(OnnxError::OperatorSet(set.version.to_string())),
        None => Err(OnnxError::OperatorSet("none".to_owned())),
    }
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
    let mut producers = HashMap::new();
    for node in &graph.node {
        producers.extend(node.output.iter().map(|output| (output, node)));
    }
    let outputs = graph.output.iter().map(|output| output.name.clone());
    let mut wanted: Vec<String> = outputs.collect();
    let mut needed = HashSet::new();
    while let Some(value) = wanted.pop() {
        if needed.insert(value.clone())
            && let Some(node) = producers.get(&value)
        {
            wanted.extend(node.input.iter().cloned());
        }
    }
    let is_needed = |name: &String| needed.contains(name);
    graph.node.retain(|node| node.output.iter().any(is_needed));
    graph.initializer.retain(|weights| is_needed(&weights.name));
}
