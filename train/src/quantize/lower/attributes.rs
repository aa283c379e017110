//! Attributes of the nodes that can be quantised.

use super::{LowerError, refusal};
use crate::onnx::{AttributeEntry, Node};
use crate::ops::Window;

/// What a node of an operator may say.
struct Operator {
    name: &'static str,
    /// Attributes with their values; their absence means the first.
    limited: &'static [(&'static str, &'static [&'static str])],
    /// Attributes that [`window`] checks.
    free: &'static [&'static str],
}

const OPERATORS: [Operator; 7] = [
    Operator {
        name: "Conv",
        limited: &[
            ("auto_pad", &["NOTSET"]),
            ("dilations", &["[1, 1]"]),
            ("group", &["1"]),
        ],
        free: &["kernel_shape", "pads", "strides"],
    },
    Operator {
        name: "Gemm",
        limited: &[
            ("alpha", &["1"]),
            ("beta", &["1"]),
            ("transA", &["0"]),
            ("transB", &["0", "1"]),
        ],
        free: &[],
    },
    Operator {
        name: "Relu",
        limited: &[],
        free: &[],
    },
    Operator {
        name: "MaxPool",
        limited: &[
            ("auto_pad", &["NOTSET"]),
            ("ceil_mode", &["0"]),
            ("dilations", &["[1, 1]"]),
            ("storage_order", &["0"]),
        ],
        free: &["kernel_shape", "pads", "strides"],
    },
    Operator {
        name: "Flatten",
        limited: &[("axis", &["1"])],
        free: &[],
    },
    Operator {
        name: "Softmax",
        limited: &[("axis", &["-1", "1"])],
        free: &[],
    },
    Operator {
        name: "LogSoftmax",
        limited: &[("axis", &["-1", "1"])],
        free: &[],
    },
];
/// Both names of the standard operator set.
const STANDARD: [&str; 2] = ["", "ai.onnx"];
/// The largest size of a window that a flash file can say.
const LARGEST: i64 = 255;

/// Fails unless the operator is supported and its attributes are.
pub(super) fn check(node: &Node) -> Result<(), LowerError> {
    let is_standard = STANDARD.contains(&node.domain.as_str());
    let mut operators = OPERATORS.iter().filter(|_| is_standard);
    let Some(operator) = operators.find(|operator| operator.name == node.op_type) else {
        let names = OPERATORS.map(|operator| operator.name).join(", ");
        let domain = if is_standard {
            String::new()
        } else {
            format!("{}::", node.domain)
        };
        let expected = format!("a standard operator of {names}");
        let found = domain + &node.op_type + advice(node);
        return Err(refusal(node, &expected, found));
    };
    let attributes = node.attribute.iter();
    for attribute in attributes.filter(|one| !operator.free.contains(&one.name.as_str())) {
        let found = format!("{} {}", attribute.name, text(attribute));
        let mut limited = operator.limited.iter();
        let Some((name, values)) = limited.find(|(name, _)| *name == attribute.name) else {
            return Err(refusal(node, "no attribute of this name", found));
        };
        if !values.contains(&text(attribute).as_str()) {
            let expected = format!("{name} {}", values.join(" or "));
            return Err(refusal(node, &expected, found));
        }
    }
    Ok(())
}

/// Who writes an operator that training programs do not write, and what to do about it.
fn advice(node: &Node) -> &'static str {
    let operator = node.op_type.as_str();
    let is_quantized = operator.starts_with("QLinear")
        || operator.starts_with("QGemm")
        || operator.ends_with("Integer")
        || operator.ends_with("uantizeLinear");
    if is_quantized {
        ": it is of a model in 8 bits, as onnxruntime.quantization writes them (QOperator and QDQ); give the float model \
         that it was made of"
    } else if operator.starts_with("Fused") || node.domain.starts_with("com.microsoft") {
        ": ONNX Runtime writes it when it saves a model that it has optimised; give the model from before, or save it with \
         graph_optimization_level ORT_ENABLE_BASIC"
    } else {
        ""
    }
}

/// An integer attribute; 0 if there is none.
pub(super) fn integer(node: &Node, name: &str) -> i64 {
    find(node, name)
        .and_then(|attribute| attribute.i)
        .unwrap_or(0)
}

/// The window of a node; without a `kernel` (rows and columns of its weight) the node must say it.
pub(super) fn window(node: &Node, kernel: Option<[usize; 2]>) -> Result<Window, LowerError> {
    let kernel = kernel.map(|sizes| sizes.map(|size| size as i64));
    let kernel = sizes(node, "kernel_shape", kernel)?;
    let strides = sizes(node, "strides", Some([1; 2]))?;
    let pads = sizes(node, "pads", Some([0; 4]))?;
    let is_size = |&size: &i64| (1..=LARGEST).contains(&size);
    let is_pad = |(side, pad): (usize, &i64)| (0..kernel[side % 2]).contains(pad);
    if !kernel.iter().chain(&strides).all(is_size) || !pads.iter().enumerate().all(is_pad) {
        let expected =
            format!("kernel_shape and strides of 1 to {LARGEST}, pads smaller than the kernel");
        let found = format!("kernel_shape {kernel:?}, strides {strides:?}, pads {pads:?}");
        return Err(refusal(node, &expected, found));
    }
    let [kernel, strides] = [kernel, strides].map(|pair| pair.map(|size| size as usize));
    Ok(Window {
        kernel,
        strides,
        pads: pads.map(|pad| pad as usize),
        dilations: [1; 2],
    })
}

/// The `N` integers of an attribute, or what its absence means.
fn sizes<const N: usize>(
    node: &Node,
    name: &str,
    default: Option<[i64; N]>,
) -> Result<[i64; N], LowerError> {
    let found = find(node, name).map(|attribute| attribute.ints.as_slice());
    let sizes = found.map_or(default, |ints| ints.try_into().ok());
    sizes.ok_or_else(|| refusal(node, &format!("{N} integers {name}"), format!("{found:?}")))
}

fn find<'a>(node: &'a Node, name: &str) -> Option<&'a AttributeEntry> {
    node.attribute
        .iter()
        .find(|attribute| attribute.name == name)
}

/// The value as people write it.
fn text(attribute: &AttributeEntry) -> String {
    match attribute {
        AttributeEntry { f: Some(value), .. } => value.to_string(),
        AttributeEntry { i: Some(value), .. } => value.to_string(),
        AttributeEntry { s: Some(text), .. } => String::from_utf8_lossy(text).into_owned(),
        AttributeEntry { ints, .. } => format!("{ints:?}"),
    }
}
