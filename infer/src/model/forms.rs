//! The forms of operators that tract computes the fastest, with the same results.

use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

/// Takes each maximum over windows of rows and columns first over rows and then over columns: of a window of 3 x 3 that is 6
/// comparisons in place of 9, and tract's loops run over neighbouring values.
///
/// The operator: <https://onnx.ai/onnx/operators/onnx__MaxPool.html>.
pub fn maxima_by_axis(mut proto: ModelProto) -> ModelProto {
    if let Some(graph) = &mut proto.graph {
        let nodes = std::mem::take(&mut graph.node);
        for node in nodes {
            match by_axis(&node, graph) {
                Some(two) => graph.node.extend(two),
                None => graph.node.push(node),
            }
        }
    }
    proto
}

/// Two maxima in place of one, or `None` if there is only one axis, or another attribute that ties them together.
fn by_axis(node: &NodeProto, graph: &GraphProto) -> Option<[NodeProto; 2]> {
    let is_plain = node.op_type == "MaxPool" && node.domain.is_empty() && node.output.len() == 1;
    if !is_plain || !node.attribute.iter().all(is_separable) {
        return None;
    }
    let &[rows, columns] = ints(node, "kernel_shape")? else {
        return None;
    };
    let [down, right] = ints(node, "strides").map_or(Some([1, 1]), |of| of.try_into().ok())?;
    let pads = ints(node, "pads").map_or(Some([0; 4]), |of| of.try_into().ok())?;
    let [top, left, bottom, end] = pads;
    if rows == 1 || columns == 1 {
        return None;
    }
    let between = unused(graph, &node.output[0]);
    let pool = |name: &str, [input, output]: [&str; 2], settings: [&[i64]; 3]| NodeProto {
        name: format!("{}{name}", node.name),
        input: vec![input.to_owned()],
        output: vec![output.to_owned()],
        attribute: SETTINGS
            .iter()
            .zip(settings)
            .map(|(name, ints)| attribute(name, ints))
            .collect(),
        ..node.clone()
    };
    let (input, output) = (node.input.first()?, &node.output[0]);
    Some([
        pool(
            "",
            [input, &between],
            [&[rows, 1], &[down, 1], &[top, 0, bottom, 0]],
        ),
        pool(
            "/columns",
            [&between, output],
            [&[1, columns], &[1, right], &[0, left, 0, end]],
        ),
    ])
}

/// What is set for each axis.
const SETTINGS: [&str; 3] = ["kernel_shape", "strides", "pads"];

/// Whether an attribute is set for each axis by itself, or is what it is where it is not there.
fn is_separable(attribute: &AttributeProto) -> bool {
    match attribute.name.as_str() {
        "ceil_mode" | "storage_order" => attribute.i == 0,
        "auto_pad" => attribute.s == b"NOTSET",
        "dilations" => attribute.ints.iter().all(|&step| step == 1),
        name => SETTINGS.contains(&name),
    }
}

/// A name that no value of the graph has.
fn unused(graph: &GraphProto, output: &str) -> String {
    let mut name = format!("{output}/rows");
    while graph.node.iter().any(|node| node.output.contains(&name)) {
        name.push('_');
    }
    name
}

fn ints<'a>(node: &'a NodeProto, name: &str) -> Option<&'a [i64]> {
    let found = node.attribute.iter().find(|of| of.name == name)?;
    Some(&found.ints)
}

fn attribute(name: &str, ints: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: tract_onnx::pb::attribute_proto::AttributeType::Ints.into(),
        ints: ints.to_vec(),
        ..AttributeProto::default()
    }
}
