//! Reading a float ONNX model as a chain of layers that integers can compute.
//!
//! A layer is `Conv` or `Gemm` with what follows it: `Relu`, and after `Conv` a `MaxPool` over tiles. `Gemm` is a
//! convolution whose kernel covers its whole input, and is kept as one.

mod attributes;
mod parameters;

use std::ops::Range;

use ndarray::{Array1, Array4};
use no_std_core::format::MAGIC;
use prost::Message;

use parameters::Tensors;

use super::network::{FloatNetwork, Kind, Layer};
use crate::models::{IMAGES, LOGITS};
use crate::onnx;
use crate::ops::Window;
use crate::tensor::ElementType;

/// Why a model cannot become integers.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    /// The bytes are no model.
    #[error("expected an ONNX model, found bytes that are none: {0}")]
    NotOnnx(String),
    /// The model as a whole has another form.
    #[error("expected {expected}, found {found}")]
    Form {
        /// What can be quantised.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A node cannot be computed by integers.
    #[error("node {node} ({operator}): expected {expected}, found {found}")]
    Node {
        /// Name of the node.
        node: String,
        /// Its ONNX operator.
        operator: String,
        /// What is supported there.
        expected: String,
        /// What is there.
        found: String,
    },
}

/// Reads a model file whose input is `images` `[1, channels, rows, columns]` and whose output is `logits`
/// `[1, classes]`.
pub fn lower(onnx: &[u8]) -> Result<FloatNetwork, LowerError> {
    if onnx.starts_with(&MAGIC) {
        return Err(LowerError::Form {
            expected: "an ONNX model".into(),
            found: "a flash file, which is quantised already".into(),
        });
    }
    let model =
        onnx::Model::decode(onnx).map_err(|error| LowerError::NotOnnx(error.to_string()))?;
    let graph = model
        .graph
        .ok_or_else(|| LowerError::NotOnnx("no graph in it".into()))?;
    let input = input_shape(&graph)?;
    let mut chain = Chain {
        tensors: Tensors::of(&graph),
        value: IMAGES,
        shape: input,
        flat: false,
        layers: Vec::new(),
    };
    for node in &graph.node {
        chain.add(node)?;
    }
    let outputs: Vec<&str> = graph
        .output
        .iter()
        .map(|output| output.name.as_str())
        .collect();
    if outputs != [LOGITS] || chain.value != LOGITS || !chain.flat || chain.layers.is_empty() {
        let found = format!(
            "`{}` of a chain that ends in `{}`",
            outputs.join("`, `"),
            chain.value
        );
        return Err(form(
            "one output `logits` [1, classes] at the end of a chain of layers",
            found,
        ));
    }
    let entry = |entry: onnx::StringEntry| (entry.key, entry.value);
    let metadata = model.metadata_props.into_iter().map(entry).collect();
    Ok(FloatNetwork {
        input,
        layers: chain.layers,
        metadata,
    })
}

fn refusal(node: &onnx::Node, expected: &str, found: impl Into<String>) -> LowerError {
    LowerError::Node {
        node: node_name(node).into(),
        operator: node.op_type.clone(),
        expected: expected.into(),
        found: found.into(),
    }
}

/// The name of a node, or of what it computes where it has none.
fn node_name(node: &onnx::Node) -> &str {
    let output = node.output.first().map_or("", String::as_str);
    if node.name.is_empty() {
        output
    } else {
        &node.name
    }
}

fn form(expected: &str, found: impl Into<String>) -> LowerError {
    LowerError::Form {
        expected: expected.into(),
        found: found.into(),
    }
}

fn input_shape(graph: &onnx::Graph) -> Result<[usize; 3], LowerError> {
    const EXPECTED: &str = "one input `images` F32[1, channels, rows, columns]";
    // Files of ONNX IR version 3 list weights among the inputs too.
    let is_weight = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
    let inputs: Vec<_> = graph
        .input
        .iter()
        .filter(|input| !is_weight(&input.name))
        .collect();
    let [input] = inputs[..] else {
        return Err(form(EXPECTED, format!("{} inputs", inputs.len())));
    };
    let tensor_type = input
        .value_type
        .as_ref()
        .and_then(|value| value.tensor_type.as_ref());
    let sizes: Vec<i64> = tensor_type
        .and_then(|found| found.shape.as_ref())
        .map(|shape| {
            shape
                .dim
                .iter()
                .map(|dim| dim.dim_value.unwrap_or(-1))
                .collect()
        })
        .unwrap_or_default();
    let element = tensor_type.map_or(0, |found| found.elem_type);
    let shape = match sizes[..] {
        [1, channels, rows, columns] => positive([channels, rows, columns]),
        _ => None,
    };
    match shape {
        Some(shape) if input.name == IMAGES && element == ElementType::F32.onnx() => Ok(shape),
        _ => Err(form(
            EXPECTED,
            format!("`{}` of element type {element} {sizes:?}", input.name),
        )),
    }
}

/// Sizes from 1 to the largest that a flash file can say.
fn positive(sizes: [i64; 3]) -> Option<[usize; 3]> {
    const SIZES: Range<i64> = 1..1 << 16;
    sizes
        .iter()
        .all(|size| SIZES.contains(size))
        .then(|| sizes.map(|size| size as usize))
}

/// The layers so far and the value at their end.
struct Chain<'a> {
    tensors: Tensors<'a>,
    value: &'a str,
    shape: [usize; 3],
    flat: bool,
    layers: Vec<Layer>,
}

impl<'a> Chain<'a> {
    fn add(&mut self, node: &'a onnx::Node) -> Result<(), LowerError> {
        attributes::check(node)?;
        let (Some(input), [output]) = (node.input.first(), &node.output[..]) else {
            return Err(refusal(node, "inputs and one output", "none or more"));
        };
        if input != self.value {
            let expected = format!("a chain of nodes, the next one reading `{}`", self.value);
            return Err(refusal(node, &expected, format!("`{input}`")));
        }
        match node.op_type.as_str() {
            "Conv" => self.conv(node)?,
            "Gemm" => self.gemm(node)?,
            "Relu" => self.last_layer(node, |layer| !layer.relu)?.relu = true,
            "MaxPool" => self.max_pool(node)?,
            _ => self.flat = true,
        }
        self.value = output;
        Ok(())
    }

    /// Fails unless the value still has rows and columns.
    fn expect_four_axes(&self, node: &onnx::Node) -> Result<(), LowerError> {
        if self.flat {
            let expected = "an input of four axes";
            return Err(refusal(node, expected, "one that was flattened"));
        }
        Ok(())
    }

    fn conv(&mut self, node: &onnx::Node) -> Result<(), LowerError> {
        self.expect_four_axes(node)?;
        let (weight, bias) = self.tensors.conv(node)?;
        let (filters, channels, rows, columns) = weight.dim();
        let window = attributes::window(node, Some([rows, columns]))?;
        if channels != self.shape[0] || window.kernel != [rows, columns] {
            let [height, width] = window.kernel;
            let expected = format!("filters of {} x {height} x {width}", self.shape[0]);
            return Err(refusal(
                node,
                &expected,
                format!("{channels} x {rows} x {columns}"),
            ));
        }
        let output = window.output([self.shape[1], self.shape[2]]);
        let [rows, columns] = output.map_err(|found| refusal(node, "a kernel that fits", found))?;
        self.push(
            node,
            Kind::Convolution,
            window,
            weight,
            bias,
            [filters, rows, columns],
        );
        Ok(())
    }

    fn gemm(&mut self, node: &onnx::Node) -> Result<(), LowerError> {
        if !self.flat {
            return Err(refusal(
                node,
                "an input of two axes, by Flatten",
                "one of four",
            ));
        }
        let (weight, bias) = self.tensors.gemm(node)?;
        let [channels, rows, columns] = self.shape;
        let (units, inputs) = weight.dim();
        let weight = weight
            .into_shape_with_order((units, channels, rows, columns))
            .map_err(|_| {
                let expected = format!("units of {} inputs", channels * rows * columns);
                refusal(node, &expected, inputs.to_string())
            })?;
        let window = Window {
            strides: [1; 2],
            ..Window::tiles([rows, columns])
        };
        self.push(node, Kind::Dense, window, weight, bias, [units, 1, 1]);
        Ok(())
    }

    fn max_pool(&mut self, node: &onnx::Node) -> Result<(), LowerError> {
        self.expect_four_axes(node)?;
        let window = attributes::window(node, None)?;
        if window != Window::tiles(window.kernel) {
            let expected = "tiles: strides equal to kernel_shape, and no pads";
            return Err(refusal(node, expected, format!("{window:?}")));
        }
        let [channels, rows, columns] = self.shape;
        let output = window.output([rows, columns]);
        let [rows, columns] = output.map_err(|found| refusal(node, "tiles that fit", found))?;
        let poolable = |layer: &Layer| layer.kind == Kind::Convolution && layer.pool.is_none();
        let layer = self.last_layer(node, poolable)?;
        (layer.pool, layer.output) = (Some(window), [channels, rows, columns]);
        self.shape = layer.output;
        Ok(())
    }

    /// The layer that a node completes.
    fn last_layer(
        &mut self,
        node: &onnx::Node,
        fits: impl Fn(&Layer) -> bool,
    ) -> Result<&mut Layer, LowerError> {
        let layer = self.layers.last_mut().filter(|layer| fits(layer));
        layer.ok_or_else(|| {
            let expected = "one Relu after each Conv or Gemm, one MaxPool after each Conv";
            refusal(node, expected, format!("another {}", node.op_type))
        })
    }

    fn push(
        &mut self,
        node: &onnx::Node,
        kind: Kind,
        window: Window,
        weight: Array4<f32>,
        bias: Array1<f32>,
        output: [usize; 3],
    ) {
        let prefix = match kind {
            Kind::Convolution => "conv",
            Kind::Dense => "dense",
        };
        let number = self
            .layers
            .iter()
            .filter(|layer| layer.kind == kind)
            .count()
            + 1;
        self.layers.push(Layer {
            name: format!("{prefix}{number}"),
            node: format!("{} ({})", node_name(node), node.op_type),
            kind,
            window,
            weight,
            bias,
            relu: false,
            pool: None,
            input: self.shape,
            convolved: output,
            output,
        });
        (self.shape, self.flat) = (output, kind == Kind::Dense);
    }
}

#[cfg(test)]
mod tests;
