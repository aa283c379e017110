//! A graph in the forms that its target runs fast, and as an ONNX model.

use std::collections::{HashMap, HashSet};

use prost::Message;

use super::{Graph, GraphError, Node, Source, ValueId};
use crate::onnx;
use crate::ops::{SPECIAL_FORMS, SpecialForm};

impl Graph {
    /// The same computation with each operator in the form that the target computes the fastest.
    pub fn specialized(&self) -> Result<Self, GraphError> {
        let mut graph = Self::for_target(self.target);
        let mut moved = HashMap::new();
        for (id, value) in self
            .values
            .iter()
            .enumerate()
            .map(|(id, value)| (ValueId(id), value))
        {
            let new = match &value.source {
                Source::Input => graph.input(&value.name, value.tensor_type.clone())?,
                Source::Constant(tensor) => graph.constant(tensor.clone()),
                Source::Node => continue,
            };
            moved.insert(id, new);
        }
        for node in &self.nodes {
            let inputs: Vec<ValueId> = node.inputs.iter().map(|input| moved[input]).collect();
            let form = graph.special_form(node, &inputs)?;
            let new = match form {
                Some(form) => form,
                None => graph.apply(node.operator, &inputs, node.attributes.clone())?,
            };
            moved.insert(node.output, new);
        }
        for output in &self.outputs {
            graph.output(self.name(*output), moved[output])?;
        }
        Ok(graph)
    }

    fn special_form(
        &mut self,
        node: &Node,
        inputs: &[ValueId],
    ) -> Result<Option<ValueId>, GraphError> {
        let target = self.target;
        let fits = |form: &&SpecialForm| {
            form.operator.name == node.operator.name && form.targets.contains(&target)
        };
        for form in SPECIAL_FORMS.iter().filter(fits) {
            let value = (form.rule)(self, inputs, &node.attributes)?;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    /// The bytes of an ONNX model with what the outputs need and nothing else.
    pub fn to_onnx(&self, name: &str, metadata: &[(String, String)]) -> Vec<u8> {
        let (nodes, values) = self.reachable();
        let used = || {
            (0..self.values.len())
                .map(ValueId)
                .filter(|id| values.contains(id))
        };
        let graph = onnx::Graph {
            name: name.into(),
            node: nodes
                .iter()
                .rev()
                .map(|&index| self.onnx_node(index))
                .collect(),
            initializer: used().filter_map(|id| self.onnx_constant(id)).collect(),
            input: used()
                .filter(|id| matches!(self.values[id.0].source, Source::Input))
                .map(|id| self.onnx_info(id))
                .collect(),
            output: self.outputs.iter().map(|&id| self.onnx_info(id)).collect(),
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
        onnx::Node {
            input: node
                .inputs
                .iter()
                .map(|&id| self.name(id).to_owned())
                .collect(),
            output: vec![self.name(node.output).to_owned()],
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
            float_data: Vec::new(),
            name: self.name(id).into(),
            raw_data: tensor.to_le_bytes(),
        })
    }

    fn onnx_info(&self, id: ValueId) -> onnx::ValueInfo {
        let tensor_type = self.tensor_type(id);
        onnx::ValueInfo::tensor(
            self.name(id),
            tensor_type.element.onnx(),
            &tensor_type.shape,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Target;
    use crate::ops::Window;
    use crate::tensor::TensorType;

    const WINDOW: Window = Window {
        kernel: [3, 3],
        strides: [1, 1],
        pads: [1; 4],
        dilations: [1, 1],
    };

    /// A convolution of a batch of images of several channels, then a maximum of each tile, as written for a target.
    fn written(target: Target) -> onnx::Graph {
        let mut graph = Graph::for_target(target);
        let input = |graph: &mut Graph, name, shape: &[usize]| {
            graph.input(name, TensorType::f32(shape)).unwrap()
        };
        let x = input(&mut graph, "x", &[2, 3, 6, 8]);
        let weight = input(&mut graph, "weight", &[4, 3, 3, 3]);
        let bias = input(&mut graph, "bias", &[4]);
        let features = graph.conv(x, weight, Some(bias), WINDOW).unwrap();
        let y = graph.max_pool(features, Window::tiles([3, 2])).unwrap();
        graph.output("y", y).unwrap();
        let model = graph.specialized().unwrap().to_onnx("forms", &[]);
        onnx::Model::decode(&model[..]).unwrap().graph.unwrap()
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
        let graph = written(Target::Tract);
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
        let mut graph = Graph::for_target(Target::OnnxruntimeX86);
        let mut input = |name, shape: &[usize]| graph.input(name, TensorType::f32(shape)).unwrap();
        let x = input("x", &[2, channels, 6, 8]);
        let weight = input("weight", &[filters, channels, 3, 3]);
        let y = graph.conv(x, weight, None, WINDOW).unwrap();
        graph.output("y", y).unwrap();
        let model = graph.specialized().unwrap().to_onnx("forms", &[]);
        onnx::Model::decode(&model[..]).unwrap()
    }

    #[test]
    fn whole_blocks_of_channels_get_onnxruntimes_own_convolution() {
        const BLOCKS: &str = "com.microsoft.nchwc";
        let model = convolution(16, 32);
        let imports = model.opset_import.iter();
        let imports: Vec<_> = imports.map(|one| (&one.domain[..], one.version)).collect();
        assert_eq!(imports, [("", onnx::OPSET), (BLOCKS, 1)]);
        let graph = model.graph.unwrap();
        let of_blocks = |node: &&onnx::Node| node.domain == BLOCKS;
        let found: Vec<&str> = graph
            .node
            .iter()
            .filter(of_blocks)
            .map(|node| &node.op_type[..])
            .collect();
        let weight = ["ReorderInput"; 2];
        assert_eq!(
            found,
            [&["ReorderInput"][..], &weight, &["Conv", "ReorderOutput"]].concat()
        );
        let single: Vec<onnx::Node> = convolution(1, 16).graph.unwrap().node;
        assert_eq!(single.iter().filter(of_blocks).count(), 3);
        for (channels, filters) in [(3, 16), (16, 4), (8, 16)] {
            let graph = convolution(channels, filters).graph.unwrap();
            assert_eq!(
                graph.node.iter().filter(of_blocks).count(),
                0,
                "{channels} {filters}"
            );
        }
    }

    #[test]
    fn a_gpu_gets_convolutions_and_maxima_as_they_are() {
        let graph = written(Target::Cuda);
        assert_eq!(operators(&graph), ["Conv", "MaxPool"]);
        assert_eq!(windows(&graph, "Conv"), [WINDOW.attributes().to_onnx()]);
        assert_eq!(windows(&graph, "MaxPool"), [tiles([3, 2])]);
    }

    /// The sum over these axes of a tensor of four, as written for a GPU.
    fn sum_on_a_gpu(axes: &[usize]) -> onnx::Graph {
        let mut graph = Graph::for_target(Target::Cuda);
        let x = graph.input("x", TensorType::f32(&[2, 3, 4, 5])).unwrap();
        let y = graph.reduce_sum(x, axes).unwrap();
        graph.output("y", y).unwrap();
        let model = graph.specialized().unwrap().to_onnx("sum", &[]);
        onnx::Model::decode(&model[..]).unwrap().graph.unwrap()
    }

    #[test]
    fn a_gpu_sums_over_the_first_axes_by_a_product() {
        let product = ["Reshape", "Gemm", "Reshape"];
        assert_eq!(operators(&sum_on_a_gpu(&[0])), product);
        let after_others = [&["ReduceSum"][..], &product].concat();
        assert_eq!(operators(&sum_on_a_gpu(&[0, 2, 3])), after_others);
        for axes in [&[2, 3][..], &[1], &[0, 1, 2, 3]] {
            assert_eq!(operators(&sum_on_a_gpu(axes)), ["ReduceSum"], "{axes:?}");
        }
    }
}
