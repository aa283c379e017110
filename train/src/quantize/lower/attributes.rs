//! Attributes of the nodes that can be quantised.

use std::fmt::Debug;

use input::onnx::{explain, is_standard};

use super::{LowerError, refusal};
use crate::onnx::{AttributeEntry, Node};
use crate::ops::Window;

/// Attributes with their values; their absence means the first.
type Limited = &'static [(&'static str, &'static [&'static str])];

/// What a node of an operator may say.
struct Operator {
    name: &'static str,
    limited: Limited,
    /// Attributes that [`window`] checks.
    free: &'static [&'static str],
}

const fn operator(name: &'static str, limited: Limited, free: &'static [&'static str]) -> Operator {
    Operator {
        name,
        limited,
        free,
    }
}

const WINDOW: &[&str] = &["kernel_shape", "pads", "strides"];

const OPERATORS: [Operator; 7] = [
    operator(
        "Conv",
        &[
            ("auto_pad", &["NOTSET"]),
            ("dilations", &["[1, 1]"]),
            ("group", &["1"]),
        ],
        WINDOW,
    ),
    operator(
        "Gemm",
        &[
            ("alpha", &["1"]),
            ("beta", &["1"]),
            ("transA", &["0"]),
            ("transB", &["0", "1"]),
        ],
        &[],
    ),
    operator("Relu", &[], &[]),
    operator(
        "MaxPool",
        &[
            ("auto_pad", &["NOTSET"]),
            ("ceil_mode", &["0"]),
            ("dilations", &["[1, 1]"]),
            ("storage_order", &["0"]),
        ],
        WINDOW,
    ),
    operator("Flatten", &[("axis", &["1"])], &[]),
    operator("Softmax", &[("axis", &["-1", "1"])], &[]),
    operator("LogSoftmax", &[("axis", &["-1", "1"])], &[]),
];
/// The largest size of a window that a flash file can say.
const LARGEST: i64 = 255;

/// Fails unless the operator is supported and its attributes are.
pub(super) fn check(node: &Node) -> Result<(), LowerError> {
    let known = OPERATORS
        .iter()
        .find(|operator| operator.name == node.op_type);
    let Some(operator) = known.filter(|_| is_standard(&node.domain)) else {
        let names = OPERATORS.map(|operator| operator.name).join(", ");
        let expected = format!("a standard operator of {names}");
        let domain = Some(&node.domain).filter(|domain| !is_standard(domain));
        let domain = domain.map_or(String::new(), |domain| format!(" of {domain}"));
        let advice = explain(&node.domain, &node.op_type).map(|advice| format!(": {advice}"));
        let found = format!("{}{domain}{}", node.op_type, advice.unwrap_or_default());
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
        let found = text_of_window(kernel, strides, pads);
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

pub(super) fn text_of_window(kernel: impl Debug, strides: impl Debug, pads: impl Debug) -> String {
    format!("kernel_shape {kernel:?}, strides {strides:?}, pads {pads:?}")
}

/// The `N` integers of an attribute, or what its absence means.
fn sizes<const N: usize>(
    node: &Node,
    name: &str,
    default: Option<[i64; N]>,
) -> Result<[i64; N], LowerError> {
    let found = find(node, name).map(|attribute| attribute.ints.as_slice());
    let sizes = found.map_or(default, |ints| ints.try_into().ok());
    let found = found.map_or("none".into(), |ints| format!("{ints:?}"));
    sizes.ok_or_else(|| refusal(node, &format!("{N} integers {name}"), found))
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
