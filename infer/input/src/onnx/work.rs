//! How much an operator computes.

use std::collections::BTreeMap;

use tract_onnx::pb::{AttributeProto, NodeProto};

/// Multiply-adds of an operator on values of these shapes; the elements that it touches, where it multiplies nothing or
/// little.
pub fn multiply_adds(node: &NodeProto, inputs: &[Vec<u64>], outputs: &[Vec<u64>]) -> u64 {
    let touched = inputs.iter().chain(outputs).map(|shape| elements(shape));
    let touched = touched.fold(0, u64::saturating_add);
    let output = outputs.first().map_or(0, |shape| elements(shape));
    let input = |index: usize| inputs.get(index).map_or(&[][..], Vec::as_slice);
    // The weights of one filter.
    let filter = |index| elements(input(index).get(1..).unwrap_or_default());
    let last = |index| input(index).last().copied().unwrap_or(1);
    let work = match node.op_type.as_str() {
        "Conv" | "ConvInteger" => output.saturating_mul(filter(1)),
        "QLinearConv" => output.saturating_mul(filter(3)),
        "ConvTranspose" => elements(input(0)).saturating_mul(filter(1)),
        "MatMul" | "MatMulInteger" | "QLinearMatMul" => output.saturating_mul(last(0)),
        "Gemm" => {
            let rows = outputs.first().and_then(|shape| shape.first());
            output.saturating_mul(elements(input(0)) / rows.map_or(1, |&rows| rows.max(1)))
        }
        "Einsum" => labels_product(node, inputs),
        "LSTM" | "GRU" | "RNN" => {
            let steps = elements(input(0)) / last(0).max(1);
            steps.saturating_mul(elements(input(1)).saturating_add(elements(input(2))))
        }
        "MaxPool" | "AveragePool" | "LpPool" => {
            output.saturating_mul(product(node, "kernel_shape"))
        }
        "LRN" => output.saturating_mul(attribute(node, "size").map_or(1, |of| of.i.max(1) as u64)),
        "NonMaxSuppression" => touched.saturating_mul(touched),
        operator if operator.contains("Attention") || operator.contains("FT") => {
            touched.saturating_mul(input(0).iter().copied().max().unwrap_or(1))
        }
        _ => 0,
    };
    work.max(touched)
}

/// Bytes that a convolution takes while it runs: its input is laid out anew, once for each weight of a filter.
pub fn patch_bytes(node: &NodeProto, multiply_adds: u64, outputs: &[Vec<u64>]) -> u64 {
    let channels = outputs.first().and_then(|shape| shape.get(1)).copied();
    match node.op_type.as_str() {
        "Conv" | "ConvInteger" | "ConvTranspose" | "QLinearConv" => {
            (multiply_adds / channels.unwrap_or(1).max(1)).saturating_mul(4)
        }
        _ => 0,
    }
}

/// The number of elements of a value.
pub fn elements(shape: &[u64]) -> u64 {
    shape.iter().copied().fold(1, u64::saturating_mul)
}

/// The product of an attribute's integers.
fn product(node: &NodeProto, name: &str) -> u64 {
    let sizes = attribute(node, name).map_or(&[][..], |of| &of.ints);
    let sizes = sizes.iter().map(|&size| size.max(1) as u64);
    sizes.fold(1, u64::saturating_mul)
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|of| of.name == name)
}

/// The product of all sizes that an equation such as `ij,jk->ik` names.
fn labels_product(node: &NodeProto, inputs: &[Vec<u64>]) -> u64 {
    let equation = attribute(node, "equation").map_or(&[][..], |of| &of.s);
    let equation = String::from_utf8_lossy(equation).replace(' ', "");
    let terms = equation.split("->").next().unwrap_or_default().split(',');
    let mut sizes = BTreeMap::new();
    let mut others: u64 = 1;
    for (term, shape) in terms.zip(inputs) {
        let letters = term.chars().filter(|letter| letter.is_alphabetic());
        let skipped = shape.len().saturating_sub(letters.clone().count());
        // What an ellipsis stands for is taken for new sizes.
        others = others.saturating_mul(elements(&shape[..skipped]));
        sizes.extend(letters.zip(&shape[skipped..]));
    }
    let sizes = sizes.into_values().copied();
    sizes.fold(others, u64::saturating_mul)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::{self, with_ints};

    fn node(op_type: &str) -> NodeProto {
        support::node(op_type, &[], "")
    }

    #[test]
    fn products_are_counted_and_other_elements_touched() {
        let count = |node: &NodeProto, inputs: &[&[u64]], output: &[u64]| {
            let inputs: Vec<Vec<u64>> = inputs.iter().map(|shape| shape.to_vec()).collect();
            multiply_adds(node, &inputs, &[output.to_vec()])
        };
        let convolution = [&[1, 3, 8, 8][..], &[5, 3, 3, 3]];
        assert_eq!(count(&node("Conv"), &convolution, &[1, 5, 6, 6]), 180 * 27);
        let dense = [&[7, 20][..], &[20, 30], &[30]];
        assert_eq!(count(&node("Gemm"), &dense, &[7, 30]), 7 * 20 * 30);
        assert_eq!(count(&node("MatMul"), &dense[..2], &[7, 30]), 7 * 20 * 30);
        assert_eq!(count(&node("Relu"), &[&[1, 10]], &[1, 10]), 20);
        let mut einsum = node("Einsum");
        einsum.attribute.push(AttributeProto {
            name: "equation".into(),
            s: b"bij, jk -> bik".to_vec(),
            ..AttributeProto::default()
        });
        let factors = [&[2, 3, 400][..], &[400, 5]];
        assert_eq!(count(&einsum, &factors, &[2, 3, 5]), 2 * 3 * 400 * 5);
        let pool = with_ints(node("MaxPool"), "kernel_shape", &[1000, 1000]);
        let pooled = count(&pool, &[&[1, 1, 10, 10]], &[1, 1, 100, 100]);
        assert_eq!(pooled, 10_000_000_000);
        let giant = [1 << 40, 1 << 40];
        assert_eq!(count(&node("MatMul"), &[&giant, &giant], &giant), u64::MAX);
    }
}
