//! What is in a model, and which of its nodes nothing reads.

use super::reader::{self, is_known};
use super::{Call, ImportError, Options, opset, prepared};

/// What a model file says of itself, and its nodes as far as the output needs them.
#[derive(Debug)]
pub struct Survey {
    /// Version of the standard operators.
    pub opset: Option<i64>,
    /// The nodes: each with its name as in [`Node::origin`](crate::network::Node::origin), and its operator.
    pub nodes: Vec<(String, String)>,
    /// Why nodes whose operator nothing reads are refused, in their order.
    pub refused: Vec<ImportError>,
}

/// Looks at all nodes, where [`import_with`](super::import_with) ends at the first one that it cannot read.
pub fn survey(onnx: &[u8], options: &Options) -> Result<Survey, ImportError> {
    let (model, graph, _) = prepared(onnx, options)?;
    let calls: Vec<Call> = graph.node.iter().map(Call::new).collect();
    let unknown = calls.iter().filter(|call| !is_known(&call.qualified()));
    Ok(Survey {
        opset: opset(&model),
        nodes: calls
            .iter()
            .map(|call| (call.describe(), call.qualified()))
            .collect(),
        refused: unknown.map(reader::unknown).collect(),
    })
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::onnx::{Graph, Model, Node, ValueInfo};

    #[test]
    fn every_node_that_nothing_reads_is_told_with_a_remedy() {
        let node = |operator: &str, input: &str, output: &str| Node {
            name: format!("{operator}_of_{input}"),
            op_type: operator.into(),
            input: vec![input.into()],
            output: vec![output.into()],
            ..Node::default()
        };
        let nodes = [
            node("LSTM", "x", "a"),
            node("Relu", "a", "b"),
            node("Frobnicate", "b", "c"),
            node("GRU", "x", "unused"),
        ];
        let graph = Graph {
            node: nodes.to_vec(),
            output: vec![ValueInfo {
                name: "c".into(),
                ..ValueInfo::default()
            }],
            ..Graph::default()
        };
        let model = Model {
            graph: Some(graph),
            ..Model::default()
        };
        let survey = survey(&model.encode_to_vec(), &Options::default()).unwrap();
        assert_eq!(survey.nodes.len(), 3);
        let refused: Vec<String> = survey.refused.iter().map(ToString::to_string).collect();
        assert_eq!(refused.len(), 2);
        assert!(refused[0].starts_with("node LSTM_of_x (LSTM): expected convolutions over time"));
        assert!(refused[1].starts_with(
            "node Frobnicate_of_b (Frobnicate): expected an operator that train/README"
        ));
    }
}
