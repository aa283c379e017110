//! The sizes of all values of a graph, before anything is computed.

use std::collections::HashMap;

use tract_onnx::pb::{ModelProto, NodeProto};
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::{Factoid, InferenceFact};

use super::names::show;
use super::{OnnxError, work};
use crate::limits::Limits;

/// Operators whose output is no larger than their input, but of a size that depends on its values.
const SHRINKING: [&str; 2] = ["Compress", "NonZero"];

/// Operators that take sizes from the values of their inputs.
const SIZED: [&str; 14] = [
    "BlackmanWindow",
    "ConstantOfShape",
    "Expand",
    "HammingWindow",
    "HannWindow",
    "MelWeightMatrix",
    "OneHot",
    "Pad",
    "Range",
    "Reshape",
    "Resize",
    "Split",
    "Tile",
    "TopK",
];

/// The largest size that tract does not cut to 32 bits on its way.
const MAX_SIZE: u64 = 1 << 30;

/// The graph as tract reads it, with the shapes of all values, within the limits.
///
/// tract computes values of constants while it looks for shapes, however large they get. So this asks each operator in
/// turn for the size of its outputs alone, and lets tract go on only if they are within what is left.
pub fn measure(proto: &ModelProto, limits: &Limits) -> Result<InferenceModel, OnnxError> {
    let mut graph = tract_onnx::onnx()
        // Shapes noted for inner values may use the open batch dimension, which is fixed here.
        .with_ignore_value_info(true)
        .model_for_proto_model(proto)?;
    let mut nodes = HashMap::new();
    for node in proto.graph.iter().flat_map(|graph| &graph.node) {
        let named = node.output.iter().find(|name| !name.is_empty());
        nodes.extend(named.map(|name| (name.as_str(), node)));
    }
    let mut total = Total {
        limits,
        bytes: 0,
        multiply_adds: 0,
    };
    for id in graph.eval_order()? {
        let label = graph.outlet_label(id.into()).unwrap_or_default();
        let node = nodes.get(label).copied();
        let (inputs, found) = infer(&mut graph, id, true)?;
        match node {
            Some(node) => total.add(node, &inputs, &found)?,
            None => total.add_bytes(&found, "the weights")?,
        }
        let (_, found) = infer(&mut graph, id, false)?;
        for (slot, fact) in found.into_iter().enumerate() {
            if node.is_some() && sizes(&fact).is_none() {
                return Err(OnnxError::Open(node.map(show).unwrap_or_default()));
            }
            graph.set_outlet_fact(OutletId::new(id, slot), fact)?;
        }
    }
    Ok(graph)
}

/// The shape of every value of a graph that was measured, by its name.
pub fn by_name(graph: &InferenceModel) -> HashMap<String, Vec<usize>> {
    let inputs = graph
        .inputs
        .iter()
        .map(|input| (input, &graph.nodes[input.node].name));
    let shape = |(outlet, name): (&OutletId, &String)| {
        let shape = sizes(graph.outlet_fact(*outlet).ok()?)?.into_iter();
        Some((name.clone(), shape.map(|size| size as usize).collect()))
    };
    let values = graph.outlet_labels.iter().chain(inputs);
    values.filter_map(shape).collect()
}

/// What is known of a node's inputs and outputs; by the rules of its operator alone, or with what it computes from
/// constants.
fn infer(
    graph: &mut InferenceModel,
    id: usize,
    rules_alone: bool,
) -> TractResult<(Vec<InferenceFact>, Vec<InferenceFact>)> {
    let node = graph.node(id);
    let observed = node.op.observe_outlets(graph, node)?;
    let observed: Vec<InferenceFact> = observed
        .iter()
        .map(|outlet| graph.outlet_fact(*outlet).cloned())
        .collect::<TractResult<_>>()?;
    let (inputs, outputs) = graph.node_facts(id)?;
    let inputs: Vec<InferenceFact> = inputs.into_iter().cloned().collect();
    let outputs: Vec<InferenceFact> = outputs.into_iter().cloned().collect();
    let operator = &mut graph.node_mut(id).op;
    let (known, found) = (inputs.iter().collect(), outputs.iter().collect());
    let observed = observed.iter().collect();
    let (inputs, found, _) = if rules_alone {
        operator.infer_facts(known, found, observed)?
    } else {
        operator.infer(known, found, observed)?
    };
    Ok((inputs.into_vec(), found.into_vec()))
}

/// What was found so far.
struct Total<'l> {
    limits: &'l Limits,
    bytes: u64,
    multiply_adds: u64,
}

impl Total<'_> {
    fn add(
        &mut self,
        node: &NodeProto,
        inputs: &[InferenceFact],
        outputs: &[InferenceFact],
    ) -> Result<(), OnnxError> {
        let place = show(node);
        if SIZED.contains(&node.op_type.as_str()) && inputs.iter().any(has_giant) {
            self.limits.check_bytes(u64::MAX, &place)?;
        }
        self.add_bytes(outputs, &place)?;
        let of = |facts: &[InferenceFact]| facts.iter().map(sizes).collect::<Option<Vec<_>>>();
        if let (Some(inputs), Some(outputs)) = (of(inputs), of(outputs)) {
            let work = work::multiply_adds(node, &inputs, &outputs);
            let patches = work::patch_bytes(node, work, &outputs);
            self.limits
                .check_bytes(self.bytes.saturating_add(patches), &place)?;
            self.multiply_adds = self.multiply_adds.saturating_add(work);
            self.limits
                .check_multiply_adds(self.multiply_adds, &place)?;
        } else if !SHRINKING.contains(&node.op_type.as_str()) {
            return Err(OnnxError::Open(place));
        }
        Ok(())
    }

    fn add_bytes(&mut self, facts: &[InferenceFact], place: &str) -> Result<(), OnnxError> {
        for fact in facts {
            let each = fact.datum_type.concretize().map_or(8, |of| of.size_of());
            let elements = sizes(fact).map_or(0, |sizes| work::elements(&sizes));
            let bytes = elements.saturating_mul(each as u64);
            self.bytes = self.bytes.saturating_add(bytes);
        }
        Ok(self.limits.check_bytes(self.bytes, place)?)
    }
}

/// Whether integers are known to be in a value that are no sizes of anything.
fn has_giant(fact: &InferenceFact) -> bool {
    let Some(value) = fact.value.concretize() else {
        return false;
    };
    let is_integer = value.datum_type().is_integer() || value.datum_type().is_tdim();
    let integers = value.cast_to::<i64>().ok().filter(|_| is_integer);
    let is_giant = |integers: &[i64]| {
        let mut sizes = integers.iter();
        sizes.any(|size| size.unsigned_abs() > MAX_SIZE)
    };
    integers.is_some_and(|integers| {
        integers
            .try_as_plain_ram()
            .is_ok_and(|plain| plain.as_slice().is_ok_and(is_giant))
    })
}

/// The sizes of a value, if all are known.
fn sizes(fact: &InferenceFact) -> Option<Vec<u64>> {
    let sizes = fact.shape.concretize()?;
    sizes
        .iter()
        .map(|size| size.to_i64().ok()?.try_into().ok())
        .collect()
}
