//! Networks whose layers are compared after one was damaged, on tract.

use std::path::Path;

use ndarray::{Array1, Array2, Array4, ArrayD, Axis};

use super::*;
use crate::data::arrays::{Inputs, LabelledSamples};
use crate::data::random::Random;
use crate::graph::{Graph, GraphError, ValueId};
use crate::ops::Window;
use crate::quantize::{Data, Request};
use crate::runtime::Choice;
use crate::tensor::TensorType;

mod board;

static NEVER: AtomicBool = AtomicBool::new(false);

/// A model in floats, its int8 model and its flash file.
struct Written {
    float: Vec<u8>,
    int8: Vec<u8>,
    flash: Vec<u8>,
}

/// A convolution of all channels with `filters` filters; the second one of them never rises above 0.
fn convolved(
    graph: &mut Graph,
    random: &mut Random,
    x: ValueId,
    filters: usize,
) -> Result<ValueId, GraphError> {
    let shape = (filters, graph.shape(x)[1], 3, 3);
    let mut weight = Array4::from_shape_simple_fn(shape, || random.bell(0.3));
    weight
        .index_axis_mut(Axis(0), 1)
        .mapv_inplace(|weight| weight * 1e-6);
    let mut bias = Array1::from_shape_simple_fn(filters, || random.bell(0.1));
    bias[1] = -0.5;
    let [weight, bias] = [weight.into(), bias.into()].map(|tensor| graph.constant(tensor));
    graph.conv(x, weight, Some(bias), Window::same([3, 3]))
}

/// Three convolutions, the second of which is added to what it reads, and a dense layer.
fn float_model(seed: u64) -> Result<Vec<u8>, GraphError> {
    let (mut graph, mut random) = (Graph::new(), Random::new(seed, 5));
    let x = graph.input("x", TensorType::f32(&[1, 2, 7, 7]))?;
    let x = convolved(&mut graph, &mut random, x, 6)?;
    let before = graph.relu(x)?;
    let x = convolved(&mut graph, &mut random, before, 6)?;
    let x = graph.add(before, x)?;
    let x = convolved(&mut graph, &mut random, x, 4)?;
    let x = graph.relu(x)?;
    let x = graph.flatten(x)?;
    let weight = Array2::from_shape_simple_fn((3, graph.shape(x)[1]), || random.bell(0.1));
    let weight = graph.constant(weight.into());
    let bias = graph.constant(Array1::from_elem(3, 0.1).into());
    let x = graph.dense(x, weight, bias)?;
    graph.output("y", x)?;
    Ok(graph.to_onnx("net", &[]))
}

fn inputs() -> ArrayD<f32> {
    let mut random = Random::new(9, 9);
    ArrayD::from_shape_simple_fn(vec![24, 2, 7, 7], || random.bell(1.0))
}

fn samples(inputs: ArrayD<f32>) -> Calibration {
    let samples = LabelledSamples {
        name: String::new(),
        inputs: Inputs::Numbers(inputs),
        labels: Ok(None),
    };
    Calibration {
        samples,
        names: None,
    }
}

fn written(runtime: &Runtime, seed: u64, folder: &Path) -> Written {
    let float = float_model(seed).unwrap();
    let request = Request {
        model: &float,
        options: Options::default(),
        name: "net",
        data: Data::Arrays(Arrays {
            output: Some(no_std_core::format::OutputKind::Classes),
            ..Arrays::new(Inputs::Numbers(inputs()))
        }),
        second: None,
        out: folder,
        max_drop: 1.0,
        force: false,
        interrupted: &NEVER,
    };
    quantize::quantize(runtime, &request, &mut |_| {}).unwrap();
    let [int8, flash] =
        ["net-int8.onnx", "net.q8"].map(|name| std::fs::read(folder.join(name)).unwrap());
    Written { float, int8, flash }
}

impl Written {
    fn compared(&self, runtime: &Runtime) -> Report {
        let comparison = self.comparison().unwrap();
        comparison
            .run(runtime, (samples(inputs()), 12), None, &NEVER)
            .unwrap()
    }

    fn comparison(&self) -> Result<Comparison<'_>, CompareError> {
        let files = Files {
            float: &self.float,
            int8: &self.int8,
            flash: Some(&self.flash),
        };
        Comparison::new(files, &Options::default())
    }

    fn refusal(&self) -> String {
        self.comparison().err().unwrap().to_string()
    }

    /// Turns the weights of a layer in the int8 model around.
    fn damage(&mut self, layer: &str) {
        let mut model = onnx::Model::decode(&self.int8[..]).unwrap();
        let graph = model.graph.as_mut().unwrap();
        let makes = |node: &&onnx::Node| node.op_type == "QLinearConv" && node.output == [layer];
        let weight = graph.node.iter().find(makes).unwrap().input[3].clone();
        let weight = graph.initializer.iter_mut().find(|one| one.name == weight);
        for byte in &mut weight.unwrap().raw_data {
            *byte = byte.wrapping_neg();
        }
        self.int8 = model.encode_to_vec();
    }
}

const LAYERS: [&str; 7] = [
    "input", "conv1", "conv2", "rescale1", "add1", "conv3", "dense1",
];

fn names(report: &Report) -> Vec<&str> {
    report.rows.iter().map(|row| &*row.name).collect()
}

#[test]
fn layers_of_a_network_as_it_was_quantised_do_not_part() {
    let runtime = Runtime::open(Choice::Tract, 1).unwrap();
    for seed in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let report = written(&runtime, seed, folder.path()).compared(&runtime);
        assert_eq!(names(&report), LAYERS);
        assert_eq!((&report.parts, &report.difference), (&None, &None));
        assert_eq!(
            (report.samples, report.disagreement().is_none()),
            (12, true)
        );
        assert!(report.same_class.unwrap() >= 10);
        for row in &report.rows {
            assert!(row.own_steps < 0.6 && row.greatest_steps < 20.0, "{row:?}");
            assert!(
                row.signal_to_noise > 20.0 && row.saturated < 0.01,
                "{row:?}"
            );
        }
        // One filter never rises above 0, and the first layer's meets one that does.
        assert_eq!(report.rows[5].shape, [3, 7, 7]);
        assert_eq!(report.rows[3].node, "");
        assert!(
            report.rows[2].node.ends_with("(Conv)"),
            "{:?}",
            report.rows[2]
        );
        let text = report.to_string();
        for part in [
            "no layer adds more than rounding",
            "equal integers in all 6 layers, on 12",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}

/// The outputs of a model file, run as it is.
fn outputs(runtime: &Runtime, model: &[u8], names: [&str; 2], inputs: &Array4<f32>) -> Vec<f32> {
    let mut session = runtime.load(model, Vec::new()).unwrap();
    let run = |input: ndarray::ArrayView3<f32>| {
        let input = input.insert_axis(Axis(0)).to_owned();
        let mut found = session
            .run(vec![(names[0].to_owned(), input.into())])
            .unwrap();
        found.take(names[1]).unwrap()
    };
    inputs.outer_iter().flat_map(run).collect()
}

#[test]
fn the_last_layer_is_as_far_apart_as_the_outputs_of_the_files() {
    let runtime = Runtime::open(Choice::Tract, 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let written = written(&runtime, 3, folder.path());
    let report = written.compared(&runtime);
    let drawn = drawn(
        written.comparison().unwrap().network(),
        None,
        (samples(inputs()), 12),
    )
    .unwrap();
    let float = outputs(&runtime, &written.float, ["x", "y"], &drawn);
    let int8 = outputs(&runtime, &written.int8, ["input", "logits"], &drawn);
    let differences = float
        .iter()
        .zip(&int8)
        .map(|(one, other)| f64::from(one - other));
    let noise: f64 = differences.clone().map(|one| one * one).sum();
    let signal: f64 = float.iter().map(|&one| f64::from(one).powi(2)).sum();
    let greatest = differences.fold(0.0, |greatest: f64, one| greatest.max(one.abs()));
    let last = report.rows.last().unwrap();
    let decibels = 10.0 * (signal / noise).log10();
    assert!(
        (last.signal_to_noise - decibels).abs() < 0.05,
        "{last:?} {decibels}"
    );
    let steps = greatest / f64::from(last.scale);
    assert!(
        (last.greatest_steps - steps).abs() < 0.01,
        "{last:?} {steps}"
    );
}

#[test]
fn a_layer_that_is_damaged_is_the_one_that_is_named() {
    let runtime = Runtime::open(Choice::Tract, 1).unwrap();
    for (seed, layer) in (0..).zip(["conv1", "conv2", "conv3", "dense1"]) {
        let folder = tempfile::tempdir().unwrap();
        let mut written = written(&runtime, seed, folder.path());
        written.damage(layer);
        let report = written.compared(&runtime);
        assert_eq!(report.parts.as_deref(), Some(layer));
        let difference = Difference {
            layer: layer.into(),
            sample: 0,
        };
        assert_eq!(report.difference, Some(difference));
        let text = report.to_string();
        let parting = format!("they part first at layer {layer} (");
        assert!(text.contains(&parting), "{text}");
        let error = report.disagreement().unwrap().to_string();
        assert!(
            error.contains(&format!("others from layer {layer} on")),
            "{error}"
        );
        // All others add as little as before.
        let others = report.rows.iter().filter(|row| row.name != layer);
        assert!(others.clone().count() == 6 && others.into_iter().all(|row| row.own_steps < 0.6));
    }
}

#[test]
fn files_that_are_not_of_one_network_are_refused() {
    let runtime = Runtime::open(Choice::Tract, 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let one = written(&runtime, 1, folder.path());
    let mut other = written(&runtime, 2, folder.path());
    other.flash.clone_from(&one.flash);
    let checksum = input::pair::checksum(&one.flash).unwrap();
    let refusal = other.refusal();
    assert!(
        refusal.contains(&format!("found {checksum}; quantise again")),
        "{refusal}"
    );
    other.flash = vec![7; 100];
    assert!(other.refusal().contains("expected a flash file"));
    let mut other = one;
    other.int8.clone_from(&other.float);
    assert!(other.refusal().contains("`int8_layers`, found none"));
    other.int8 = b"Some notes.".to_vec();
    assert!(other.refusal().contains("expected an ONNX model"));
}

#[test]
fn another_network_in_floats_is_refused_by_layer_or_shape() {
    let runtime = Runtime::open(Choice::Tract, 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut written = written(&runtime, 1, folder.path());
    let mut graph = Graph::new();
    let x = graph.input("x", TensorType::f32(&[1, 2, 7, 7])).unwrap();
    let x = convolved(&mut graph, &mut Random::new(1, 1), x, 2).unwrap();
    graph.output("y", x).unwrap();
    written.float = graph.to_onnx("other", &[]);
    let refusal = written.refusal();
    assert!(refusal.contains("expected a layer conv2"), "{refusal}");
    // As many layers, other sizes.
    let mut model = onnx::Model::decode(&*float_model(1).unwrap()).unwrap();
    let shape = |value: &mut onnx::ValueInfo| {
        let tensor = value.value_type.as_mut()?.tensor_type.as_mut()?;
        tensor.shape.as_mut()?.dim[2].dim_value = Some(9);
        Some(())
    };
    let graph = model.graph.as_mut().unwrap();
    let is_dense = |node: &&mut onnx::Node| node.op_type == "Gemm";
    let dense = graph.node.iter_mut().find(is_dense).unwrap().input[1].clone();
    let weight = graph
        .initializer
        .iter_mut()
        .find(|one| one.name == dense)
        .unwrap();
    (weight.dims, weight.raw_data) = (vec![3, 252], 0.5_f32.to_le_bytes().repeat(3 * 252));
    shape(&mut graph.input[0]).unwrap();
    graph.value_info.clear();
    written.float = model.encode_to_vec();
    let refusal = written.refusal();
    let part = "values [6, 9, 7] of layer conv1 in the flash file";
    assert!(refusal.contains(part), "{refusal}");
    let files = Files {
        float: &written.float,
        int8: &written.int8,
        flash: None,
    };
    let comparison = Comparison::new(files, &Options::default()).unwrap();
    let error = comparison
        .run(&runtime, (samples(inputs()), 1), None, &NEVER)
        .unwrap_err()
        .to_string();
    assert!(error.contains("2 x 9 x 7 numbers"), "{error}");
    let higher = samples(ArrayD::zeros(vec![2, 2, 9, 7]));
    let error = comparison
        .run(&runtime, (higher, 1), None, &NEVER)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("values [1, 6, 9, 7] of layer conv1"),
        "{error}"
    );
    assert!(error.contains("found [1, 6, 7, 7]"), "{error}");
    let empty = samples(ArrayD::zeros(vec![0, 2, 9, 7]));
    let error = comparison
        .run(&runtime, (empty, 1), None, &NEVER)
        .unwrap_err()
        .to_string();
    assert!(error.contains("expected samples, found none"), "{error}");
}
