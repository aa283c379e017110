//! ONNX graphs written by hand.

use super::*;

/// A graph that grows node by node; each node reads the one before and these constants.
#[derive(Clone)]
pub struct Written {
    pub graph: onnx::Graph,
    pub value: String,
    pub opset: i64,
}

/// The sizes of a small image: channels, rows, columns.
pub const IMAGE: [usize; 3] = [2, 6, 5];

impl Written {
    pub fn new(input: &[usize]) -> Self {
        let input = onnx::ValueInfo::tensor("x", 1, input);
        let graph = onnx::Graph {
            input: vec![input],
            ..Default::default()
        };
        Self {
            graph,
            value: "x".into(),
            opset: onnx::OPSET,
        }
    }

    pub fn constant(&mut self, dims: &[usize], data_type: i32, raw_data: Vec<u8>) -> String {
        let name = format!("c{}", self.graph.initializer.len());
        self.graph.initializer.push(onnx::Tensor {
            dims: dims.iter().map(|&size| size as i64).collect(),
            data_type,
            name: name.clone(),
            raw_data,
            ..Default::default()
        });
        name
    }

    /// Numbers that differ, times a factor, plus an offset.
    pub fn floats(&mut self, dims: &[usize], factor: f32, offset: f32) -> String {
        let count = dims.iter().product::<usize>();
        let value = |index: usize| offset + factor * ((index * 7 % 11) as f32 - 5.0);
        let raw = (0..count)
            .flat_map(|index| value(index).to_le_bytes())
            .collect();
        self.constant(dims, 1, raw)
    }

    pub fn integers(&mut self, values: &[i64]) -> String {
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(&[values.len()], 7, raw)
    }

    pub fn node(&mut self, operator: &str, inputs: &[String], attributes: &[AttributeEntry]) {
        let output = format!("v{}", self.graph.node.len());
        self.graph.node.push(onnx::Node {
            input: inputs.to_vec(),
            output: vec![output.clone()],
            name: output.clone(),
            op_type: operator.into(),
            attribute: attributes.to_vec(),
            ..Default::default()
        });
        self.value = output;
    }

    /// A node that reads the value so far and constants.
    pub fn then(
        &mut self,
        operator: &str,
        constants: &[String],
        attributes: &[AttributeEntry],
    ) -> &mut Self {
        let inputs = [std::slice::from_ref(&self.value), constants].concat();
        self.node(operator, &inputs, attributes);
        self
    }

    pub fn conv(&mut self, attributes: &[AttributeEntry]) -> &mut Self {
        let (weight, bias) = (
            self.floats(&[3, 2, 3, 3], 0.1, 0.0),
            self.floats(&[3], 1.0, 0.0),
        );
        self.then("Conv", &[weight, bias], attributes)
    }

    /// The bytes of the file.
    pub fn model(&self) -> Vec<u8> {
        let mut graph = self.graph.clone();
        graph.output = vec![onnx::ValueInfo::tensor(&self.value, 1, &[])];
        let mut model = onnx::Model::new(graph, &[]);
        model.opset_import[0].version = self.opset;
        model.encode_to_vec()
    }

    pub fn network(&self) -> Result<Network, ImportError> {
        import(&self.model())
    }

    /// The layers with what they read and are limited to.
    pub fn layers(&self) -> Vec<(Layer, Clip, Vec<usize>)> {
        let nodes = self.network().unwrap().nodes;
        let parts = nodes
            .into_iter()
            .map(|node| (node.layer, node.clip, node.inputs));
        parts.collect()
    }
}

pub fn image() -> Written {
    Written::new(&[1, IMAGE[0], IMAGE[1], IMAGE[2]])
}

pub fn ints(name: &str, values: &[i64]) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        ints: values.to_vec(),
        kind: 7,
        ..Default::default()
    }
}

pub fn text(name: &str, value: &str) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        s: Some(value.into()),
        kind: 3,
        ..Default::default()
    }
}

/// A convolution with `ReLU` over an image, as it is written plainly.
pub fn plain() -> Vec<(Layer, Clip, Vec<usize>)> {
    image().conv(&[]).then("Relu", &[], &[]).layers()
}
