//! Training as a whole: accuracy on MNIST, the same bits from the same seed, the same steps on each runtime.

mod agreement;
mod forms;
mod on_device;
mod tuning;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use infer::engine::Engine;
use infer::input::Input;
use infer::output::Output;
use tests::{mnist, runtimes};
use train::architecture::Network;
use train::checkpoint::{Checkpoint, Record};
use train::data::augment::Augment;
use train::data::{Sets, synthetic};
use train::export::export;
use train::fit::{Options, Silent, fit};
use train::optimizer::Optimizer;
use train::runtime::{DeviceOptions, Precision, Runtime};

/// What the seed course reaches after its two epochs.
const PLAIN_ACCURACY: f64 = 0.985;
/// On the 10,000 test images and their 10,000 inversions, after two more epochs with inverted images.
const INVERTED_ACCURACY: f64 = 0.98;
/// Digit pictures, of nine, that the second model must read.
const PICTURES_RIGHT: usize = 7;
const BATCH_SIZE: usize = 128;

fn record(seed: u64) -> Record {
    Record::new(&Network::digits(), Optimizer::Rmsprop, BATCH_SIZE, seed)
}

fn two_epochs(
    runtime: &Runtime,
    digits: &Sets,
    record: Record,
    resume: Option<Checkpoint>,
    augment: Augment,
    out: &Path,
) -> Checkpoint {
    let precision = Precision::default();
    two_epochs_in(precision, runtime, digits, record, resume, augment, out)
}

fn two_epochs_in(
    precision: Precision,
    runtime: &Runtime,
    digits: &Sets,
    record: Record,
    resume: Option<Checkpoint>,
    augment: Augment,
    out: &Path,
) -> Checkpoint {
    let options = Options {
        epochs: 2,
        augment,
        device: DeviceOptions {
            precision,
            ..DeviceOptions::default()
        },
        out: out.into(),
        resume,
    };
    let never = AtomicBool::new(false);
    fit(
        runtime,
        &Network::digits(),
        digits,
        record,
        options,
        &never,
        &mut Silent,
    )
    .unwrap()
}

fn accuracy(checkpoint: &Checkpoint) -> f64 {
    let last = checkpoint.record.epochs.last().unwrap();
    last.val_accuracy.unwrap()
}

/// Trains on plain images with seeds 0, 1 and 2, checks the median, and returns the run of seed 0.
fn plain_run(runtime: &Runtime, digits: &Sets, out: &Path) -> Checkpoint {
    let run = |seed| two_epochs(runtime, digits, record(seed), None, Augment::None, out);
    let mut runs: Vec<Checkpoint> = (0..3).map(run).collect();
    let mut accuracies: Vec<f64> = runs.iter().map(accuracy).collect();
    println!("val_accuracy of seeds 0, 1, 2: {accuracies:?}");
    accuracies.sort_by(f64::total_cmp);
    assert!(accuracies[1] >= PLAIN_ACCURACY, "median of {accuracies:?}");
    runs.remove(0)
}

/// Number of digit pictures whose name is the predicted label.
fn pictures_right(model: &Path, folder: &Path) -> usize {
    let model = infer::model::Model::open(model).unwrap();
    let is_right = |digit: &usize| {
        let pixels = infer::picture::open(&folder.join(format!("{digit}.png"))).unwrap();
        let answer = model.run(&Input::Pixels(pixels.to_vec())).unwrap();
        matches!(answer.output, Output::Classes(classes) if classes.class == *digit)
    };
    (1..=9).filter(is_right).count()
}

#[test]
fn the_main_job_reaches_its_accuracy() {
    let test = "the_main_job_reaches_its_accuracy";
    let Some(digits) = mnist::mnist(test) else {
        return;
    };
    let Some(pictures) = mnist::pictures(test) else {
        return;
    };
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let plain = plain_run(&runtime, &digits, out);
    let (record, resume) = (plain.record.clone(), Some(plain));
    let both = two_epochs(&runtime, &digits, record, resume, Augment::Invert, out);
    println!("val_accuracy on images and inversions: {}", accuracy(&both));
    assert!(accuracy(&both) >= INVERTED_ACCURACY, "{}", accuracy(&both));

    let (network, model) = (Network::digits(), out.join("digits.onnx"));
    let sample = digits.test.take(20);
    export(&runtime, None, &network, &both, &sample, &model).unwrap();
    let right = pictures_right(&model, &pictures);
    println!("{right} of 9 pictures right");
    assert!(right >= PICTURES_RIGHT, "{right} of 9");
}

fn few_digits() -> Sets {
    synthetic::digits(1280, 100, 11)
}

fn trained(runtime: &Runtime, seed: u64) -> Checkpoint {
    let folder = tempfile::tempdir().unwrap();
    two_epochs(
        runtime,
        &few_digits(),
        record(seed),
        None,
        Augment::Invert,
        folder.path(),
    )
}

fn seeds_decide(runtime: &Runtime) {
    let first = trained(runtime, 1);
    assert_eq!(trained(runtime, 1), first);
    assert_ne!(trained(runtime, 2).variables, first.variables);
}

#[test]
fn the_same_seed_gives_the_same_bits_on_tract() {
    seeds_decide(&runtimes::tract());
}

#[test]
fn the_same_seed_gives_the_same_bits_on_onnxruntime() {
    if let Some(runtime) = runtimes::onnxruntime("the_same_seed_gives_the_same_bits_on_onnxruntime")
    {
        seeds_decide(&runtime);
    }
}
