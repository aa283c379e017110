//! Model files that `evaluate` must refuse, beside one that it must take.

use prost::Message;
use train::graph::{Graph, GraphError};
use train::onnx::{self, AttributeEntry, Node, ValueInfo};
use train::tensor::{Tensor, TensorType};

use crate::sandbox::Sandbox;

/// A model with one dense layer, all weights 0, whose greatest output is the one numbered 3.
fn dense_model(input: (&str, &[usize]), output: &str, classes: usize) -> Vec<u8> {
    let build = || -> Result<Vec<u8>, GraphError> {
        let mut graph = Graph::new();
        let images = graph.input(input.0, TensorType::f32(input.1))?;
        let pixels = graph.flatten(images)?;
        let weight = Tensor::filled(&[classes, input.1[1..].iter().product()], 0.0);
        let bias: Vec<f32> = (0..classes)
            .map(|class| if class == 3 { 1.0 } else { 0.0 })
            .collect();
        let weight = graph.constant(weight);
        let bias = graph.constant(ndarray::arr1(&bias).into());
        let logits = graph.dense(pixels, weight, bias)?;
        graph.output(output, logits)?;
        Ok(graph.to_onnx("dense", &[]))
    };
    build().unwrap()
}

/// A model must be refused with a line that names it and has all of `parts`; no scores are written.
fn assert_refused(model: &[u8], parts: &[&str]) {
    let sandbox = Sandbox::with_digits();
    sandbox.write("model.onnx", model);
    sandbox.write("scores", "earlier scores");
    let parts = [&["model.onnx: expected an ONNX model"], parts].concat();
    let line = "evaluate --model model.onnx --data digits --runtime tract --scores scores";
    sandbox.refuses(line, &parts);
}

#[test]
fn a_model_of_the_right_shapes_is_measured() {
    let sandbox = Sandbox::with_digits();
    sandbox.write(
        "model.onnx",
        dense_model(("images", &[1, 1, 28, 28]), "logits", 10),
    );
    let line = "evaluate --model model.onnx --data digits --runtime tract --scores scores";
    let finished = sandbox.train(line);
    // Two of the twenty test images show a 3.
    assert_eq!(finished.first_line(), "accuracy 0.1000 on 20 images");
    let row = [0.0f32, 0., 0., 1., 0., 0., 0., 0., 0., 0.].map(f32::to_le_bytes);
    assert_eq!(sandbox.read("scores"), row.as_flattened().repeat(20));
}

#[test]
fn models_as_older_programs_write_them_are_measured() {
    let plain = parsed_dense_model();
    let mut weights_as_inputs = plain.clone();
    weights_as_inputs.ir_version = 3;
    let graph = weights_as_inputs.graph.as_mut().unwrap();
    graph.input.extend(graph.initializer.iter().map(|weight| {
        let shape: Vec<usize> = weight.dims.iter().map(|&size| size as usize).collect();
        ValueInfo::tensor(&weight.name, weight.data_type, &shape)
    }));
    let mut open_batch = plain;
    let images = &mut open_batch.graph.as_mut().unwrap().input[0].value_type;
    let images = images.as_mut().unwrap().tensor_type.as_mut().unwrap();
    images.shape.as_mut().unwrap().dim[0].dim_value = Some(-1);
    for model in [weights_as_inputs, open_batch] {
        let sandbox = Sandbox::with_digits();
        sandbox.write("model.onnx", model.encode_to_vec());
        let finished = sandbox.train("evaluate --model model.onnx --data digits --runtime tract");
        assert_eq!(finished.first_line(), "accuracy 0.1000 on 20 images");
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
    graph
        .node
        .splice(0..0, [node("Expand", &["images", "shape"], "huge"), mean]);
    graph.initializer.push(onnx::Tensor {
        dims: vec![4],
        data_type: 7,
        name: "shape".into(),
        raw_data: [1i64, 1_000_000, 28, 28].map(i64::to_le_bytes).concat(),
        ..onnx::Tensor::default()
    });
    let sandbox = Sandbox::with_digits();
    sandbox.write("model.onnx", model.encode_to_vec());
    let line = "evaluate --model model.onnx --data digits --runtime tract";
    sandbox.refuses(
        line,
        &["model.onnx: expected a model of at most", "--limits-times"],
    );
    let help = sandbox.train("evaluate --help");
    assert!(help.success().contains("--limits-times"));
}

fn parsed_dense_model() -> onnx::Model {
    let bytes = dense_model(("images", &[1, 1, 28, 28]), "logits", 10);
    onnx::Model::decode(&*bytes).unwrap()
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let sandbox = Sandbox::with_digits();
    for model in ["nowhere.onnx", "no/folder/digits.onnx", "digits"] {
        let line = format!("evaluate --model {model} --data digits --runtime tract");
        sandbox.refuses(
            &line,
            &[&format!("{model}: expected an ONNX model: expected a file")],
        );
    }
}

#[test]
fn files_that_are_no_models_are_refused() {
    assert_refused(b"", &[]);
    assert_refused(b"Some notes on the model.\n", &[]);
    assert_refused(&[0; 1000], &[]);
    let whole = dense_model(("images", &[1, 1, 28, 28]), "logits", 10);
    for length in [1, 20, whole.len() / 2, whole.len() - 1] {
        assert_refused(&whole[..length], &[]);
    }
}

#[test]
fn models_of_other_images_are_refused() {
    for shape in [
        &[1, 1, 14, 14][..],
        &[2, 1, 28, 28],
        &[1, 3, 28, 28],
        &[1, 784],
    ] {
        assert_refused(&dense_model(("images", shape), "logits", 10), &[]);
    }
}

#[test]
fn models_of_other_classes_are_refused() {
    for classes in [1, 5, 11, 1000] {
        let model = dense_model(("images", &[1, 1, 28, 28]), "logits", classes);
        assert_refused(&model, &["expected 10 logits", &format!("found {classes}")]);
    }
}

#[test]
fn models_with_other_names_are_refused() {
    assert_refused(
        &dense_model(("pixels", &[1, 1, 28, 28]), "logits", 10),
        &["`images`"],
    );
    assert_refused(
        &dense_model(("images", &[1, 1, 28, 28]), "scores", 10),
        &["`logits`"],
    );
}

#[test]
fn models_with_a_second_input_are_refused() {
    let mut graph = Graph::new();
    let images = graph
        .input("images", TensorType::f32(&[1, 1, 28, 28]))
        .unwrap();
    let mask = graph
        .input("mask", TensorType::f32(&[1, 1, 28, 28]))
        .unwrap();
    let masked = graph.mul(images, mask).unwrap();
    graph.output("logits", masked).unwrap();
    assert_refused(&graph.to_onnx("masked", &[]), &[]);
}

#[test]
fn models_of_integers_are_refused() {
    let mut graph = Graph::new();
    let images = graph
        .input("images", TensorType::f32(&[1, 1, 28, 28]))
        .unwrap();
    let pixels = graph.flatten(images).unwrap();
    let best = graph.arg_max(pixels).unwrap();
    graph.output("logits", best).unwrap();
    assert_refused(&graph.to_onnx("best", &[]), &[]);
}
