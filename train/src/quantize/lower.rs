//! Reading a float ONNX model as a chain of layers that integers can compute.
//!
//! A layer is `Conv` or `Gemm` with what follows it: `Relu`, and after `Conv` a `MaxPool` over tiles. `Gemm` is a
//! convolution whose kernel covers its whole input, and is kept as one. A `Softmax` at the very end is left out.

mod attributes;
mod interface;
mod parameters;

use ndarray::{Array1, Array4};
use prost::Message;

use parameters::Tensors;

use super::network::{FloatNetwork, Kind, Layer};
use crate::onnx;
use crate::ops::Window;

/// Why a model cannot become integers.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    #[error("expected an ONNX model, found bytes that are none: {0}")]
    NotOnnx(#[from] prost::DecodeError),
    /// The model as a whole has another form.
    #[error("expected {expected}, found {found}")]
    Form { expected: String, found: String },
    #[error("node {node} ({operator}): expected {expected}, found {found}")]
    Node {
        node: String,
        operator: String,
        expected: String,
        found: String,
    },
}

/// Reads a model file with one input `[1, channels, rows, columns]` and one output `[1, classes]`, which
/// [`input::onnx::for_one_picture`] has accepted.
pub fn lower(onnx: &[u8]) -> Result<FloatNetwork, LowerError> {
    let model = onnx::Model::decode(onnx)?;
    let graph = &model.graph.unwrap_or_default();
    let (value, input) = interface::input(graph)?;
    let mut chain = Chain {
        tensors: Tensors::of(graph),
        value,
        shape: input,
        flat: false,
        softmax: None,
        layers: Vec::new(),
    };
    for node in &graph.node {
        chain.add(node)?;
    }
    let output = interface::output(graph)?;
    if chain.value != output || !chain.flat || chain.layers.is_empty() {
        let found = format!("`{output}` of a chain that ends in `{}`", chain.value);
        let expected = "an output [1, classes] at the end of a chain of layers";
        return Err(form(expected, found));
    }
    let metadata = model.metadata_props.into_iter();
    Ok(FloatNetwork {
        input,
        layers: chain.layers,
        dropped: chain.softmax.map(describe),
        metadata: metadata.map(|entry| (entry.key, entry.value)).collect(),
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

/// A node with its operator.
fn describe(node: &onnx::Node) -> String {
    format!("{} ({})", node_name(node), node.op_type)
}

/// The layers so far and the value at their end.
struct Chain<'a> {
    tensors: Tensors<'a>,
    value: &'a str,
    shape: [usize; 3],
    flat: bool,
    /// The node that makes probabilities of the logits, after which nothing may come.
    softmax: Option<&'a onnx::Node>,
    layers: Vec<Layer>,
}

impl<'a> Chain<'a> {
    fn add(&mut self, node: &'a onnx::Node) -> Result<(), LowerError> {
        attributes::check(node)?;
        let (Some(input), [output]) = (node.input.first(), &node.output[..]) else {
            return Err(refusal(node, "inputs and one output", "none or more"));
        };
        if let Some(softmax) = self.softmax {
            let found = format!("{} after it", describe(node));
            return Err(refusal(
                softmax,
                "it at the end only, to leave it out",
                found,
            ));
        }
        if input != self.value {
            let expected = format!("a chain of nodes, the next one reading `{}`", self.value);
            return Err(refusal(node, &expected, format!("`{input}`")));
        }
        match node.op_type.as_str() {
            "Conv" => self.conv(node)?,
            "Gemm" => self.gemm(node)?,
            "Relu" => self.last_layer(node, |layer| !layer.relu)?.relu = true,
            "MaxPool" => self.max_pool(node)?,
            "Softmax" | "LogSoftmax" => {
                self.expect_two_axes(node)?;
                self.softmax = Some(node);
            }
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

    /// Fails unless the value has neither rows nor columns.
    fn expect_two_axes(&self, node: &onnx::Node) -> Result<(), LowerError> {
        if self.flat {
            return Ok(());
        }
        let expected = "an input of two axes, by Flatten";
        Err(refusal(node, expected, "one of four"))
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
        let output = [filters, rows, columns];
        self.push(node, Kind::Convolution, window, (weight, bias), output);
        Ok(())
    }

    fn gemm(&mut self, node: &onnx::Node) -> Result<(), LowerError> {
        self.expect_two_axes(node)?;
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
        self.push(node, Kind::Dense, window, (weight, bias), [units, 1, 1]);
        Ok(())
    }

    fn max_pool(&mut self, node: &onnx::Node) -> Result<(), LowerError> {
        self.expect_four_axes(node)?;
        let window = attributes::window(node, None)?;
        if window != Window::tiles(window.kernel) {
            let expected = "tiles: strides equal to kernel_shape, and no pads";
            let Window {
                strides,
                kernel,
                pads,
                ..
            } = window;
            let found = attributes::text_of_window(kernel, strides, pads);
            return Err(refusal(node, expected, found));
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
        (weight, bias): (Array4<f32>, Array1<f32>),
        output: [usize; 3],
    ) {
        let prefix = match kind {
            Kind::Convolution => "conv",
            Kind::Dense => "dense",
        };
        let of_kind = self.layers.iter().filter(|layer| layer.kind == kind);
        let number = of_kind.count() + 1;
        self.layers.push(Layer {
            name: format!("{prefix}{number}"),
            node: describe(node),
            kind,
            window,
            weight,
            bias,
            relu: false,
            pool: None,
            input: self.shape,
            output,
        });
        (self.shape, self.flat) = (output, kind == Kind::Dense);
    }
}
