//! A graph in the forms that its target runs fast, and as an ONNX model.

use std::collections::{HashMap, HashSet};

use prost::Message;

use super::{Computed, Form, Graph, GraphError, Node, Source, ValueId};
use crate::onnx;
use crate::ops::{SPECIAL_FORMS, SpecialForm};
use crate::tensor::TensorType;

impl Graph {
    /// The same computation with each operator in the form that the target computes the fastest.
    pub fn specialized(&self) -> Result<Self, GraphError> {
        let mut graph = Self::of_forms(self.forms.clone());
        graph.is_specialized = true;
        let mut moved = HashMap::new();
        for (index, value) in self.values.iter().enumerate() {
            let new = match &value.source {
                Source::Input => graph.input(&value.name, value.tensor_type.clone())?,
                Source::Constant(tensor) => graph.constant(tensor.clone()),
                Source::Node => continue,
            };
            moved.insert(ValueId(index), new);
        }
        for node in &self.nodes {
            let inputs: Vec<ValueId> = node.inputs.iter().map(|input| moved[input]).collect();
            let new = graph.in_special_form(node, &inputs)?;
            moved.insert(node.output, new);
        }
        for output in &self.outputs {
            graph.output(self.name(*output), moved[output])?;
        }
        Ok(graph)
    }

    /// Adds what a node computes in one of the special forms of its operator, or in the plain one.
    fn in_special_form(&mut self, node: &Node, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        let target = self.target();
        let is_tried = |form: &SpecialForm| form.tried.contains(&target);
        let special = SPECIAL_FORMS
            .iter()
            .filter(|form| form.operator.name == node.operator.name)
            .filter(|form| form.usual.contains(&target) || is_tried(form));
        let (usual, others): (Vec<&SpecialForm>, Vec<&SpecialForm>) =
            special.partition(|form| form.usual.contains(&target));
        let attributes = &node.attributes;
        let of = |form: &'static SpecialForm| {
            Form::new(form.name, move |graph, inputs| {
                (form.rule)(graph, inputs, attributes)
            })
        };
        let plain = Form::new("plain", |graph, inputs| {
            graph
                .apply(node.operator, inputs, attributes.clone())
                .map(Some)
        });
        let is_measured = usual.iter().chain(&others).any(|form| is_tried(form));
        let usual = usual.into_iter().map(of).chain([plain]);
        let forms: Vec<Form> = usual.chain(others.into_iter().map(of)).collect();
        let what = node.operator.name;
        if is_measured {
            self.in_one_of(
                &Computed {
                    what,
                    inputs,
                    attributes,
                },
                &forms,
            )
        } else {
            self.in_first_of(&forms, what, inputs)
        }
    }

    /// The bytes of an ONNX model with what the outputs need and nothing else.
    pub fn to_onnx(&self, name: &str, metadata: &[(String, String)]) -> Vec<u8> {
        let (nodes, values) = self.reachable();
        let all = || (0..self.values.len()).map(ValueId);
        let used = || all().filter(|id| values.contains(id));
        let is_input = |id: &ValueId| matches!(self.values[id.0].source, Source::Input);
        let is_inner = |id: &ValueId| {
            matches!(self.values[id.0].source, Source::Node) && !self.outputs.contains(id)
        };
        let info = |id| self.onnx_info(id);
        let nodes = nodes.into_iter().rev();
        let graph = onnx::Graph {
            name: name.into(),
            node: nodes.map(|index| self.onnx_node(index)).collect(),
            initializer: used().filter_map(|id| self.onnx_constant(id)).collect(),
            input: used().filter(is_input).map(info).collect(),
            output: self.outputs.iter().copied().map(info).collect(),
            value_info: used().filter(is_inner).map(info).collect(),
        };
        onnx::Model::new(graph, metadata).encode_to_vec()
    }

    /// Nodes that the outputs need, last first, and the values these nodes touch.
    fn reachable(&self) -> (Vec<usize>, HashSet<ValueId>) {
        let mut values: HashSet<ValueId> = self.outputs.iter().copied().collect();
        let mut nodes = Vec::new();
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if values.contains(&node.output) {
                values.extend(&node.inputs);
                nodes.push(index);
            }
        }
        (nodes, values)
    }

    fn onnx_node(&self, index: usize) -> onnx::Node {
        let node = &self.nodes[index];
        let name = node.operator.name;
        let (domain, op_type) = name.rsplit_once('.').unwrap_or(("", name));
        let named = |&id: &ValueId| self.name(id).to_owned();
        onnx::Node {
            input: node.inputs.iter().map(named).collect(),
            output: vec![named(&node.output)],
            name: format!("{op_type}_{index}"),
            op_type: op_type.into(),
            attribute: node.attributes.to_onnx(),
            domain: domain.into(),
        }
    }

    fn onnx_constant(&self, id: ValueId) -> Option<onnx::Tensor> {
        let tensor = self.constant_tensor(id)?;
        let tensor_type = tensor.tensor_type();
        Some(onnx::Tensor {
            dims: tensor_type.shape.iter().map(|&size| size as i64).collect(),
            data_type: tensor_type.element.onnx(),
            name: self.name(id).into(),
            raw_data: tensor.to_le_bytes(),
            ..Default::default()
        })
    }

    fn onnx_info(&self, id: ValueId) -> onnx::ValueInfo {
        let TensorType { element, shape } = self.tensor_type(id);
        onnx::ValueInfo::tensor(self.name(id), element.onnx(), shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Target;
    use crate::ops::Window;

    const WINDOW: Window = Window {
        kernel: [3, 3],
        strides: [1, 1],
        pads: [1; 4],
        dilations: [1, 1],
    };

    /// What `build` makes of inputs of these shapes, as written for a target.
    fn written<const N: usize>(
        target: Target,
        shapes: [&[usize]; N],
        build: impl FnOnce(&mut Graph, [ValueId; N]) -> Result<ValueId, GraphError>,
    ) -> onnx::Model {
        let mut graph = Graph::of_forms(target);
        let mut names = ["x", "weight", "bias"].into_iter();
        let inputs = shapes.map(|shape| {
            let name = names.next().unwrap();
            graph.input(name, TensorType::f32(shape)).unwrap()
        });
        let y = build(&mut graph, inputs).unwrap();
        graph.output("y", y).unwrap();
        let model = graph.specialized().unwrap().to_onnx("forms", &[]);
        onnx::Model::decode(&model[..]).unwrap()
    }

    /// A convolution of a batch of images of several channels, then a maximum of each tile.
    fn pooled_convolution(target: Target) -> onnx::Graph {
        let shapes = [&[2, 3, 6, 8][..], &[4, 3, 3, 3], &[4]];
        let model = written(target, shapes, |graph, [x, weight, bias]| {
            let features = graph.conv(x, weight, Some(bias), WINDOW)?;
            graph.max_pool(features, Window::tiles([3, 2]))
        });
        model.graph.unwrap()
    }

    fn operators(graph: &onnx::Graph) -> Vec<&str> {
        graph.node.iter().map(|node| &node.op_type[..]).collect()
    }

    /// The attributes of each node of an operator.
    fn windows(graph: &onnx::Graph, operator: &str) -> Vec<Vec<onnx::AttributeEntry>> {
        let nodes = graph.node.iter().filter(|node| node.op_type == operator);
        nodes.map(|node| node.attribute.clone()).collect()
    }

    fn tiles(sizes: [usize; 2]) -> Vec<onnx::AttributeEntry> {
        Window::tiles(sizes).attributes().to_onnx()
    }

    #[test]
    fn tract_gets_convolutions_of_one_image_and_maxima_of_one_axis() {
        let graph = pooled_convolution(Target::Tract);
        let convolution = ["Transpose", "Reshape", "Conv", "Reshape", "Transpose"];
        let expected = [&convolution[..], &["MaxPool", "MaxPool"]].concat();
        assert_eq!(operators(&graph), expected);
        // The two images side by side, pixel by pixel: a window sees every second pixel of a row.
        let wide = [1i64, 3, 6, 16].map(i64::to_le_bytes).concat();
        assert!(graph.initializer.iter().any(|one| one.raw_data == wide));
        let window = Window {
            pads: [1, 2, 1, 2],
            dilations: [1, 2],
            ..WINDOW
        };
        assert_eq!(windows(&graph, "Conv"), [window.attributes().to_onnx()]);
        let by_axis = [tiles([3, 1]), tiles([1, 2])];
        assert_eq!(windows(&graph, "MaxPool"), by_axis);
    }

    /// A convolution for ONNX Runtime on x86-64.
    fn convolution(channels: usize, filters: usize) -> onnx::Model {
        let shapes = [&[2, channels, 6, 8][..], &[filters, channels, 3, 3]];
        written(Target::OnnxruntimeX86, shapes, |graph, [x, weight]| {
            graph.conv(x, weight, None, WINDOW)
        })
    }

    #[test]
    fn whole_blocks_of_channels_get_onnxruntimes_own_convolution() {
        const BLOCKS: &str = "com.microsoft.nchwc";
        let model = convolution(16, 32);
        let imports = model.opset_import.iter();
        let imports: Vec<_> = imports.map(|one| (&one.domain[..], one.version)).collect();
        assert_eq!(imports, [("", onnx::OPSET), (BLOCKS, 1)]);
        // Images, then the weight twice: in blocks of channels and of filters. A single channel needs none.
        let images = ["ReorderInput"; 3];
        let end = ["Conv", "ReorderOutput"];
        for (channels, filters, expected) in [
            (16, 32, [&images[..], &end].concat()),
            (1, 16, [&images[..1], &end].concat()),
            (3, 16, Vec::new()),
            (16, 4, Vec::new()),
            (8, 16, Vec::new()),
        ] {
            let mut graph = convolution(channels, filters).graph.unwrap();
            graph.node.retain(|node| node.domain == BLOCKS);
            assert_eq!(operators(&graph), expected, "{channels} {filters}");
        }
    }

    #[test]
    fn a_gpu_gets_convolutions_and_maxima_as_they_are() {
        let graph = pooled_convolution(Target::Cuda);
        assert_eq!(operators(&graph), ["Conv", "MaxPool"]);
        assert_eq!(windows(&graph, "Conv"), [WINDOW.attributes().to_onnx()]);
        assert_eq!(windows(&graph, "MaxPool"), [tiles([3, 2])]);
    }

    #[test]
    fn a_gpu_sums_over_the_first_axes_by_a_product() {
        let product = ["Reshape", "Gemm", "Reshape"];
        let after_others = [&["ReduceSum"][..], &product].concat();
        for (axes, expected) in [
            (&[0][..], &product[..]),
            (&[0, 2, 3], &after_others),
            (&[2, 3], &["ReduceSum"]),
            (&[1], &["ReduceSum"]),
            (&[0, 1, 2, 3], &["ReduceSum"]),
        ] {
            let model = written(Target::Cuda, [&[2, 3, 4, 5]], |graph, [x]| {
                graph.reduce_sum(x, axes)
            });
            assert_eq!(operators(&model.graph.unwrap()), expected, "{axes:?}");
        }
    }
}
