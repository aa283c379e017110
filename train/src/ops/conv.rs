//! `Conv` over two spatial axes (<https://onnx.ai/onnx/operators/onnx__Conv.html>).
//!
//! The gradients are convolutions themselves
//! ([Dumoulin and Visin, chapter 4](https://arxiv.org/abs/1603.07285)).

use super::{Attributes, Gradient, Operator, Range, Window, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::TensorType;

/// The operator.
pub static CONV: Operator =
    Operator { name: "Conv", infer, gradient: Gradient::Rule(gradient) };

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    if inputs.len() != 3 {
        shape::expect_inputs(inputs, 2)?;
    }
    shape::expect_f32(inputs[0], 4)?;
    shape::expect_f32(inputs[1], 4)?;
    let shape = convolved(inputs[0].shape(), inputs[1].shape(), attributes)?;
    if let Some(bias) = inputs.get(2).filter(|bias| bias.shape() != &shape[1..2]) {
        return Err(format!("expected a bias [{}], found {:?}", shape[1], bias.shape()));
    }
    Ok(TensorType::f32(&shape))
}

/// The shape `[N, M, rows, columns]` of a convolution of `x` `[N, C, H, W]` with `weight` `[M, C, ...]`.
pub(super) fn convolved(
    x: &[usize],
    weight: &[usize],
    attributes: &Attributes,
) -> Result<[usize; 4], String> {
    let (&[batch, channels, rows, columns], &[filters, weight_channels, height, width]) =
        (x, weight)
    else {
        return Err("expected four axes".into());
    };
    let window = Window::from_attributes(attributes);
    if channels != weight_channels || window.kernel != [height, width] {
        let [kernel_rows, kernel_columns] = window.kernel;
        return Err(format!(
            "expected a weight [filters, {channels}, {kernel_rows}, {kernel_columns}], found {weight:?}"
        ));
    }
    let [rows, columns] = window.output([rows, columns])?;
    Ok([batch, filters, rows, columns])
}

fn gradient(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let (x, weight) = (node.inputs[0], node.inputs[1]);
    let window = Window::from_attributes(&node.attributes);
    let shape = graph.shape(x);
    let rest = window.rest([shape[2], shape[3]]);
    let dx = graph.conv_transpose(dy, weight, window, rest)?;
    let dweight = weight_gradient(graph, x, dy, window)?;
    let mut gradients = vec![Some(dx), Some(dweight)];
    if let Some(&bias) = node.inputs.get(2) {
        let total = graph.reduce_sum(dy, &[0, 2, 3])?;
        let shape = graph.shape(bias).to_vec();
        gradients.push(Some(graph.reshape(total, &shape)?));
    }
    Ok(gradients)
}

/// Correlates the input with the output's gradient: a convolution in which batch and channels change places,
/// and so do strides and dilations. Rows and columns that no window reached are cut off.
fn weight_gradient(
    graph: &mut Graph,
    x: ValueId,
    dy: ValueId,
    window: Window,
) -> Result<ValueId, GraphError> {
    const SWAP: [usize; 4] = [1, 0, 2, 3];
    let (images, filter) = (graph.transpose(x, &SWAP)?, graph.transpose(dy, &SWAP)?);
    let filter_shape = graph.shape(filter);
    let correlation = Window {
        kernel: [filter_shape[2], filter_shape[3]],
        strides: window.dilations,
        pads: window.pads,
        dilations: window.strides,
    };
    let swapped = graph.conv(images, filter, None, correlation)?;
    let mut dweight = graph.transpose(swapped, &SWAP)?;
    if graph.shape(dweight)[2..] != window.kernel {
        let keep = window.kernel.map(|size| Range { start: 0, end: size, step: 1 });
        dweight = graph.crop(dweight, keep)?;
    }
    Ok(dweight)
}

impl Graph {
    /// Convolves `x` `[N, C, H, W]` with `weight` `[M, C, kernel rows, kernel columns]`, then adds `bias` `[M]`.
    pub fn conv(
        &mut self,
        x: ValueId,
        weight: ValueId,
        bias: Option<ValueId>,
        window: Window,
    ) -> Result<ValueId, GraphError> {
        let inputs: Vec<ValueId> = [x, weight].into_iter().chain(bias).collect();
        self.apply(&CONV, &inputs, window.attributes())
    }
}
