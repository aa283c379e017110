//! `Conv` and `ConvTranspose` over two spatial axes.

use super::{Attributes, Gradient, Operator, Window, conv_gradient, depthwise_conv, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::TensorType;

pub static CONV: Operator = Operator {
    name: "Conv",
    infer,
    gradient: Gradient::Rule(gradient),
};

pub(super) fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    if inputs.len() != 3 {
        shape::expect_inputs(inputs, 2)?;
    }
    shape::expect_f32(inputs[0], 4)?;
    shape::expect_f32(inputs[1], 4)?;
    let shape = convolved(inputs[0].shape(), inputs[1].shape(), attributes)?;
    let bias = inputs.get(2).map_or(&shape[1..2], Operand::shape);
    if bias != &shape[1..2] {
        return Err(format!("expected a bias [{}], found {bias:?}", shape[1]));
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
    let groups = groups(attributes);
    if filters % groups != 0 || channels != weight_channels * groups {
        return Err(format!(
            "expected filters and {channels} channels in {groups} groups, found a weight {weight:?}"
        ));
    }
    if window.kernel != [height, width] {
        let [kernel_rows, kernel_columns] = window.kernel;
        return Err(format!(
            "expected a weight [filters, {weight_channels}, {kernel_rows}, {kernel_columns}], found {weight:?}"
        ));
    }
    let [rows, columns] = window.output([rows, columns])?;
    Ok([batch, filters, rows, columns])
}

/// Groups of channels that know nothing of each other, at least 1.
pub(super) fn groups(attributes: &Attributes) -> usize {
    attributes.get_integer("group", 1).max(1) as usize
}

/// Attributes of a convolution; one group is what their absence means.
pub(super) fn grouped(window: Window, groups: usize) -> Attributes {
    match groups {
        1 => window.attributes(),
        _ => window.attributes().integer("group", groups as i64),
    }
}

fn gradient(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let (x, weight) = (node.inputs[0], node.inputs[1]);
    let window = Window::from_attributes(&node.attributes);
    let [dx, dweight] = match groups(&node.attributes) {
        1 => [
            conv_gradient::of_input(graph, x, weight, dy, window)?,
            conv_gradient::of_weight(graph, x, dy, window)?,
        ],
        groups if graph.shape(weight)[..2] == [groups, 1] => {
            depthwise_conv::gradients(graph, [x, weight, dy], window)?
        }
        _ => {
            return Err(GraphError::MissingGradient {
                operator: "Conv in groups of several channels or filters",
                value: graph.name(node.output).into(),
            });
        }
    };
    let mut gradients = vec![Some(dx), Some(dweight)];
    if let Some(&bias) = node.inputs.get(2) {
        let total = graph.reduce_sum(dy, &[0, 2, 3])?;
        let shape = graph.shape(bias).to_vec();
        gradients.push(Some(graph.reshape(total, &shape)?));
    }
    Ok(gradients)
}

/// A convolution of a batch whose images lie side by side, pixel by pixel, as one wide image: long runs of pixels
/// are copied, and multiplied once. Not for steps over columns, nor where there is little to copy.
pub(super) fn of_one_image(
    graph: &mut Graph,
    inputs: &[ValueId],
    attributes: &Attributes,
) -> Result<Option<ValueId>, GraphError> {
    let window = Window::from_attributes(attributes);
    let (&[batch, channels, rows, columns], 1) = (graph.shape(inputs[0]), window.strides[1]) else {
        return Ok(None);
    };
    let is_grouped = groups(attributes) > 1;
    if batch == 1 || channels == 1 || window.kernel == [1; 2] || is_grouped {
        return Ok(None);
    }
    let last = graph.transpose(inputs[0], &[1, 2, 3, 0])?;
    let wide = graph.reshape(last, &[1, channels, rows, columns * batch])?;
    let bias = inputs.get(2).copied();
    let y = graph.conv(wide, inputs[1], bias, window.widened(batch))?;
    let shape = graph.shape(y).to_vec();
    let last = graph.reshape(y, &[shape[1], shape[2], shape[3] / batch, batch])?;
    Ok(Some(graph.transpose(last, &[3, 0, 1, 2])?))
}

/// Only gradient rules use it.
pub static CONV_TRANSPOSE: Operator = Operator {
    name: "ConvTranspose",
    infer: transposed,
    gradient: Gradient::Missing,
};

fn transposed(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 2)?;
    shape::expect_f32(inputs[0], 4)?;
    shape::expect_f32(inputs[1], 4)?;
    let (images, weight) = (inputs[0].shape(), inputs[1].shape());
    if images[1] != weight[0] {
        return Err(format!(
            "expected {} input channels, found {}",
            weight[0], images[1]
        ));
    }
    let window = Window::from_attributes(attributes);
    let rest = attributes.get_sizes("output_padding");
    if rest.len() != 2 || images.contains(&0) {
        return Err("expected two sizes of output_padding and at least one pixel".into());
    }
    let size = |axis: usize| {
        let full = window.strides[axis] * (images[axis + 2] - 1) + rest[axis] + window.extent(axis);
        full.checked_sub(window.pads[axis] + window.pads[axis + 2])
            .ok_or_else(|| format!("{window:?} pads more than the result's {full}"))
    };
    Ok(TensorType::f32(&[images[0], weight[1], size(0)?, size(1)?]))
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
        self.grouped_conv(x, weight, bias, window, 1)
    }

    /// The same with filters in groups, each of which sees its part of the channels: `weight` is
    /// `[M, C / groups, kernel rows, kernel columns]`.
    pub fn grouped_conv(
        &mut self,
        x: ValueId,
        weight: ValueId,
        bias: Option<ValueId>,
        window: Window,
        groups: usize,
    ) -> Result<ValueId, GraphError> {
        let inputs: Vec<ValueId> = [x, weight].into_iter().chain(bias).collect();
        self.apply(&CONV, &inputs, grouped(window, groups))
    }

    /// Spreads `x` `[N, M, rows, columns]` over the windows it came from: the transposed linear map of a
    /// convolution with `weight` `[M, C, kernel rows, kernel columns]`. `rest` adds rows and columns that no
    /// window reached.
    pub fn conv_transpose(
        &mut self,
        x: ValueId,
        weight: ValueId,
        window: Window,
        rest: [usize; 2],
    ) -> Result<ValueId, GraphError> {
        let attributes = window.attributes().sizes("output_padding", &rest);
        self.apply(&CONV_TRANSPOSE, &[x, weight], attributes)
    }
}
