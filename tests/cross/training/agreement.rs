//! The same steps on tract and on ONNX Runtime: in a row at a low rate, one by one at the default rate.

use std::sync::atomic::AtomicBool;

use ndarray::ArrayD;
use no_std_core::format::OutputKind;
use tests::training::Stepper;
use tests::{restart, runtimes};
use train::architecture::Network;
use train::checkpoint::Record;
use train::data::augment::Augment;
use train::data::batch::{Batches, Order};
use train::data::{Sets, synthetic};
use train::evaluate::evaluation_feeds;
use train::fit::{Sums, Trainer};
use train::graph::Target;
use train::init::Masks;
use train::models::mask_name;
use train::optimizer::Optimizer;
use train::runtime::{Choice, Runtime};
use train::tensor::Tensor;

use super::{BATCH_SIZE, record};

/// The runtimes add in different orders, and what that changes grows from step to step.
const LOSS_TOLERANCE: f32 = 1e-3;
/// At the default rate a last bit, be it from another runtime or from another number of threads, decides within twenty
/// steps which filters stay alive; a tenth of it keeps the growth in bounds without hiding a wrong gradient.
const GENTLE_LEARNING_RATE: f32 = 1e-4;
/// Steps in which runtimes are compared.
const STEPS: usize = 50;
/// Of the loss of one step from the same variables, relative: a sum over the batch of 32-bit floats.
const STEP_LOSS_TOLERANCE: f64 = 1e-5;
/// Of what one step adds to a variable, relative to the most that it adds to any element. Rounding stays a tenth of
/// it, although the optimiser divides by roots that may be near zero; a gradient 1 % larger in one runtime would be
/// nearly a hundred times it.
const UPDATE_TOLERANCE: f32 = 1e-4;
/// Steps that must agree so well. In the others a `ReLU` or a maximum lies so near its kink that the last bit of an
/// activation decides where a gradient goes.
const STEPS_IN_AGREEMENT: usize = 40;

pub(super) fn gentle_record() -> Record {
    Record {
        learning_rate: GENTLE_LEARNING_RATE,
        ..record(0)
    }
}

/// The mean loss of each step of an epoch.
pub(super) fn losses(runtime: &Runtime, digits: &Sets) -> Vec<f32> {
    losses_in_batches(runtime, digits, BATCH_SIZE)
}

fn losses_in_batches(runtime: &Runtime, digits: &Sets, batch_size: usize) -> Vec<f32> {
    let record = Record {
        batch_size,
        ..gentle_record()
    };
    let mut trainer = Trainer::new(runtime, &Network::digits(), &record, None).unwrap();
    let never = AtomicBool::new(false);
    let mut sums = Vec::new();
    let on_step = |after: &Sums| sums.push(*after);
    trainer
        .epoch(&digits.train, Augment::None, 7, &never, on_step)
        .unwrap();
    step_losses(&sums)
}

/// The mean loss of each step, from the sums after each of them.
pub(super) fn step_losses(sums: &[Sums]) -> Vec<f32> {
    let mut before = Sums::default();
    let step = |&after: &Sums| {
        let loss = (after.loss - before.loss) / (after.count - before.count);
        before = after;
        loss as f32
    };
    sums.iter().map(step).collect()
}

pub(super) fn digits_of_50_steps() -> Sets {
    synthetic::digits(STEPS * BATCH_SIZE, 1, 3)
}

#[test]
fn first_losses_agree_between_runtimes() {
    let test = "training::agreement::first_losses_agree_between_runtimes";
    let digits = digits_of_50_steps();
    if let Some(file) = restart::exchange() {
        return restart::write(&file, losses(&runtimes::tract(), &digits));
    }
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    restart::test(test, file.path());
    let on_tract = restart::read(file.path());
    let on_onnxruntime = losses(&runtime, &digits);
    assert_same_losses(&on_tract, &on_onnxruntime, "tract and ONNX Runtime");
    assert_eq!(on_tract.len(), STEPS);
    assert!(on_tract[STEPS - 1] < on_tract[0] - 0.3, "{on_tract:?}");
}

pub(super) fn assert_same_losses(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    assert!(!found.is_empty(), "{what}");
    for (step, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= LOSS_TOLERANCE,
            "{what}, step {step}: {a} and {b}"
        );
    }
}

/// The mean loss of each step of an epoch, each a graph as a whole, in the forms for a target.
fn losses_of_whole_steps(
    runtime: &Runtime,
    target: Target,
    digits: &Sets,
    batch_size: usize,
) -> Vec<f32> {
    let stepper = Stepper::in_forms_for(target, runtime, Optimizer::Rmsprop, batch_size);
    let mut stepper = stepper.at_rate(GENTLE_LEARNING_RATE);
    let loss = |(step, feeds)| {
        let count = batch_size.min(digits.train.len() - step * batch_size);
        (stepper.step(feeds).loss_sum / count as f64) as f32
    };
    let steps = epoch_feeds(digits, batch_size, 7).enumerate();
    steps.map(loss).collect()
}

/// Compares steps in these parts with whole ones.
fn parts_agree(runtime: &Runtime, digits: &Sets, parts: &[usize]) {
    let batch_size = parts.iter().sum();
    assert_eq!(runtime.parts(batch_size), parts);
    let target = runtime.target();
    let whole = losses_of_whole_steps(runtime, target, digits, batch_size);
    let found = losses_in_batches(runtime, digits, batch_size);
    assert_eq!(found.len(), digits.train.len().div_ceil(batch_size));
    assert_same_losses(&found, &whole, &format!("parts of {parts:?} rows"));
}

/// 128 rows are no multiple of three, so the parts of a batch differ in size.
#[test]
fn first_losses_do_not_depend_on_the_number_of_threads() {
    let runtime = Runtime::open(Choice::Tract, 3).unwrap();
    parts_agree(&runtime, &digits_of_50_steps(), &[42, 43, 43]);
}

#[test]
fn first_losses_do_not_depend_on_the_number_of_threads_of_onnxruntime() {
    let test =
        "training::agreement::first_losses_do_not_depend_on_the_number_of_threads_of_onnxruntime";
    if let Some(runtime) = runtimes::onnxruntime_with(test, 3) {
        parts_agree(&runtime, &digits_of_50_steps(), &[42, 43, 43]);
    }
}

/// Small batches stay whole, or have fewer parts than there are threads. In the last one of each epoch one row counts.
#[test]
fn more_threads_than_parts_are_worth_change_nothing() {
    let runtime = Runtime::open(Choice::Tract, 5).unwrap();
    for (images, parts) in [(7, &[2][..]), (100, &[16, 17])] {
        parts_agree(&runtime, &synthetic::digits(images, 1, 3), parts);
    }
}

/// Of the 48 rows of the last batch 20 count, none of them in the third part.
#[test]
fn parts_that_only_fill_a_batch_up_change_nothing() {
    let runtime = Runtime::open(Choice::Tract, 3).unwrap();
    parts_agree(&runtime, &synthetic::digits(68, 1, 3), &[16, 16, 16]);
}

/// Compares the plain forms of operators with others.
fn forms_agree(runtime: &Runtime, targets: &[Target]) {
    let digits = digits_of_50_steps();
    let plain = losses_of_whole_steps(runtime, Target::Cuda, &digits, BATCH_SIZE);
    for &target in targets {
        let found = losses_of_whole_steps(runtime, target, &digits, BATCH_SIZE);
        assert_same_losses(&found, &plain, &format!("{target:?}"));
    }
}

#[test]
fn first_losses_do_not_depend_on_the_forms_of_operators() {
    forms_agree(&runtimes::tract(), &[Target::Onnxruntime, Target::Tract]);
}

#[test]
fn first_losses_do_not_depend_on_the_forms_of_operators_of_onnxruntime() {
    let test =
        "training::agreement::first_losses_do_not_depend_on_the_forms_of_operators_of_onnxruntime";
    if let Some(runtime) = runtimes::onnxruntime(test) {
        forms_agree(&runtime, &[Target::Onnxruntime, runtime.target()]);
    }
}

/// Images, labels, weights and masks of each step of an epoch.
fn epoch_feeds(
    digits: &Sets,
    batch_size: usize,
    seed: u64,
) -> impl Iterator<Item = Vec<(String, Tensor)>> {
    let order = Order::Shuffled(seed);
    let batches = Batches::new(&digits.train, Augment::None.variants(), batch_size, order).unwrap();
    let mut masks = Masks::new(&Network::digits(), batch_size, seed);
    batches.map(move |batch| {
        let mut feeds = evaluation_feeds(batch.unwrap(), OutputKind::Classes);
        feeds.extend(
            masks
                .draw()
                .into_iter()
                .map(|(layer, mask)| (mask_name(&layer), mask)),
        );
        feeds
    })
}

/// The variables before each step, each time followed by the step's loss, and the variables after the last step.
fn recorded(stepper: &mut Stepper, digits: &Sets) -> Vec<f32> {
    let mut numbers = flat(&stepper.variables());
    for feeds in epoch_feeds(digits, BATCH_SIZE, 7) {
        numbers.push(stepper.step(feeds).loss_sum as f32);
        numbers.extend(flat(&stepper.variables()));
    }
    numbers
}

fn flat(variables: &[(String, Tensor)]) -> Vec<f32> {
    variables
        .iter()
        .flat_map(|(_, tensor)| tensor.as_f32().unwrap())
        .copied()
        .collect()
}

/// Variables with the names and shapes of `like` from the first of the numbers.
fn shaped(like: &[(String, Tensor)], numbers: &[f32]) -> Vec<(String, Tensor)> {
    let mut numbers = numbers.iter().copied();
    let one = |(name, tensor): &(String, Tensor)| {
        let array = tensor.as_f32().unwrap().mapv(|_| numbers.next().unwrap());
        (name.clone(), array.into())
    };
    like.iter().map(one).collect()
}

/// Takes each step alone from the recorded variables and compares what comes out.
fn replay(stepper: &mut Stepper, digits: &Sets, numbers: &[f32]) {
    let like = stepper.variables();
    let states: Vec<&[f32]> = numbers.chunks(flat(&like).len() + 1).collect();
    assert_eq!(states.len(), STEPS + 1);
    let mut errors = Vec::new();
    for (step, feeds) in epoch_feeds(digits, BATCH_SIZE, 7).enumerate() {
        let (&loss, before) = states[step].split_last().unwrap();
        let before = shaped(&like, before);
        stepper.set_variables(&before);
        let (found, loss) = (stepper.step(feeds).loss_sum, f64::from(loss));
        let error = (found - loss).abs() / loss;
        assert!(
            error <= STEP_LOSS_TOLERANCE,
            "step {step}: losses {found} and {loss}"
        );
        errors.push(update_error(
            &stepper.variables(),
            &shaped(&like, states[step + 1]),
            &before,
        ));
    }
    let agree = errors
        .iter()
        .filter(|&&error| error <= UPDATE_TOLERANCE)
        .count();
    assert!(
        agree >= STEPS_IN_AGREEMENT,
        "{agree} of {STEPS} steps: {errors:?}"
    );
}

/// Largest difference of what a step adds to a variable, relative to the most that it adds to any element of it.
fn update_error(
    found: &[(String, Tensor)],
    expected: &[(String, Tensor)],
    before: &[(String, Tensor)],
) -> f32 {
    let largest = |array: ArrayD<f32>| array.fold(0.0f32, |most, value| most.max(value.abs()));
    let error = |index: usize| {
        let [found, expected, before] =
            [found, expected, before].map(|all| all[index].1.as_f32().unwrap());
        largest(found - expected) / largest(expected - before)
    };
    (0..before.len()).map(error).fold(0.0, f32::max)
}

#[test]
fn each_step_agrees_between_runtimes_at_the_default_rate() {
    let test = "training::agreement::each_step_agrees_between_runtimes_at_the_default_rate";
    let digits = digits_of_50_steps();
    let stepper = |runtime| Stepper::new(&runtime, Optimizer::Rmsprop, BATCH_SIZE);
    if let Some(file) = restart::exchange() {
        return replay(
            &mut stepper(runtimes::tract()),
            &digits,
            &restart::read(&file),
        );
    }
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    restart::write(file.path(), recorded(&mut stepper(runtime), &digits));
    restart::test(test, file.path());
}
