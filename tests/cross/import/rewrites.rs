//! Graphs as exporters spell them out, with random weights: what is imported of each computes what ONNX Runtime computes of
//! the graph.

use ndarray::{ArrayD, IxDyn};
use prost::Message;
use tests::random::Numbers;
use tests::runtimes;
use train::import::import;
use train::onnx::{AttributeEntry, Graph, Model, Node, Tensor, ValueInfo};

use super::{TOLERANCE, model};

/// A graph over `x` that grows node by node.
struct Spelled {
    graph: Graph,
    /// What the last node makes.
    value: String,
    numbers: Numbers,
}

impl Spelled {
    fn new(input: &[usize]) -> Self {
        let graph = Graph {
            input: vec![ValueInfo::tensor("x", 1, input)],
            ..Graph::default()
        };
        Self {
            graph,
            value: "x".into(),
            numbers: Numbers::new(5),
        }
    }

    fn constant(&mut self, dims: &[usize], data_type: i32, raw_data: Vec<u8>) -> String {
        let name = format!("c{}", self.graph.initializer.len());
        self.graph.initializer.push(Tensor {
            dims: dims
                .iter()
                .map(|&size| i64::try_from(size).unwrap())
                .collect(),
            data_type,
            name: name.clone(),
            raw_data,
            ..Tensor::default()
        });
        name
    }

    fn floats(&mut self, dims: &[usize]) -> String {
        let floats = self.numbers.tensor(dims, -1.0, 1.0);
        let bytes = floats
            .iter()
            .flat_map(|&float| (float as f32).to_le_bytes());
        let raw = bytes.collect();
        self.constant(dims, 1, raw)
    }

    fn integers(&mut self, values: &[i64]) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes());
        let raw = raw.collect();
        self.constant(&[values.len()], 7, raw)
    }

    /// A node that reads these values; its output has the name of its number.
    fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[AttributeEntry]) -> String {
        let output = format!("v{}", self.graph.node.len());
        self.graph.node.push(Node {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![output.clone()],
            name: output.clone(),
            op_type: operator.into(),
            attribute: attributes.to_vec(),
            ..Node::default()
        });
        self.value.clone_from(&output);
        output
    }

    /// A node that reads what the last one makes, and constants.
    fn then(
        &mut self,
        operator: &str,
        constants: &[&str],
        attributes: &[AttributeEntry],
    ) -> String {
        let value = self.value.clone();
        let inputs = [&[&*value], constants].concat();
        self.node(operator, &inputs, attributes)
    }

    /// A convolution of 3 x 3.
    fn conv(&mut self, filters: usize, channels: usize) -> String {
        let weight = self.floats(&[filters, channels, 3, 3]);
        let bias = self.floats(&[filters]);
        self.then("Conv", &[&weight, &bias], &[])
    }

    fn bytes(&self) -> Vec<u8> {
        let mut graph = self.graph.clone();
        let mut output = ValueInfo::tensor(&self.value, 1, &[]);
        let of = output.value_type.as_mut().unwrap().tensor_type.as_mut();
        of.unwrap().shape = None;
        graph.output = vec![output];
        Model::new(graph, &[]).encode_to_vec()
    }
}

fn integer(name: &str, value: i64) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        i: Some(value),
        kind: 2,
        ..AttributeEntry::default()
    }
}

fn integers(name: &str, values: &[i64]) -> AttributeEntry {
    AttributeEntry {
        name: name.into(),
        ints: values.to_vec(),
        kind: 7,
        ..AttributeEntry::default()
    }
}

const IMAGE: [usize; 4] = [1, 3, 6, 5];
/// The least integer of a `Slice`, which stands for a start before all places.
const BEFORE_ALL: i64 = i64::MIN;

/// Graphs, each with the number of layers that it becomes.
fn graphs() -> Vec<(&'static str, Spelled, usize)> {
    let mut graphs = Vec::new();
    let mut add = |name, layers, input: &[usize], build: fn(&mut Spelled)| {
        let mut graph = Spelled::new(input);
        build(&mut graph);
        graphs.push((name, graph, layers));
    };
    add("channels last", 1, &[1, 6, 5, 3], |graph| {
        graph.then("Transpose", &[], &[integers("perm", &[0, 3, 1, 2])]);
        graph.conv(4, 3);
        graph.then("Relu", &[], &[]);
        graph.then("Transpose", &[], &[integers("perm", &[0, 2, 3, 1])]);
    });
    add("a Pad before QuantizeLinear", 1, &IMAGE, |graph| {
        let pads = graph.integers(&[0, 0, 1, 0, 0, 0, 2, 1]);
        graph.then("Pad", &[&pads], &[]);
        let scale = graph.constant(&[], 1, (1.0_f32 / 16.0).to_le_bytes().to_vec());
        let zero = graph.constant(&[], 3, vec![7]);
        for operator in ["QuantizeLinear", "DequantizeLinear"] {
            graph.then(operator, &[&scale, &zero], &[]);
        }
        graph.conv(4, 3);
    });
    add(
        "sizes that are computed",
        1,
        &IMAGE,
        sizes_that_are_computed,
    );
    add("a vector and a matrix", 3, &IMAGE, |graph| {
        graph.conv(4, 3);
        graph.then("GlobalAveragePool", &[], &[]);
        graph.then("Squeeze", &[], &[]);
        let (weight, bias) = (graph.floats(&[4, 5]), graph.floats(&[5]));
        graph.then("MatMul", &[&weight], &[]);
        graph.then("Add", &[&bias], &[]);
    });
    add("a matrix and a vector", 3, &IMAGE, |graph| {
        one_number(graph, &[2, 3]);
    });
    add("two vectors", 3, &IMAGE, |graph| {
        one_number(graph, &[0, 2, 3]);
    });
    add("means one after the other", 2, &IMAGE, |graph| {
        graph.conv(4, 3);
        graph.then("ReduceMean", &[], &[integers("axes", &[2])]);
        let axes = [integers("axes", &[-1]), integer("keepdims", 0)];
        graph.then("ReduceMean", &[], &axes);
    });
    add(
        "a mean over rows and a maximum over columns",
        3,
        &IMAGE,
        |graph| {
            graph.conv(4, 3);
            let axes = [integers("axes", &[2]), integer("keepdims", 0)];
            graph.then("ReduceMean", &[], &axes);
            graph.then("ReduceMax", &[], &[integers("axes", &[2])]);
        },
    );
    add("channels that are gathered", 2, &IMAGE, |graph| {
        let before = graph.integers(&[2, -3]);
        graph.then("Gather", &[&before], &[integer("axis", 1)]);
        graph.conv(5, 2);
        let after = graph.integers(&[4, 0, 1]);
        graph.then("Gather", &[&after], &[integer("axis", 1)]);
        graph.conv(2, 3);
    });
    add(
        "channels that are sliced",
        4,
        &IMAGE,
        channels_that_are_sliced,
    );
    graphs
}

/// As `expand` and `prod` come from `PyTorch`.
fn sizes_that_are_computed(graph: &mut Spelled) {
    let shape = graph.node("Shape", &["x"], &[]);
    let [two, four, channels] = [[2], [4], [-1]].map(|one| graph.integers(&one));
    let places = graph.node("Slice", &[&shape, &two, &four], &[]);
    let places = graph.node("ReduceProd", &[&places], &[integers("axes", &[0])]);
    let one = graph.integers(&[1]);
    let joined = graph.node("Concat", &[&one, &channels, &places], &[integer("axis", 0)]);
    let flat = graph.node("Reshape", &["x", &joined], &[]);
    let sizes = graph.integers(&[-1, 3, -1, 5]);
    let is_open = graph.node("Equal", &[&sizes, &channels], &[]);
    let sizes = graph.node("Where", &[&is_open, &shape, &sizes], &[]);
    graph.node("Reshape", &[&flat, &sizes], &[]);
    graph.conv(4, 3);
}

/// A dense layer of one unit, whose weight has one axis.
fn one_number(graph: &mut Spelled, squeezed: &[i64]) {
    graph.conv(4, 3);
    graph.then("GlobalAveragePool", &[], &[]);
    let axes = graph.integers(squeezed);
    graph.then("Squeeze", &[&axes], &[]);
    let weight = graph.floats(&[4]);
    graph.then("MatMul", &[&weight], &[]);
}

/// Some from the first to the last and some backwards, of a tensor that both read.
fn channels_that_are_sliced(graph: &mut Spelled) {
    let whole = graph.conv(4, 3);
    let slice = |graph: &mut Spelled, numbers: [i64; 4]| {
        let [starts, ends, axes, steps] = numbers.map(|number| graph.integers(&[number]));
        graph.node("Slice", &[&whole, &starts, &ends, &axes, &steps], &[])
    };
    let first = slice(graph, [0, -2, 1, 1]);
    let last = slice(graph, [9, BEFORE_ALL, 1, -2]);
    graph.node("Add", &[&first, &last], &[]);
}

#[test]
fn graphs_that_are_spelled_out_compute_what_onnx_runtime_computes() {
    let test = "graphs_that_are_spelled_out_compute_what_onnx_runtime_computes";
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    for (name, mut graph, layers) in graphs() {
        let file = graph.bytes();
        let network = import(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(network.nodes.len(), layers, "{name}");
        let mut sessions = [&file, &model(&network)].map(|model| {
            let session = runtime.load(model, Vec::new());
            session.unwrap_or_else(|error| panic!("{name}: {error}"))
        });
        let sizes: Vec<usize> = graph.graph.input[0]
            .sizes()
            .unwrap()
            .map(|size| size.unwrap() as usize)
            .collect();
        // Numbers that integers of the case which rounds stand for.
        let x = graph.numbers.tensor(&sizes, -32.0, 32.0);
        let x: ArrayD<f32> = x.mapv(|number| number.round() as f32 / 16.0);
        let arranged = network
            .input
            .arranged(x.index_axis(ndarray::Axis(0), 0).to_owned());
        let expected = sessions[0]
            .run(vec![("x".into(), x.into())])
            .unwrap()
            .take(&graph.value)
            .unwrap();
        let found = sessions[1]
            .run(vec![("input".into(), arranged.unwrap().into())])
            .unwrap()
            .take("output")
            .unwrap();
        let found = if name == "channels last" {
            found.permuted_axes(IxDyn(&[0, 2, 3, 1]))
        } else {
            found
        };
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < TOLERANCE * expected.abs().max(1.0),
                "{name}: {found}, {expected}"
            );
        }
    }
}
