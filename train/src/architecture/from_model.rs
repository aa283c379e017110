//! An imported model as a network that is trained: the text that describes it, and its parameters.
//!
//! The importer has put batch normalisation into the layers before it, and kernels with dilations have zeros between their
//! taps: both are trained as what they have become. A Softmax or a Sigmoid at the end is left out, since what is trained are
//! logits.

use input::normalization::Normalization;
use ndarray::Array1;

use crate::layers::{Activation, Conv, Dense, Function, Layer};
use crate::network::{Clip, Network, Node, elements};
use crate::ops::Window;
use crate::tensor::Tensor;

/// A layer that has no form in training.
#[derive(Debug, thiserror::Error)]
#[error("node {node}: expected {expected}, found {found}; {remedy}")]
pub struct Untrainable {
    /// With its operator.
    node: String,
    expected: &'static str,
    found: String,
    remedy: &'static str,
}

/// The text of a network's file that describes a model, and its parameters by their names there.
///
/// The network takes pixels `0..=1`: `pixels` says what the model takes in their place, and is its first layer where it
/// changes something.
pub fn describe(
    name: &str,
    model: &Network,
    pixels: &Normalization,
) -> Result<(String, Vec<(String, Tensor)>), Untrainable> {
    let mut writer = Writer {
        model,
        head: head(model),
        lines: Vec::new(),
        parameters: Vec::new(),
        tensors: vec![Made::new("input", false)],
    };
    if let Some([mean, std]) = mean_and_deviation(pixels) {
        let options = [("mean", format!("{mean:?}")), ("std", format!("{std:?}"))];
        writer.line("normalize", "normalize", &["input".into()], &options);
        writer.tensors[0] = Made::new("normalize", false);
    }
    for index in 0..model.nodes.len() {
        let made = writer.node(index)?;
        writer.tensors.push(made);
    }
    writer.end()?;
    let text = format!(
        "name = \"{name}\"\ninput = {:?}\nclasses = {}\nlayers = [\n{}\n]\n",
        model.input.shape,
        model.output()[0],
        writer.lines.join("\n")
    );
    Ok((text, writer.parameters))
}

/// The last layer with weights over all channels, if its outputs are the model's.
fn head(model: &Network) -> Option<usize> {
    let outputs = |node: &Node| match &node.layer {
        Layer::Conv(conv) if conv.groups == 1 => Some(conv.bias.len()),
        Layer::Dense(dense) => Some(dense.bias.len()),
        _ => None,
    };
    let last = model
        .nodes
        .iter()
        .rposition(|node| outputs(node).is_some())?;
    (outputs(&model.nodes[last]) == Some(model.output()[0])).then_some(last)
}

/// Of each channel, for pixels `0..=1`; `None` where these are taken as they are.
fn mean_and_deviation(pixels: &Normalization) -> Option<[Vec<f32>; 2]> {
    let ends = |channel| [0, u8::MAX].map(|pixel| pixels.number(channel, pixel));
    let ends: Vec<[f32; 2]> = (0..pixels.channels()).map(ends).collect();
    let mean = ends
        .iter()
        .map(|[black, white]| (0.0 - black) / (white - black));
    let std = ends.iter().map(|[black, white]| (white - black).recip());
    let both = [mean.collect(), std.collect()];
    (*pixels != Normalization::up_to(1.0, pixels.channels())).then_some(both)
}

/// What stands for a tensor of the model.
struct Made {
    name: String,
    /// Whether it has features and no places.
    is_flat: bool,
    /// Its features as a layer of their own, once one has needed them.
    flat: Option<String>,
}

impl Made {
    fn new(name: &str, is_flat: bool) -> Self {
        Self {
            name: name.into(),
            is_flat,
            flat: None,
        }
    }
}

struct Writer<'m> {
    model: &'m Network,
    head: Option<usize>,
    lines: Vec<String>,
    parameters: Vec<(String, Tensor)>,
    /// Those so far, the input first.
    tensors: Vec<Made>,
}

impl Writer<'_> {
    fn line(&mut self, layer: &str, name: &str, from: &[String], options: &[(&str, String)]) {
        let options = options
            .iter()
            .map(|(key, value)| format!(", {key} = {value}"));
        let options: String = options.collect();
        let line =
            format!("    {{ name = \"{name}\", layer = \"{layer}\", from = {from:?}{options} }},");
        self.lines.push(line);
    }

    fn node(&mut self, index: usize) -> Result<Made, Untrainable> {
        let node = &self.model.nodes[index];
        match &node.layer {
            Layer::Conv(conv) => self.conv(index, conv),
            Layer::Dense(dense) => Ok(self.dense(index, dense)),
            Layer::MaxPool(pool) => self.pool("max_pool", node, pool.window),
            Layer::AveragePool(pool) if self.is_global(index, pool.window) => {
                let from = [self.picture(node)?];
                self.line("global_pool", &node.name, &from, &limit(node.clip));
                Ok(Made::new(&node.name, true))
            }
            Layer::AveragePool(pool) => self.pool("average_pool", node, pool.window),
            Layer::Add(_) => Ok(self.joined("add", node)),
            Layer::Concat(_) => Ok(self.joined("concat", node)),
            Layer::Activation(activation) => self.activation(index, activation),
        }
    }

    fn conv(&mut self, index: usize, conv: &Conv) -> Result<Made, Untrainable> {
        let node = &self.model.nodes[index];
        let (filters, of_group, ..) = conv.weight.dim();
        let from = [self.picture(node)?];
        let mut options = vec![
            ("kernel", format!("{:?}", conv.window.kernel)),
            ("stride", format!("{:?}", conv.window.strides)),
            ("padding", format!("{:?}", conv.window.pads)),
        ];
        options.extend(limit(node.clip));
        let kind = match conv.groups {
            1 => {
                options.push(("filters", self.outputs(index, filters)));
                "conv"
            }
            groups if groups == filters && of_group == 1 => "depthwise",
            groups => {
                return Err(Untrainable {
                    node: node.origin.clone(),
                    expected: "one group, or a filter for each channel",
                    found: format!("{filters} filters in {groups} groups"),
                    remedy: "other groups have no gradient here: train the model without them",
                });
            }
        };
        self.line(kind, &node.name, &from, &options);
        self.parameters(&node.name, conv.weight.clone().into(), &conv.bias);
        let Some(pool) = conv.pool else {
            return Ok(Made::new(&node.name, false));
        };
        let name = format!("{}_pool", node.name);
        let from = std::slice::from_ref(&node.name);
        self.line("max_pool", &name, from, &window(pool));
        Ok(Made::new(&name, false))
    }

    fn dense(&mut self, index: usize, dense: &Dense) -> Made {
        let node = &self.model.nodes[index];
        let (units, channels, rows, columns) = dense.weight.dim();
        let from = [self.features(node.inputs[0])];
        let mut options = vec![("units", self.outputs(index, units))];
        options.extend(limit(node.clip));
        self.line("dense", &node.name, &from, &options);
        let inputs = channels * rows * columns;
        let weight = dense.weight.to_shape((units, inputs));
        let weight = weight
            .expect("a unit has a weight for each input")
            .into_owned();
        self.parameters(&node.name, weight.into(), &dense.bias);
        Made::new(&node.name, true)
    }

    fn parameters(&mut self, name: &str, weight: Tensor, bias: &Array1<f32>) {
        let bias = (format!("{name}.bias"), bias.clone().into());
        self.parameters
            .extend([(format!("{name}.weight"), weight), bias]);
    }

    /// A number of outputs, or that it follows the classes.
    fn outputs(&self, index: usize, count: usize) -> String {
        if self.head == Some(index) {
            "\"classes\"".into()
        } else {
            count.to_string()
        }
    }

    fn pool(&mut self, kind: &str, node: &Node, pool: Window) -> Result<Made, Untrainable> {
        let from = [self.picture(node)?];
        let mut options = window(pool);
        options.extend(limit(node.clip));
        self.line(kind, &node.name, &from, &options);
        Ok(Made::new(&node.name, false))
    }

    /// Whether a pool makes one place of all, of which only features are read.
    fn is_global(&self, index: usize, window: Window) -> bool {
        let node = &self.model.nodes[index];
        let [_, rows, columns] = self.model.shape(node.inputs[0]);
        let takes_features =
            |reader: usize| matches!(self.model.nodes[reader].layer, Layer::Dense(_));
        Window::tiles([rows, columns])
            == Window {
                strides: window.kernel,
                ..window
            }
            && self.model.readers(index + 1).all(takes_features)
    }

    /// A sum, or channels side by side: of features if one of the tensors has no places.
    fn joined(&mut self, kind: &str, node: &Node) -> Made {
        let is_flat = node.inputs.iter().any(|&input| self.tensors[input].is_flat);
        let name = |input: &usize| {
            if is_flat {
                self.features(*input)
            } else {
                self.tensors[*input].name.clone()
            }
        };
        let from: Vec<String> = node.inputs.iter().map(name).collect();
        self.line(kind, &node.name, &from, &limit(node.clip));
        Made::new(&node.name, is_flat)
    }

    fn activation(&mut self, index: usize, activation: &Activation) -> Result<Made, Untrainable> {
        let node = &self.model.nodes[index];
        let input = &self.tensors[node.inputs[0]];
        let (from, is_flat) = (input.name.clone(), input.is_flat);
        let is_last = index + 1 == self.model.nodes.len();
        let options = match activation.function {
            Function::Clip { low, high } => limit(Clip { low, high }.and(node.clip)),
            Function::LeakyRelu(slope) if slope >= 0.0 && node.clip == Clip::NONE => {
                vec![("activation", format!("{{ slope = {slope:?} }}"))]
            }
            Function::Sigmoid if is_last && node.clip == Clip::NONE => {
                return Ok(Made::new(&from, is_flat));
            }
            _ => {
                return Err(Untrainable {
                    node: node.origin.clone(),
                    expected: "ReLU, leaky ReLU or a clip",
                    found: format!("a function `{}`", node.name),
                    remedy: "other functions have no gradient here: train the model with one of these",
                });
            }
        };
        self.line("activation", &node.name, &[from], &options);
        Ok(Made::new(&node.name, is_flat))
    }

    /// The one tensor that a node reads, which must have places.
    fn picture(&self, node: &Node) -> Result<String, Untrainable> {
        let input = &self.tensors[node.inputs[0]];
        if !input.is_flat {
            return Ok(input.name.clone());
        }
        Err(Untrainable {
            node: node.origin.clone(),
            expected: "a picture",
            found: format!("features, which `{}` makes", input.name),
            remedy: "convolutions and pools have no form in training behind dense layers",
        })
    }

    /// The features of a tensor.
    fn features(&mut self, tensor: usize) -> String {
        let made = &self.tensors[tensor];
        if made.is_flat {
            return made.name.clone();
        }
        if let Some(name) = &made.flat {
            return name.clone();
        }
        let (from, name) = (made.name.clone(), format!("{}_flat", made.name));
        self.line("flatten", &name, &[from], &[]);
        self.tensors[tensor].flat = Some(name.clone());
        name
    }

    /// Makes logits of the last tensor.
    fn end(&mut self) -> Result<(), Untrainable> {
        let last = self.model.nodes.last();
        let shape = self.model.output();
        if let (Some(node), true) = (last, elements(shape) > shape[0]) {
            return Err(Untrainable {
                node: node.origin.clone(),
                expected: "an output for each class",
                found: format!("outputs of {} x {} places", shape[1], shape[2]),
                remedy: "train the model with a global pool at its end",
            });
        }
        self.features(self.model.nodes.len());
        Ok(())
    }
}

/// How a limit is said, if it is one.
fn limit(Clip { low, high }: Clip) -> Vec<(&'static str, String)> {
    let text = match [low, high] {
        [f32::NEG_INFINITY, f32::INFINITY] => return Vec::new(),
        [0.0, f32::INFINITY] => "\"relu\"".into(),
        [0.0, 6.0] => "\"relu6\"".into(),
        _ => format!("{{ clip = [{low:?}, {high:?}] }}"),
    };
    vec![("activation", text)]
}

fn window(pool: Window) -> Vec<(&'static str, String)> {
    vec![
        ("size", format!("{:?}", pool.kernel)),
        ("stride", format!("{:?}", pool.strides)),
        ("padding", format!("{:?}", pool.pads)),
    ]
}

#[cfg(test)]
mod tests;
