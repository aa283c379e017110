//! Training as a whole: accuracy on MNIST, the same bits from the same seed, the same losses on each runtime.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use tests::{mnist, runtimes};
use train::checkpoint::{Checkpoint, Record};
use train::data::augment::Augment;
use train::data::{Digits, synthetic};
use train::export::export;
use train::fit::{Options, Silent, Sums, Trainer, fit};
use train::net::Network;
use train::optimizer::Optimizer;
use train::runtime::Runtime;

/// What the seed course reaches after its two epochs.
const PLAIN_ACCURACY: f64 = 0.985;
/// On the 10,000 test images and their 10,000 inversions, after two more epochs with inverted images.
const INVERTED_ACCURACY: f64 = 0.98;
/// Digit pictures, of nine, that the second model must read.
const PICTURES_RIGHT: usize = 7;
/// The runtimes add in different orders, and what that changes grows from step to step.
const LOSS_TOLERANCE: f64 = 1e-3;
/// At the default rate a last bit, be it from another runtime or from another number of threads, decides within twenty
/// steps which filters stay alive; a tenth of it keeps the growth in bounds without hiding a wrong gradient.
const GENTLE_LEARNING_RATE: f32 = 1e-4;

fn record(seed: u64) -> Record {
    Record {
        network: Network::digits().name.into(),
        optimizer: Optimizer::Rmsprop,
        learning_rate: Optimizer::Rmsprop.default_learning_rate(),
        batch_size: 128,
        seed,
        data_sha256: String::new(),
        data_source: String::new(),
        epochs: Vec::new(),
    }
}

fn two_epochs(
    runtime: &Runtime,
    digits: &Digits,
    record: Record,
    resume: Option<Checkpoint>,
    augment: Augment,
    out: &Path,
) -> Checkpoint {
    let options = Options { epochs: 2, augment, out: out.into(), resume };
    let never = AtomicBool::new(false);
    fit(runtime, &Network::digits(), digits, record, options, &never, &mut Silent).unwrap()
}

/// Number of digit pictures whose name is the predicted label.
fn pictures_right(model: &Path, folder: &Path) -> usize {
    let model = infer::model::Model::open(model).unwrap();
    let is_right = |digit: &usize| {
        let pixels = infer::picture::open(&folder.join(format!("{digit}.png"))).unwrap();
        infer::predict::predict(&model, &pixels).unwrap().class == *digit
    };
    (1..=9).filter(is_right).count()
}

#[test]
fn the_main_job_reaches_its_accuracy() {
    let test = "the_main_job_reaches_its_accuracy";
    let Some(digits) = mnist::mnist(test) else { return };
    let Some(pictures) = mnist::pictures(test) else { return };
    let Some(runtime) = runtimes::onnxruntime(test) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut plain: Vec<Checkpoint> = (0..3)
        .map(|seed| two_epochs(&runtime, &digits, record(seed), None, Augment::None, folder.path()))
        .collect();
    let accuracy = |checkpoint: &Checkpoint| checkpoint.record.epochs.last().unwrap().val_accuracy;
    let mut accuracies: Vec<f64> = plain.iter().map(accuracy).collect();
    println!("val_accuracy of seeds 0, 1, 2: {accuracies:?}");
    accuracies.sort_by(f64::total_cmp);
    assert!(accuracies[1] >= PLAIN_ACCURACY, "median of {accuracies:?}");

    let first = plain.remove(0);
    let (record, resume) = (first.record.clone(), Some(first));
    let both = two_epochs(&runtime, &digits, record, resume, Augment::Invert, folder.path());
    println!("val_accuracy on images and inversions: {}", accuracy(&both));
    assert!(accuracy(&both) >= INVERTED_ACCURACY, "{}", accuracy(&both));

    let model = folder.path().join("digits.onnx");
    export(&runtime, None, &Network::digits(), &both, &digits.test.take(20), &model).unwrap();
    let right = pictures_right(&model, &pictures);
    println!("{right} of 9 pictures right");
    assert!(right >= PICTURES_RIGHT, "{right} of 9");
}

fn few_digits() -> Digits {
    synthetic::digits(1280, 100, 11)
}

fn trained(runtime: &Runtime, seed: u64) -> Checkpoint {
    let folder = tempfile::tempdir().unwrap();
    two_epochs(runtime, &few_digits(), record(seed), None, Augment::Invert, folder.path())
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
    if let Some(runtime) = runtimes::onnxruntime("the_same_seed_gives_the_same_bits_on_onnxruntime") {
        seeds_decide(&runtime);
    }
}

/// The mean loss of each of the first 50 steps.
fn losses(runtime: &Runtime, digits: &Digits) -> Vec<f64> {
    let record = Record { learning_rate: GENTLE_LEARNING_RATE, ..record(0) };
    let mut trainer = Trainer::new(runtime, &Network::digits(), &record, None).unwrap();
    let never = AtomicBool::new(false);
    let mut losses = Vec::new();
    let mut before = Sums::default();
    let on_step = |sums: &Sums| {
        losses.push((sums.loss - before.loss) / (sums.count - before.count));
        before = *sums;
    };
    trainer.epoch(&digits.train, Augment::None, 7, &never, on_step).unwrap();
    losses
}

/// A process can use one runtime, so this program is started again for tract's losses.
const LOSSES_FILE: &str = "BATON_TEST_LOSSES";

#[test]
fn first_losses_agree_between_runtimes() {
    let test = "training::first_losses_agree_between_runtimes";
    let digits = synthetic::digits(50 * 128, 1, 3);
    if let Some(path) = std::env::var_os(LOSSES_FILE) {
        let losses = losses(&runtimes::tract(), &digits);
        let bytes: Vec<u8> = losses.iter().flat_map(|loss| loss.to_le_bytes()).collect();
        return std::fs::write(path, bytes).unwrap();
    }
    let Some(runtime) = runtimes::onnxruntime(test) else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(LOSSES_FILE, file.path())
        .status();
    assert!(status.unwrap().success());
    let bytes = std::fs::read(file.path()).unwrap();
    let on_tract: Vec<f64> =
        bytes.as_chunks::<8>().0.iter().map(|&chunk| f64::from_le_bytes(chunk)).collect();
    let on_onnxruntime = losses(&runtime, &digits);
    assert_eq!((on_tract.len(), on_onnxruntime.len()), (50, 50));
    for (step, (a, b)) in on_tract.iter().zip(&on_onnxruntime).enumerate() {
        assert!((a - b).abs() <= LOSS_TOLERANCE, "step {step}: {a} and {b}");
    }
    assert!(on_tract[49] < on_tract[0] - 0.3, "{on_tract:?}");
}
