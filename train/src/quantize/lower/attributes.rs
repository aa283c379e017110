//! Attributes of the nodes that can be quantised.

use super::{LowerError, refusal};
use crate::onnx::{AttributeEntry, Node};
use crate::ops::Window;

/// For each operator the attributes that may say one thing only, which is also what their absence means.
const FIXED: [(&str, &[(&str, &str)]); 5] = [
    (
        "Conv",
        &[
            ("auto_pad", "NOTSET"),
            ("dilations", "[1, 1]"),
            ("group", "1"),
        ],
    ),
    ("Gemm", &[("alpha", "1"), ("beta", "1"), ("transA", "0")]),
    ("Relu", &[]),
    (
        "MaxPool",
        &[
            ("auto_pad", "NOTSET"),
            ("ceil_mode", "0"),
            ("dilations", "[1, 1]"),
            ("storage_order", "0"),
        ],
    ),
    ("Flatten", &[("axis", "1")]),
];
/// Attributes that are read.
const FREE: [&str; 4] = ["kernel_shape", "pads", "strides", "transB"];
/// The largest size of a window that a flash file can say.
const LARGEST: i64 = 255;

/// Fails unless the operator is supported and its attributes are.
pub(super) fn check(node: &Node) -> Result<(), LowerError> {
    let Some((_, fixed)) = FIXED.iter().find(|(operator, _)| *operator == node.op_type) else {
        let expected = FIXED.map(|(operator, _)| operator).join(", ");
        return Err(refusal(
            node,
            &format!("an operator of {expected}"),
            &node.op_type,
        ));
    };
    for attribute in node
        .attribute
        .iter()
        .filter(|one| !FREE.contains(&one.name.as_str()))
    {
        let found = format!("{} {}", attribute.name, text(attribute));
        let supported = fixed.iter().find(|(name, _)| *name == attribute.name);
        let Some((name, value)) = supported else {
            return Err(refusal(node, "no attribute of this name", found));
        };
        if text(attribute) != *value {
            return Err(refusal(node, &format!("{name} {value}"), found));
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
