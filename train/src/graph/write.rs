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
        let fits = |form: &&SpecialForm| {
            form.operator.name == node.operator.name && form.targets.contains(&self.target)
        };
        match SPECIAL_FORMS.iter().find(fits) {
            Some(form) => (form.rule)(self, inputs, &node.attributes),
            None => Ok(None),
        }
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
        onnx::Node {
            input: node
                .inputs
                .iter()
                .map(|&id| self.name(id).to_owned())
                .collect(),
            output: vec![self.name(node.output).to_owned()],
            name: format!("{}_{index}", node.operator.name),
            op_type: node.operator.name.into(),
            attribute: node.attributes.to_onnx(),
            domain: String::new(),
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
