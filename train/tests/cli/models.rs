//! Model files that `evaluate` must refuse, beside one that it must take.

use prost::Message;
use train::graph::{Graph, GraphError, ValueId};
use train::onnx::{self, AttributeEntry, Node, ValueInfo};
use train::tensor::{Tensor, TensorType};

use crate::sandbox::Sandbox;

const IMAGES: (&str, &[usize]) = ("images", &[1, 1, 28, 28]);
const LINE: &str = "evaluate --model model.onnx --data digits --runtime tract";

/// A model that computes what `build` makes of its input.
fn model(
    (name, shape): (&str, &[usize]),
    output: &str,
    build: impl FnOnce(&mut Graph, ValueId) -> Result<ValueId, GraphError>,
) -> Vec<u8> {
    let mut graph = Graph::new();
    let images = graph.input(name, TensorType::f32(shape)).unwrap();
    let logits = build(&mut graph, images).unwrap();
    graph.output(output, logits).unwrap();
    graph.to_onnx("model", &[])
}

/// One dense layer, all weights 0, whose greatest output is the one numbered 3.
fn dense_model(input: (&str, &[usize]), output: &str, classes: usize) -> Vec<u8> {
    model(input, output, |graph, images| {
        let pixels = graph.flatten(images)?;
        let weight = Tensor::filled(&[classes, graph.shape(pixels)[1]], 0.0);
        let bias = ndarray::Array1::from_shape_fn(classes, |class| f32::from(class == 3));
        let weight = graph.constant(weight);
        let bias = graph.constant(bias.into());
        graph.dense(pixels, weight, bias)
    })
}

fn parsed_dense_model() -> onnx::Model {
    onnx::Model::decode(&*dense_model(IMAGES, "logits", 10)).unwrap()
}

#[test]
fn a_model_of_the_right_shapes_is_measured_however_old_its_form() {
    let plain = parsed_dense_model();
    let mut weights_as_inputs = plain.clone();
    weights_as_inputs.ir_version = 3;
    let graph = weights_as_inputs.graph.as_mut().unwrap();
    graph.input.extend(graph.initializer.iter().map(|weight| {
        let shape: Vec<usize> = weight.dims.iter().map(|&size| size as usize).collect();
        ValueInfo::tensor(&weight.name, weight.data_type, &shape)
    }));
    let mut open_batch = plain.clone();
    let images = &mut open_batch.graph.as_mut().unwrap().input[0].value_type;
    let images = images.as_mut().unwrap().tensor_type.as_mut().unwrap();
    images.shape.as_mut().unwrap().dim[0].dim_value = Some(-1);
    let row = [0.0f32, 0., 0., 1., 0., 0., 0., 0., 0., 0.].map(f32::to_le_bytes);
    for model in [plain, weights_as_inputs, open_batch] {
        let sandbox = Sandbox::with_digits();
        sandbox.write("model.onnx", model.encode_to_vec());
        let finished = sandbox.train(&format!("{LINE} --scores scores"));
        // Two of the twenty test images show a 3.
        assert_eq!(finished.first_line(), "accuracy 0.1000 on 20 images");
        assert_eq!(sandbox.read("scores"), row.as_flattened().repeat(20));
    }
}

#[test]
fn a_model_of_absurd_size_is_refused_before_it_runs() {
    let mut model = parsed_dense_model();
    let graph = model.graph.as_mut().unwrap();
    let node = |operator: &str, inputs: &[&str], output: &str| Node {
        op_type: operator.into(),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.into()],
        ..Node::default()
    };
    let mut mean = node("ReduceMean", &["huge"], "small");
    mean.attribute.push(AttributeEntry {
        name: "axes".into(),
        ints: vec![1],
        kind: 7,
        ..AttributeEntry::default()
    });
    graph.node[0].input[0] = "small".into();
    let expand = node("Expand", &["images", "shape"], "huge");
    graph.node.splice(0..0, [expand, mean]);
    graph.initializer.push(onnx::Tensor {
        dims: vec![4],
        data_type: 7,
        name: "shape".into(),
        raw_data: [1i64, 1_000_000, 28, 28].map(i64::to_le_bytes).concat(),
        ..onnx::Tensor::default()
    });
    let sandbox = Sandbox::with_digits();
    sandbox.write("model.onnx", model.encode_to_vec());
    let expected = "model.onnx: expected a model of at most";
    sandbox.refuses(LINE, &[expected, "--limits-times"]);
    let help = sandbox.succeeds("evaluate --help");
    assert!(help.contains("--limits-times"));
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let sandbox = Sandbox::with_digits();
    for model in ["nowhere.onnx", "no/folder/digits.onnx", "digits"] {
        let expected = format!("{model}: expected an ONNX model: expected a file");
        sandbox.refuses(&LINE.replace("model.onnx", model), &[&expected]);
    }
}

/// With a line that names them, and without scores.
#[test]
fn models_of_other_forms_are_refused() {
    let sandbox = Sandbox::with_digits();
    sandbox.write("scores", "earlier scores");
    let whole = dense_model(IMAGES, "logits", 10);
    let other_images = |shape| (dense_model(("images", shape), "logits", 10), "");
    let other_classes = |classes, found| (dense_model(IMAGES, "logits", classes), found);
    let second_input = model(IMAGES, "logits", |graph, images| {
        let mask = graph.input("mask", TensorType::f32(IMAGES.1))?;
        graph.mul(images, mask)
    });
    let integers = model(IMAGES, "logits", |graph, images| {
        let pixels = graph.flatten(images)?;
        graph.arg_max(pixels)
    });
    for (model, part) in [
        (Vec::new(), ""),
        (b"Some notes on the model.\n".to_vec(), ""),
        (vec![0; 1000], ""),
        (whole[..1].to_vec(), ""),
        (whole[..20].to_vec(), ""),
        (whole[..whole.len() / 2].to_vec(), ""),
        (whole[..whole.len() - 1].to_vec(), ""),
        other_images(&[1, 1, 14, 14]),
        other_images(&[2, 1, 28, 28]),
        other_images(&[1, 3, 28, 28]),
        other_images(&[1, 784]),
        other_classes(1, "expected 10 outputs of a sample, found 1"),
        other_classes(5, "expected 10 outputs of a sample, found 5"),
        other_classes(11, "expected 10 outputs of a sample, found 11"),
        other_classes(1000, "expected 10 outputs of a sample, found 1000"),
        (dense_model(("pixels", IMAGES.1), "logits", 10), "`images`"),
        (dense_model(IMAGES, "scores", 10), "`logits`"),
        (second_input, ""),
        (integers, ""),
    ] {
        sandbox.write("model.onnx", model);
        let parts = ["model.onnx: expected an ONNX model", part];
        sandbox.refuses(&format!("{LINE} --scores scores"), &parts);
    }
}
