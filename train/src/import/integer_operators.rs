//! Operators of integers, as ONNX Runtime's quantiser writes them (`QOperator`), as the same operators of floats between
//! `DequantizeLinear` and `QuantizeLinear`.

use crate::onnx::{AttributeEntry, Graph, Node};

/// Domains that have such operators; the first is the standard one.
const DOMAINS: [&str; 3] = ["", "ai.onnx", "com.microsoft"];

/// Operators of one tensor: its integers, scale and zero point, then scale and zero point of the output.
const OF_ONE: [(&str, &str); 6] = [
    ("QLinearAveragePool", "AveragePool"),
    ("QLinearGlobalAveragePool", "GlobalAveragePool"),
    ("QLinearLeakyRelu", "LeakyRelu"),
    ("QLinearReduceMean", "ReduceMean"),
    ("QLinearSigmoid", "Sigmoid"),
    ("QLinearSoftmax", "Softmax"),
];

/// Where an operator has what among its inputs.
struct Form {
    /// The operator of floats.
    operator: &'static str,
    /// Where the integers of each tensor are, before their scale and zero point.
    tensors: Vec<usize>,
    /// Where the bias is, whose scale is the product of those of both tensors.
    bias: Option<usize>,
    /// Where the output's scale is, before its zero point.
    output: usize,
    /// The axis of the weight's scales.
    axis: i64,
}

/// Writes operators of integers out.
pub fn write_out(graph: &mut Graph) {
    let nodes = std::mem::take(&mut graph.node);
    for node in nodes {
        match form(&node) {
            Some(form) => form.write_out(&node, &mut graph.node),
            None => graph.node.push(node),
        }
    }
}

fn form(node: &Node) -> Option<Form> {
    if !DOMAINS.contains(&node.domain.as_str()) {
        return None;
    }
    let transposed = node
        .attribute
        .iter()
        .any(|attribute| attribute.name == "transB" && attribute.i == Some(1));
    let of_two = |operator, axis| Form {
        operator,
        tensors: vec![0, 3],
        bias: None,
        output: 6,
        axis,
    };
    Some(match &node.op_type[..] {
        "QLinearConv" => Form {
            bias: Some(8),
            ..of_two("Conv", 0)
        },
        "QLinearMatMul" => of_two("MatMul", 1),
        "QGemm" => Form {
            bias: Some(6),
            output: 7,
            ..of_two("Gemm", i64::from(!transposed))
        },
        "QLinearAdd" => of_two("Add", 1),
        "QLinearMul" => of_two("Mul", 1),
        "QLinearConcat" => Form {
            tensors: (2..node.input.len()).step_by(3).collect(),
            output: 0,
            ..of_two("Concat", 1)
        },
        other => {
            let (_, operator) = OF_ONE.iter().find(|(name, _)| *name == other)?;
            Form {
                tensors: vec![0],
                output: 3,
                ..of_two(operator, 1)
            }
        }
    })
}

impl Form {
    fn write_out(&self, node: &Node, nodes: &mut Vec<Node>) {
        let input = |index: usize| node.input.get(index).cloned().unwrap_or_default();
        let output = node.output.first().cloned().unwrap_or_default();
        let made = |operator: &str, input: Vec<String>, output: &str| Node {
            input,
            output: vec![output.to_owned()],
            name: node.name.clone(),
            op_type: operator.into(),
            ..Default::default()
        };
        let mut push = |operator: &str, input: Vec<String>, output: &str, axis: Option<i64>| {
            let mut new = made(operator, input, output);
            new.attribute.extend(axis.map(|axis| integer("axis", axis)));
            nodes.push(new);
        };
        let mut inputs = Vec::new();
        for &index in &self.tensors {
            let real = format!("{output}.real{index}");
            let integers = vec![input(index), input(index + 1), input(index + 2)];
            push("DequantizeLinear", integers, &real, Some(self.axis));
            inputs.push(real);
        }
        if let Some(bias) = self.bias.map(input).filter(|bias| !bias.is_empty()) {
            let [scale, real] = ["scale", "bias"].map(|part| format!("{output}.{part}"));
            push("Mul", vec![input(1), input(4)], &scale, None);
            push("DequantizeLinear", vec![bias, scale], &real, Some(0));
            inputs.push(real);
        }
        let (scale, zero_point) = (input(self.output), input(self.output + 1));
        let real = if scale.is_empty() {
            output.clone()
        } else {
            format!("{output}.real")
        };
        let mut float = made(self.operator, inputs, &real);
        let says_nothing = |attribute: &&AttributeEntry| {
            attribute.name == "opset" || attribute.name == "channels_last" && attribute.i == Some(0)
        };
        let attributes = node.attribute.iter();
        float.attribute = attributes
            .filter(|one| !says_nothing(one))
            .cloned()
            .collect();
        nodes.push(float);
        if !scale.is_empty() {
            nodes.push(made(
                "QuantizeLinear",
                vec![real, scale, zero_point],
                &output,
            ));
        }
    }
}

fn integer(name: &str, value: i64) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        i: Some(value),
        kind: 2,
        ..Default::default()
    }
}
