use std::cell::Cell;
use std::path::PathBuf;
use std::sync::LazyLock;

use ndarray::Array2;
use no_std_core::Model;

use super::*;
use crate::data::synthetic;
use crate::evaluate::run_model;
use crate::graph::Graph;
use crate::models::{IMAGES, LOGITS};
use crate::runtime::Choice;
use crate::tensor::{Tensor, TensorType};

static NEVER: AtomicBool = AtomicBool::new(false);

/// A process has one runtime, and `cargo test` runs all tests in one.
static TRACT: LazyLock<Runtime> = LazyLock::new(|| Runtime::open(Choice::Tract, 1).unwrap());

/// A network of one dense layer that adds up the ink in vertical stripes of the image; 0.0004 divides all its weights.
fn stripes(classes: usize) -> Vec<u8> {
    let mut graph = Graph::new();
    let images = graph
        .input(IMAGES, TensorType::f32(&[1, 1, 28, 28]))
        .unwrap();
    let pixels = graph.flatten(images).unwrap();
    let weight = Array2::from_shape_fn((classes, 784), |(class, pixel)| {
        if pixel % 28 * classes / 28 == class {
            0.0508
        } else {
            -0.01
        }
    });
    let weight = graph.constant(weight.into());
    let bias = graph.constant(Tensor::filled(&[classes], 0.25));
    let logits = graph.dense(pixels, weight, bias).unwrap();
    graph.output(LOGITS, logits).unwrap();
    graph.to_onnx("stripes", &[])
}

/// Images of which each has its ink in the stripe of its label.
fn striped(count: usize) -> Dataset {
    let mut dataset = synthetic::digits(count, 1, 3).train;
    for (mut image, &label) in dataset.images.outer_iter_mut().zip(&dataset.labels) {
        let in_stripe = |column: usize| column * CLASSES / 28 == usize::from(label);
        image
            .indexed_iter_mut()
            .for_each(|((_, column), pixel)| *pixel = u8::from(in_stripe(column)) * 200);
    }
    dataset
}

fn digits() -> Digits {
    Digits {
        train: striped(40),
        test: striped(12),
        source: "drawn".into(),
        sha256: String::new(),
    }
}

/// A second runtime that answers what it is told to, once the model is there.
struct Answer(Cell<Option<Result<Array2<f32>, String>>>);

impl SecondRuntime for Answer {
    fn name(&self) -> &'static str {
        "another"
    }

    fn logits(&self, model: &Path) -> Result<Array2<f32>, String> {
        assert!(model.exists());
        self.0.take().unwrap()
    }
}

fn quantized(
    model: &[u8],
    second: Option<&dyn SecondRuntime>,
    out: &Path,
) -> Result<Report, Error> {
    let digits = digits();
    let request = Request {
        model,
        digits: &digits,
        checked: &digits.test,
        second,
        preparation: Preparation::centred(19).unwrap(),
        out,
        interrupted: &NEVER,
    };
    quantize(&TRACT, &request, &mut |_| {})
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn both_files_are_written_and_give_the_same_logits() {
    let folder = tempfile::tempdir().unwrap();
    let report = quantized(&stripes(10), None, folder.path()).unwrap();
    let [model, flash] = [INT8_NAME, FLASH_NAME].map(|name| folder.path().join(name));
    assert_eq!(files(folder.path()), [model.clone(), flash.clone()]);
    let file = std::fs::read(flash).unwrap();
    let core = Model::new(&file).unwrap();
    assert_eq!(core.label(7), Some("7"));
    assert_eq!(core.preparation(), Preparation::centred(19).unwrap());
    let row = &report.rows[0];
    assert_eq!((report.rows.len(), row.name.as_str()), (1, "dense1"));
    assert_eq!(
        (row.flash, row.memory, row.multiply_adds),
        (7840 + 80, 10, 7840)
    );
    assert!(row.signal_to_noise > 25.0, "{}", row.signal_to_noise);
    assert_eq!(
        (report.flash_facts.flash, report.flash_facts.memory),
        (file.len(), 10)
    );
    assert!(report.measured.test.int8 > 0.99 && report.measured.inverted.int8 < 0.01);
    let table = report.to_string();
    assert!(
        table.contains("7,920") && table.contains("min-max"),
        "{table}"
    );
    let logits = run_model(
        &TRACT,
        &std::fs::read(model).unwrap(),
        &striped(30),
        VARIANTS,
    )
    .unwrap();
    assert_eq!(logits.dim(), (60, 10));
}

#[test]
fn a_runtime_with_other_logits_keeps_both_files_from_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let second = |answer| Answer(Cell::new(Some(answer)));
    let refusal = |answer: Answer| {
        let error = quantized(&stripes(10), Some(&answer), folder.path()).unwrap_err();
        assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
        error.to_string()
    };
    let message = refusal(second(Ok(Array2::zeros((24, 10)))));
    assert!(
        message.starts_with("on another the int8 logits of sample 0 differ"),
        "{message}"
    );
    let message = refusal(second(Ok(Array2::zeros((23, 10)))));
    assert!(
        message.contains("expected logits of 24 samples, found 23"),
        "{message}"
    );
    let message = refusal(second(Err("no memory".into())));
    assert_eq!(message, "checking it on another failed: no memory");
}

#[test]
fn other_classes_and_labels_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let message = quantized(&stripes(7), None, folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("28 x 28 and 10 classes") && message.contains("7 classes"),
        "{message}"
    );
    let network = |labels: &str| FloatNetwork {
        metadata: vec![("labels".into(), labels.into())],
        ..lower::lower(&stripes(3)).unwrap()
    };
    assert_eq!(
        metadata::labels(&network("a,b,c")).unwrap(),
        ["a", "b", "c"]
    );
    for labels in ["a,b", "a,b,c,d", "a,,c", "a,b,\n"] {
        let message = metadata::labels(&network(labels)).unwrap_err().to_string();
        assert!(
            message.starts_with("expected 3 names") && !message.contains('\n'),
            "{message}"
        );
    }
}

#[test]
fn an_interrupted_quantisation_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (digits, model) = (digits(), stripes(10));
    for stages in 0..4 {
        let interrupted = AtomicBool::new(false);
        let request = Request {
            model: &model,
            digits: &digits,
            checked: &digits.test,
            second: None,
            preparation: Preparation::PLAIN,
            out: folder.path(),
            interrupted: &interrupted,
        };
        let mut heard = 0;
        let mut stage = |_: &str| {
            interrupted.store(heard == stages, Ordering::Relaxed);
            heard += 1;
        };
        let error = quantize(&TRACT, &request, &mut stage).unwrap_err();
        assert!(matches!(error, Error::Stopped), "{error}");
        assert_eq!(files(folder.path()), [] as [PathBuf; 0]);
    }
}

#[test]
fn outputs_and_their_noise_are_those_of_the_models() {
    let (model, images) = (stripes(10), striped(6));
    let network = lower::lower(&model).unwrap();
    let outputs = observe::outputs(&TRACT, &network, &images, &NEVER).unwrap();
    let float = run_model(&TRACT, &model, &images, VARIANTS).unwrap();
    assert_eq!((outputs.len(), outputs[0].len()), (1, float.len()));
    assert!(
        outputs[0]
            .iter()
            .zip(&float)
            .all(|(a, b)| (a - b).abs() < 1e-4)
    );

    let best = choose::choose(&TRACT, &network, outputs, &images, &NEVER).unwrap();
    let noise = observe::signal_to_noise(&TRACT, &network, &best.layers, &images, &NEVER).unwrap();
    let int8 = graphs::shipped(&network, &best.layers, &[]).unwrap();
    let int8 = run_model(&TRACT, &int8, &images, VARIANTS).unwrap();
    let power = |logits: &Array2<f32>| {
        logits
            .iter()
            .map(|&logit| f64::from(logit).powi(2))
            .sum::<f64>()
    };
    let expected = 10.0 * (power(&float) / power(&(int8 - &float))).log10();
    assert!(
        (noise[0] - expected).abs() < 0.01,
        "{} and {expected}",
        noise[0]
    );
}

#[test]
fn the_method_is_the_most_accurate_one_and_on_a_tie_the_first() {
    let images = striped(20);
    let network = lower::lower(&stripes(10)).unwrap();
    let chosen = |outputs: Vec<f32>| {
        choose::choose(&TRACT, &network, vec![outputs], &images, &NEVER)
            .unwrap()
            .method
    };
    let outputs = observe::outputs(&TRACT, &network, &images, &NEVER)
        .unwrap()
        .remove(0);
    assert_eq!(chosen(outputs.clone()), range::Method::MinMax);
    // With the outlier in the range all logits become the same integer.
    let with_outlier = |value| [outputs.repeat(100), vec![value]].concat();
    assert_eq!(chosen(with_outlier(1e6)), range::Method::Percentile);
    // Without its only number a range has a scale of 0, which rules the percentile out.
    assert_eq!(
        chosen([vec![0.0; 20_000], vec![30.0]].concat()),
        range::Method::MinMax
    );
    // The difference of the ends is infinite, which rules out the whole.
    let ends = vec![f32::MAX, -f32::MAX];
    assert_eq!(
        chosen([outputs.repeat(100), ends].concat()),
        range::Method::Percentile
    );
}
