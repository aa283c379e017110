//! Operators that put the same elements elsewhere.

use super::{Attributes, Gradient, Operator, Range, shape};
use crate::graph::{Graph, GraphError, Node, Operand, ValueId};
use crate::tensor::{Tensor, TensorType};

pub static RESHAPE: Operator = Operator {
    name: "Reshape",
    infer: reshaped,
    gradient: Gradient::Rule(|graph, node, dy| Ok(vec![Some(shaped_back(graph, node, dy)?), None])),
};

fn reshaped(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 2)?;
    let shape = inputs[1].sizes()?;
    let result = TensorType::new(inputs[0].element(), &shape);
    let (expected, found) = (result.len(), inputs[0].tensor_type.len());
    if expected != found {
        return Err(format!(
            "expected {expected} elements for {shape:?}, found {found}"
        ));
    }
    Ok(result)
}

/// The gradient in the shape of the node's input.
fn shaped_back(graph: &mut Graph, node: &Node, dy: ValueId) -> Result<ValueId, GraphError> {
    let shape = graph.shape(node.inputs[0]).to_vec();
    graph.reshape(dy, &shape)
}

/// All axes but the first become one.
pub static FLATTEN: Operator = Operator {
    name: "Flatten",
    infer: flattened,
    gradient: Gradient::Rule(|graph, node, dy| Ok(vec![Some(shaped_back(graph, node, dy)?)])),
};

fn flattened(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    let Some((&batch, rest)) = inputs[0].shape().split_first() else {
        return Err("expected at least one axis, found a scalar".into());
    };
    let shape = [batch, rest.iter().product()];
    Ok(TensorType::new(inputs[0].element(), &shape))
}

pub static TRANSPOSE: Operator = Operator {
    name: "Transpose",
    infer: transposed,
    gradient: Gradient::Rule(|graph, node, dy| {
        let permutation = node.attributes.get_sizes("perm");
        let mut inverse = vec![0; permutation.len()];
        for (to, &from) in permutation.iter().enumerate() {
            inverse[from] = to;
        }
        Ok(vec![Some(graph.transpose(dy, &inverse)?)])
    }),
};

fn transposed(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 1)?;
    let permutation = attributes.get_sizes("perm");
    let mut sorted = permutation.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..inputs[0].shape().len()) {
        return Err(format!("expected each axis once, found {permutation:?}"));
    }
    let size = |&axis: &usize| inputs[0].shape()[axis];
    let shape: Vec<usize> = permutation.iter().map(size).collect();
    Ok(TensorType::new(inputs[0].element(), &shape))
}

/// Broadcasts to a shape. Its gradient has that shape; the reverse walk sums it.
pub static EXPAND: Operator = Operator {
    name: "Expand",
    infer: |inputs, _| {
        shape::expect_inputs(inputs, 2)?;
        let shape = shape::broadcast(inputs[0].shape(), &inputs[1].sizes()?)?;
        Ok(TensorType::new(inputs[0].element(), &shape))
    },
    gradient: Gradient::Rule(|_, _, dy| Ok(vec![Some(dy), None])),
};

/// Along one axis.
pub static CONCAT: Operator = Operator {
    name: "Concat",
    infer: joined,
    gradient: Gradient::Rule(|graph, node, dy| {
        let axis = node.attributes.get_integer("axis", 1) as usize;
        let mut start = 0;
        let mut part = |&input: &ValueId| {
            let end = start + graph.shape(input)[axis];
            let part = graph.slice(
                dy,
                axis,
                Range {
                    start,
                    end,
                    step: 1,
                },
            )?;
            start = end;
            Ok(Some(part))
        };
        node.inputs.iter().map(&mut part).collect()
    }),
};

fn joined(inputs: &[Operand], attributes: &Attributes) -> Result<TensorType, String> {
    let axis = attributes.get_integer("axis", 1) as usize;
    let Some(first) = inputs.first().filter(|first| axis < first.shape().len()) else {
        return Err(format!("expected tensors of more than {axis} axes"));
    };
    let mut result = first.tensor_type.clone();
    result.shape[axis] = 0;
    for input in inputs {
        result.shape[axis] += input.shape().get(axis).copied().unwrap_or(0);
        let mut other = input.tensor_type.clone();
        if let Some(size) = other.shape.get_mut(axis) {
            *size = first.shape()[axis];
        }
        if other != *first.tensor_type {
            return Err(format!("expected types that differ in axis {axis} only"));
        }
    }
    Ok(result)
}

/// With a constant; only gradient rules and special forms use it.
pub static PAD: Operator = Operator {
    name: "Pad",
    infer: padded,
    gradient: Gradient::Missing,
};

fn padded(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    let pads = inputs[1].integers()?;
    let rank = inputs[0].shape().len();
    if pads.len() != 2 * rank || pads.iter().any(|&pad| pad < 0) {
        return Err(format!(
            "expected {} sizes of padding, found {pads:?}",
            2 * rank
        ));
    }
    let padded = |(axis, &size): (usize, &usize)| size + (pads[axis] + pads[axis + rank]) as usize;
    let sizes: Vec<usize> = inputs[0].shape().iter().enumerate().map(padded).collect();
    Ok(TensorType::new(inputs[0].element(), &sizes))
}

/// Repeats rows and columns; only gradient rules use it.
pub static RESIZE: Operator = Operator {
    name: "Resize",
    infer: resized,
    gradient: Gradient::Missing,
};

fn resized(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    shape::expect_inputs(inputs, 3)?;
    shape::expect_f32(inputs[0], 4)?;
    let Some(scales) = inputs[2].constant.and_then(Tensor::as_f32) else {
        return Err("expected constant scales".into());
    };
    if scales.len() != 4 {
        return Err(format!(
            "expected a scale for each of four axes, found {}",
            scales.len()
        ));
    }
    let size = |(&size, &scale): (&usize, &f32)| (size as f32 * scale) as usize;
    let sizes: Vec<usize> = inputs[0].shape().iter().zip(scales).map(size).collect();
    Ok(TensorType::f32(&sizes))
}

impl Graph {
    pub fn reshape(&mut self, x: ValueId, shape: &[usize]) -> Result<ValueId, GraphError> {
        let sizes = self.sizes(shape);
        self.apply(&RESHAPE, &[x, sizes], Attributes::none())
    }

    /// `[N, ...]` to `[N, features]`, row-major.
    pub fn flatten(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        self.apply(&FLATTEN, &[x], Attributes::none().integer("axis", 1))
    }

    /// Axis `i` of the result is axis `permutation[i]` of `x`.
    pub fn transpose(&mut self, x: ValueId, permutation: &[usize]) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none().sizes("perm", permutation);
        self.apply(&TRANSPOSE, &[x], attributes)
    }

    /// Repeats `x` along axes of size 1 to reach `shape`.
    pub fn expand(&mut self, x: ValueId, shape: &[usize]) -> Result<ValueId, GraphError> {
        let sizes = self.sizes(shape);
        self.apply(&EXPAND, &[x, sizes], Attributes::none())
    }

    /// Joins tensors `[N, C, ...]` along their second axis.
    pub fn concat(&mut self, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        self.concat_along(1, inputs)
    }

    /// Joins tensors along an axis.
    pub fn concat_along(&mut self, axis: usize, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        let attributes = Attributes::none().integer("axis", axis as i64);
        self.apply(&CONCAT, inputs, attributes)
    }

    /// Surrounds `x` `[N, C, H, W]` with `value`: `pads` are top, left, bottom, right.
    pub fn pad_image(
        &mut self,
        x: ValueId,
        [top, left, bottom, right]: [usize; 4],
        value: f32,
    ) -> Result<ValueId, GraphError> {
        self.pad(x, &[0, 0, top, left, 0, 0, bottom, right], value)
    }

    /// Surrounds `x` with `value`: `sizes` before each axis, then behind each axis.
    pub fn pad(&mut self, x: ValueId, sizes: &[usize], value: f32) -> Result<ValueId, GraphError> {
        let sizes = self.sizes(sizes);
        let value = self.scalar(value);
        let attributes = Attributes::none().text("mode", "constant");
        self.apply(&PAD, &[x, sizes, value], attributes)
    }

    /// Repeats each pixel of `[N, C, H, W]` in a tile of `rows` by `columns`.
    pub fn repeat_pixels(
        &mut self,
        x: ValueId,
        [rows, columns]: [usize; 2],
    ) -> Result<ValueId, GraphError> {
        let unused_region = self.constant(Tensor::filled(&[0], 0.0));
        let scales = ndarray::arr1(&[1.0, 1.0, rows as f32, columns as f32]);
        let scales = self.constant(scales.into());
        let attributes = Attributes::none()
            .text("mode", "nearest")
            .text("nearest_mode", "floor")
            .text("coordinate_transformation_mode", "asymmetric");
        self.apply(&RESIZE, &[x, unused_region, scales], attributes)
    }
}
