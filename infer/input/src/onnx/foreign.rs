//! What is known of operators and numbers that nothing here runs: what they are, who writes them, what to do.

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, NodeProto};

/// ONNX Runtime's own operators that tract knows, too.
const RUNS: [&str; 7] = [
    "BiasGelu",
    "FastGelu",
    "Gelu",
    "MatMulNBits",
    "QuickGelu",
    "SimplifiedLayerNormalization",
    "SkipLayerNormalization",
];

/// Whether a domain is the standard operator set, which has two names.
pub fn is_standard(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// Whether the operator may be one that `tract` or, with `any_of_microsoft`, ONNX Runtime runs.
pub fn is_known(node: &NodeProto, any_of_microsoft: bool) -> bool {
    match node.domain.as_str() {
        domain if is_standard(domain) => true,
        "com.microsoft" => any_of_microsoft || RUNS.contains(&node.op_type.as_str()),
        _ => false,
    }
}

/// What an operator is that training programs do not write, who writes it and what to do.
pub fn explain(domain: &str, operator: &str) -> Option<&'static str> {
    let is_of_integers = operator.ends_with("Integer") || operator.ends_with("uantizeLinear");
    let advice = match (domain, operator) {
        (_, operator) if operator.starts_with("QLinear") || operator.starts_with("QGemm") => {
            "arithmetic on 8-bit integers that ONNX Runtime's quantiser writes in its form QOperator; for `infer` quantise with QuantFormat.QDQ, or give it what `train quantize` makes of it"
        }
        _ if is_of_integers => {
            "of a model in 8 bits, as quantisers write it; give the float model that it was made of"
        }
        (_, operator) if operator.starts_with("Fused") => {
            "several operators in one, which ONNX Runtime writes when it saves an optimised model; export the model again, or save it with ORT_ENABLE_BASIC"
        }
        ("com.microsoft.nchwc" | "com.ms.internal.nhwc", _) => {
            "an operator for one kind of processor, which ONNX Runtime writes when it saves an optimised model; export the model again, or save it with ORT_ENABLE_BASIC"
        }
        ("com.microsoft", _) => {
            "an operator of ONNX Runtime's own; export the model with standard operators alone"
        }
        ("ai.onnx.ml", _) => {
            "an operator for trees, linear models and tables, which skl2onnx writes; only neural networks run here"
        }
        _ if is_standard(domain) => return None,
        _ => "an operator of somebody's own; export the model with standard operators alone",
    };
    Some(advice)
}

/// The kind of half floats in the graph, if there are any.
pub fn half_floats(graph: &GraphProto) -> Option<&'static str> {
    let inputs = graph.input.iter().filter_map(|input| {
        let TensorType(tensor) = input.r#type.as_ref()?.value.as_ref()?;
        Some(tensor.elem_type)
    });
    let weights = graph.initializer.iter().map(|weights| weights.data_type);
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let constants = attributes.filter_map(|of| of.t.as_ref().map(|tensor| tensor.data_type));
    let mut kinds = inputs.chain(weights).chain(constants);
    let half = [DataType::Float16, DataType::Bfloat16];
    kinds
        .find_map(|kind| half.into_iter().find(|half| *half as i32 == kind))
        .map(|half| half.as_str_name())
}
