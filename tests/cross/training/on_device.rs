//! Training with the data set on the device: step by step what the host-fed training does.
//!
//! ONNX Runtime on the CPU runs all of it but the capturing of CUDA graphs; what needs a GPU is in [`cuda`].

mod cuda;

use std::sync::atomic::AtomicBool;

use input::normalization::Normalization;
use tests::runtimes;
use train::architecture::Network;
use train::checkpoint::Record;
use train::data::Sets;
use train::data::augment::Augment;
use train::data::synthetic;
use train::fit::{DeviceTrainer, FitError, Sums, Trainer};
use train::optimizer::Optimizer;
use train::runtime::{Choice, DeviceOptions, Precision, Runtime};
use train::tensor::Tensor;

use super::record;

/// Epochs: the second one starts with the other set of buffers, as an odd number of steps makes an epoch.
const EPOCHS: u64 = 3;
/// Steps of an epoch exceed those after which losses are fetched, and the last one is filled up.
const IMAGES: usize = 545;
const BATCH_SIZE: usize = 10;
const TRACT_TOLERANCE: f64 = 1e-6;

fn digits() -> Sets {
    synthetic::digits(IMAGES, 1, 5)
}

fn small_record(optimizer: Optimizer) -> Record {
    Record {
        optimizer,
        batch_size: BATCH_SIZE,
        ..record(0)
    }
}

/// The sums after each step of all epochs, and the variables after each epoch.
#[derive(Default)]
struct Trace {
    sums: Vec<Sums>,
    variables: Vec<Vec<(String, Tensor)>>,
}

fn host_fed(runtime: &Runtime, digits: &Sets, record: &Record, augment: Augment) -> Trace {
    let mut trainer = Trainer::new(runtime, &Network::digits(), record, None).unwrap();
    let never = AtomicBool::new(false);
    let mut trace = Trace::default();
    for seed in 0..EPOCHS {
        let on_step = |sums: &Sums| trace.sums.push(*sums);
        let sums = trainer.epoch(&digits.train, augment, seed, &never, on_step);
        assert_eq!(sums.unwrap().as_ref(), trace.sums.last());
        trace.variables.push(trainer.variables().unwrap());
    }
    trace
}

fn device_trainer<'a>(
    runtime: &Runtime,
    digits: &'a Sets,
    record: &Record,
    augment: Augment,
) -> Result<DeviceTrainer<'a>, FitError> {
    resumed(runtime, digits, record, None, augment)
}

fn resumed<'a>(
    runtime: &Runtime,
    digits: &'a Sets,
    record: &Record,
    variables: Option<Vec<(String, Tensor)>>,
    augment: Augment,
) -> Result<DeviceTrainer<'a>, FitError> {
    let variants = augment.variants();
    let (network, options) = (Network::digits(), DeviceOptions::default());
    DeviceTrainer::new(
        runtime,
        &network,
        record,
        variables,
        &digits.train,
        variants,
        options,
    )
}

/// The last epoch is that of a resumed run.
fn on_device(runtime: &Runtime, digits: &Sets, record: &Record, augment: Augment) -> Trace {
    let mut trainer = device_trainer(runtime, digits, record, augment).unwrap();
    let never = AtomicBool::new(false);
    let mut trace = Trace::default();
    for seed in 0..EPOCHS {
        if seed == EPOCHS - 1 {
            let variables = trace.variables.last().cloned();
            trainer = resumed(runtime, digits, record, variables, augment).unwrap();
        }
        let next = (seed + 2 < EPOCHS).then_some(seed + 1);
        let sums = trainer.epoch(seed, next, &never, |sums| trace.sums.push(*sums));
        assert_eq!(sums.unwrap().as_ref(), trace.sums.last());
        trace.variables.push(trainer.variables().unwrap());
    }
    trace
}

/// Compares each step's sums and each epoch's variables, which may differ by `tolerance`, relative and absolute.
fn steps_agree(
    runtime: &Runtime,
    digits: &Sets,
    optimizer: Optimizer,
    augment: Augment,
    tolerance: f64,
) {
    let record = small_record(optimizer);
    let expected = host_fed(runtime, digits, &record, augment);
    let found = on_device(runtime, digits, &record, augment);
    let steps = (IMAGES * augment.variants().len()).div_ceil(BATCH_SIZE);
    assert!(!steps.is_multiple_of(2), "{steps} steps");
    assert_eq!(found.sums.len(), EPOCHS as usize * steps);
    for (step, (found, expected)) in found.sums.iter().zip(&expected.sums).enumerate() {
        let difference = (found.loss - expected.loss).abs();
        assert!(
            difference <= tolerance * expected.loss,
            "step {step}: {found:?}, {expected:?}"
        );
        let same = (found.correct, found.count) == (expected.correct, expected.count);
        assert!(same, "step {step}: {found:?}, {expected:?}");
    }
    for (found, expected) in found
        .variables
        .iter()
        .flatten()
        .zip(expected.variables.iter().flatten())
    {
        assert_eq!(found.0, expected.0);
        let [a, b] = [found, expected].map(|(_, tensor)| tensor.as_f32().unwrap());
        let near = |(a, b): (&f32, &f32)| f64::from((a - b).abs()) <= tolerance;
        assert!(a.iter().zip(b).all(near), "{}", found.0);
    }
}

/// On one thread the host-fed step is one graph too, and both compute the same numbers in the same order.
#[test]
fn steps_are_those_of_the_host_on_onnxruntime() {
    let test = "training::on_device::steps_are_those_of_the_host_on_onnxruntime";
    if let Some(runtime) = runtimes::onnxruntime_with(test, 1) {
        let digits = digits();
        steps_agree(&runtime, &digits, Optimizer::Rmsprop, Augment::None, 0.0);
        steps_agree(&runtime, &digits, Optimizer::Adam, Augment::Invert, 0.0);
        let numbers = Normalization::new([0.0, 1.0], [&[0.1307], &[0.3081]], 1).unwrap();
        let normalized = digits.normalized(&numbers);
        steps_agree(&runtime, &normalized, Optimizer::Sgd, Augment::Invert, 0.0);
    }
}

/// tract adds in another order in another graph. Momentum does not let that grow, which roots near zero would.
#[test]
fn steps_are_those_of_the_host_on_tract() {
    let runtime = Runtime::open(Choice::Tract, 1).unwrap();
    let optimizer = Optimizer::Sgd;
    steps_agree(
        &runtime,
        &digits(),
        optimizer,
        Augment::Invert,
        TRACT_TOLERANCE,
    );
}

#[test]
fn an_interrupted_epoch_has_no_sums() {
    let (digits, record) = (digits(), small_record(Optimizer::Sgd));
    let mut trainer = device_trainer(&runtimes::tract(), &digits, &record, Augment::None).unwrap();
    let interrupted = AtomicBool::new(true);
    let sums = trainer.epoch(0, None, &interrupted, |_| panic!("no step is done"));
    assert_eq!(sums.unwrap(), None);
}

#[test]
fn batches_larger_than_the_data_set_are_refused() {
    let record = Record {
        batch_size: IMAGES + 1,
        ..record(0)
    };
    let digits = digits();
    let refused = device_trainer(&runtimes::tract(), &digits, &record, Augment::None);
    let error = refused.err().unwrap().to_string();
    assert!(error.ends_with("the 545 samples, found 546"), "{error}");
}

#[test]
fn tf32_is_refused_without_cuda() {
    let digits = digits();
    let refused = DeviceTrainer::new(
        &runtimes::tract(),
        &Network::digits(),
        &small_record(Optimizer::Sgd),
        None,
        &digits.train,
        Augment::None.variants(),
        DeviceOptions {
            precision: Precision::Tf32,
            ..DeviceOptions::default()
        },
    );
    let error = refused.err().unwrap().to_string();
    assert!(
        error.contains("tf32 is for CUDA only, found runtime tract"),
        "{error}"
    );
}
