mod choices;
pub(super) mod networks;
mod pruning;
mod scales;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array1, Array2};
use no_std_core::Model;
use no_std_core::format::stored_checksum;
use no_std_core::prepare::Preparation;
use prost::Message;

use super::run::Names;
use super::samples::Samples;
use super::*;
use crate::data::arrays::Inputs;
use crate::data::augment::Variant;
use crate::data::{Dataset, Sets as DataSets, synthetic};
use crate::evaluate::run_model;
use crate::export::SecondRuntime;
use crate::graph::Graph;
use crate::import::import;
use crate::models::{IMAGES, LOGITS};
use crate::onnx;
use crate::runtime::Choice;
use crate::tensor::TensorType;

static NEVER: AtomicBool = AtomicBool::new(false);
const BOTH: &[Variant] = &[Variant::Plain, Variant::Inverted];

/// A process has one runtime, and `cargo test` runs all tests in one: tract, unless a test that has a process of its own
/// asks for the other one first.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let on_onnxruntime = ON_ONNXRUNTIME.load(Ordering::Relaxed);
    let choice = if on_onnxruntime {
        Choice::Onnxruntime
    } else {
        Choice::Tract
    };
    Runtime::open(choice, 1).unwrap()
});
static ON_ONNXRUNTIME: AtomicBool = AtomicBool::new(false);

fn runner() -> Runner<'static> {
    Runner {
        runtime: &RUNTIME,
        names: Names {
            input: IMAGES,
            output: LOGITS,
        },
        interrupted: &NEVER,
    }
}

/// A network of dense layers, with a `Relu` between, and what it says of itself.
fn dense(layers: &[(Array2<f32>, Array1<f32>)], metadata: &[(&str, &str)]) -> Vec<u8> {
    let mut graph = Graph::new();
    let images = graph
        .input(IMAGES, TensorType::f32(&[1, 1, 28, 28]))
        .unwrap();
    let mut x = graph.flatten(images).unwrap();
    for (index, (weight, bias)) in layers.iter().enumerate() {
        if index > 0 {
            x = graph.relu(x).unwrap();
        }
        let weight = graph.constant(weight.clone().into());
        let bias = graph.constant(bias.clone().into());
        x = graph.dense(x, weight, bias).unwrap();
    }
    graph.output(LOGITS, x).unwrap();
    let entry = |&(key, value): &(&str, &str)| (key.to_owned(), value.to_owned());
    graph.to_onnx("dense", &metadata.iter().map(entry).collect::<Vec<_>>())
}

/// A layer that adds up the ink in vertical stripes of the image; 0.0004 divides all its weights.
fn stripes(classes: usize) -> (Array2<f32>, Array1<f32>) {
    let weight = Array2::from_shape_fn((classes, 784), |(class, pixel)| {
        if pixel % 28 * classes / 28 == class {
            0.0508
        } else {
            -0.01
        }
    });
    (weight, Array1::from_elem(classes, 0.25))
}

fn striped_model(classes: usize) -> Vec<u8> {
    dense(&[stripes(classes)], &[("augment", "invert")])
}

/// Images of which each has its ink in the stripe of its label, but for the first row, which has none.
fn striped(count: usize) -> Dataset {
    let drawn = synthetic::digits(count, 1, 3).train;
    let pixel = |label: u16, at: usize| {
        let in_stripe = at % 28 * 10 / 28 == usize::from(label);
        u8::from(at >= 28 && in_stripe) * 200
    };
    let image = |&label: &u16| (0..784).map(move |at| pixel(label, at));
    let pixels = drawn.labels().iter().flat_map(image).collect();
    let (labels, classes) = (drawn.labels().to_vec(), drawn.classes().clone());
    Dataset::new(drawn.shape(), pixels, labels, classes)
}

fn digits() -> DataSets {
    DataSets {
        train: striped(40),
        validation: None,
        test: striped(12),
        source: "drawn".into(),
        sha256: String::new(),
    }
}

/// A second runtime that answers what it is told to, once the model is there.
struct Answer {
    outputs: Cell<Option<Result<Array2<f32>, String>>>,
    is_built_in: bool,
}

impl SecondRuntime for Answer {
    fn name(&self) -> &'static str {
        "another"
    }

    fn is_built_in(&self) -> bool {
        self.is_built_in
    }

    fn outputs(&self, model: &Path, inputs: &Array2<f32>) -> Result<Array2<f32>, String> {
        assert!(model.exists());
        assert_eq!(inputs.dim(), (24, 784));
        self.outputs.take().unwrap()
    }
}

fn request<'a>(model: &'a [u8], digits: &'a DataSets, out: &'a Path) -> Request<'a> {
    Request {
        model,
        options: Options::default(),
        name: "digits",
        data: Data::Sets {
            sets: Box::new(digits.clone()),
            checked: digits.test.clone(),
            preparation: Preparation::centred(19).unwrap(),
        },
        second: None,
        out,
        max_drop: 0.01,
        force: false,
        interrupted: &NEVER,
    }
}

/// The report on a model, or the error, and all that was said.
fn quantized(model: &[u8], out: &Path) -> (Result<Report, QuantizeError>, String) {
    let mut said = String::new();
    let mut stage = |line: &str| said.extend([line, "\n"]);
    let report = quantize(&RUNTIME, &request(model, &digits(), out), &mut stage);
    (report, said)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// A metadata entry of the int8 model in a folder.
fn entry(folder: &Path, key: &str) -> Option<String> {
    let bytes = std::fs::read(folder.join("digits-int8.onnx")).unwrap();
    let model = onnx::Model::decode(&bytes[..]).unwrap();
    let mut entries = model.metadata_props.into_iter();
    entries
        .find(|entry| entry.key == key)
        .map(|entry| entry.value)
}

#[test]
fn both_files_are_written_and_give_the_same_logits() {
    let folder = tempfile::tempdir().unwrap();
    let report = quantized(&striped_model(10), folder.path()).0.unwrap();
    let [model, flash] = ["digits-int8.onnx", "digits.q8"].map(|name| folder.path().join(name));
    assert_eq!(files(folder.path()), [model.clone(), flash.clone()]);
    let file = std::fs::read(flash).unwrap();
    let checksum = format!("{:08x}", stored_checksum(&file).unwrap());
    assert_eq!(
        entry(folder.path(), input::pair::CHECKSUM_KEY),
        Some(checksum)
    );
    let core = Model::new(&file).unwrap();
    assert_eq!(core.label(7), Some("7"));
    assert_eq!(core.preparation(), Preparation::centred(19).unwrap());
    let row = &report.rows[0];
    assert_eq!((report.rows.len(), row.name.as_str()), (1, "dense1"));
    let costs = (row.flash, row.memory, row.multiply_adds);
    assert_eq!(costs, (7840 + 80, 10, 7840));
    assert!(row.signal_to_noise > 25.0, "{}", row.signal_to_noise);
    let facts = &report.flash_facts;
    assert_eq!(facts.flash, file.len());
    assert!((784..=794).contains(&facts.memory), "{}", facts.memory);
    let measured = report.measured.unwrap();
    let [test, inverted] = [measured.test, measured.inverted_test].map(Option::unwrap);
    assert_eq!((test.int8, inverted.int8), (12, 0));
    let table = report.to_string();
    for part in ["7,920", "min-max", "test images, inverted"] {
        assert!(table.contains(part), "`{part}` is not in: {table}");
    }
    let bytes = std::fs::read(model).unwrap();
    let logits = run_model(&RUNTIME, &bytes, &striped(30), BOTH).unwrap();
    assert_eq!(logits.dim(), (60, 10));
}

/// What comes of quantising if another runtime gives this answer on the model.
fn checked_by(
    (answer, is_built_in): (Result<Array2<f32>, String>, bool),
    force: bool,
    out: &Path,
) -> Result<Report, QuantizeError> {
    let answer = Answer {
        outputs: Cell::new(Some(answer)),
        is_built_in,
    };
    let (model, digits) = (striped_model(10), digits());
    let request = Request {
        second: Some(&answer),
        force,
        ..request(&model, &digits, out)
    };
    quantize(&RUNTIME, &request, &mut |_| {})
}

#[test]
fn a_second_runtime_must_have_the_same_logits_if_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    for (rows, expected) in [
        (24, "on another the int8 logits of sample 0 differ"),
        (23, "checking it on another failed: expected outputs of 24"),
    ] {
        let answer = (Ok(Array2::zeros((rows, 10))), false);
        let answer = checked_by(answer, true, folder.path());
        let message = answer.unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
        assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
    }
    let none = || Err("no memory".to_owned());
    let refusal = checked_by((none(), true), false, folder.path()).unwrap_err();
    let expected =
        "another does not run the int8 model: no memory; --force writes both files in any case";
    assert_eq!(refusal.to_string(), expected);
    assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
    checked_by((none(), true), true, folder.path()).unwrap();
    let report = checked_by((none(), false), false, folder.path()).unwrap();
    let unchecked = report.unchecked.unwrap();
    assert_eq!(unchecked, "not checked on another: no memory");
    assert_eq!(files(folder.path()).len(), 2);
}

#[test]
fn other_classes_and_metadata_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |classes: usize, key: &str, value: &str| {
        let model = dense(&[stripes(classes)], &[(key, value)]);
        let message = quantized(&model, folder.path()).0.unwrap_err().to_string();
        assert!(!message.contains('\n') && message.len() < 400, "{message}");
        message
    };
    for (found, expected) in [
        (
            refusal(7, "a", ""),
            "found one of images of 1 x 28 x 28 and 7",
        ),
        (
            refusal(10, "augment", "flip\n"),
            "none or invert, found `flip\\n`",
        ),
        (refusal(10, "input_range", "0..255"), "0..1, found `0..255`"),
        (
            refusal(10, "labels", "a,b"),
            "found 2; name each class once",
        ),
        (
            refusal(10, "labels", &"x".repeat(1 << 20)),
            "found 1; name each",
        ),
    ] {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn labels_are_put_on_one_line() {
    let labels = r#"["cat, black","\"","two\nlines"]"#;
    let model = dense(&[stripes(3)], &[("labels", labels)]);
    let labels = metadata::labels(&import(&model).unwrap()).unwrap();
    assert_eq!(labels, ["cat, black", "\"", "two\\nlines"]);
}

#[test]
fn only_variants_that_the_model_was_trained_on_are_looked_at() {
    for (augment, inverted, said_of_it) in [
        (Some("invert"), true, false),
        (Some("none"), false, false),
        (None, false, true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let metadata = augment.map(|value| ("augment", value));
        let model = dense(&[stripes(10)], metadata.as_slice());
        let (report, said) = quantized(&model, folder.path());
        let report = report.unwrap();
        let samples = if inverted { 68 } else { 34 };
        let measured = report.measured.unwrap();
        assert_eq!(measured.held_out.samples, samples);
        assert_eq!(measured.inverted_test.is_some(), inverted);
        assert_eq!(
            entry(folder.path(), "inverted_test_accuracy_int8").is_some(),
            inverted
        );
        // In an inverted image nearly all is ink, which the weights of most pixels count against a class.
        assert_eq!(
            report.rows[0].range.low < -1.0,
            inverted,
            "{:?}",
            report.rows
        );
        assert_eq!(said.contains("`augment`"), said_of_it, "{said}");
    }
}

#[test]
fn classes_without_images_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut digits = digits();
    let has_class = |&image: &usize| ![3, 8].contains(&digits.train.labels()[image]);
    let kept: Vec<usize> = (0..digits.train.len()).filter(has_class).collect();
    digits.train = digits.train.select(&kept);
    let mut said = String::new();
    let mut stage = |line: &str| said += line;
    let model = striped_model(10);
    quantize(
        &RUNTIME,
        &request(&model, &digits, folder.path()),
        &mut stage,
    )
    .unwrap();
    assert!(said.contains("no sample is of class 3, 8:"), "{said}");
}

#[test]
fn an_interrupted_quantisation_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (digits, model) = (digits(), striped_model(10));
    for stages in 0..4 {
        let interrupted = AtomicBool::new(false);
        let request = Request {
            interrupted: &interrupted,
            ..request(&model, &digits, folder.path())
        };
        let mut heard = 0;
        let mut stage = |_: &str| {
            interrupted.store(heard >= stages, Ordering::Relaxed);
            heard += 1;
        };
        let error = quantize(&RUNTIME, &request, &mut stage).unwrap_err();
        assert!(matches!(error, QuantizeError::Stopped), "{error}");
        assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
    }
}
