//! `AveragePool` over two spatial axes.

use super::{Attributes, Gradient, Operator, Window, conv_gradient, max_pool, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::{Tensor, TensorType};

pub static AVERAGE_POOL: Operator = Operator {
    name: "AveragePool",
    infer,
    gradient: Gradient::Rule(gradient),
};

fn infer(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    shape::expect_f32(inputs[0], 4)?;
    max_pool::pooled(inputs[0], attributes)
}

/// Each place gives its share to all pixels of its window: the gradient of a convolution of each channel by itself.
fn gradient(
    graph: &mut Graph,
    node: &Node,
    dy: ValueId,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let (x, window) = (node.inputs[0], Window::from_attributes(&node.attributes));
    let (shape, dy_shape) = (graph.shape(x).to_vec(), graph.shape(dy).to_vec());
    let [rows, columns] = window.kernel;
    let part = 1.0 / (rows * columns) as f32;
    if shape[2..] == window.kernel && dy_shape[2..] == [1, 1] && window.pads == [0; 4] {
        let part = graph.scalar(part);
        let parts = graph.mul(dy, part)?;
        return Ok(vec![Some(graph.expand(parts, &shape)?)]);
    }
    let planes = shape[0] * shape[1];
    let filter = graph.constant(Tensor::filled(&[1, 1, rows, columns], part));
    let x = graph.reshape(x, &[planes, 1, shape[2], shape[3]])?;
    let dy = graph.reshape(dy, &[planes, 1, dy_shape[2], dy_shape[3]])?;
    let dx = conv_gradient::of_input(graph, x, filter, dy, window)?;
    Ok(vec![Some(graph.reshape(dx, &shape)?)])
}

impl Graph {
    /// The mean of each window over `x` `[N, C, H, W]`; padding counts as zeros. Windows have no dilations.
    pub fn average_pool(&mut self, x: ValueId, window: Window) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none()
            .sizes("kernel_shape", &window.kernel)
            .sizes("strides", &window.strides)
            .sizes("pads", &window.pads)
            .integer("count_include_pad", 1);
        self.apply(&AVERAGE_POOL, &[x], attributes)
    }
}
