//! What needs a GPU: CUDA graphs, the kernels of every operator, and tensor cores.

use std::sync::atomic::AtomicBool;

use tests::{mnist, restart, runtimes};
use train::data::augment::Augment;
use train::optimizer::Optimizer;
use train::runtime::Precision;

use super::super::agreement::{digits_of_50_steps, gentle_record, losses, step_losses};
use super::super::{PLAIN_ACCURACY, accuracy, record, seeds_decide, two_epochs_in};
use super::{device_trainer, digits, steps_agree};

/// cuDNN may add in another order in a captured run.
const TOLERANCE: f64 = 1e-4;
/// Of the first 50 losses, relative: cuDNN's transforms round more than plain sums, and `RMSprop` amplifies that.
const LOSS_TOLERANCE: f32 = 2e-3;

#[test]
fn first_losses_agree_with_the_cpu() {
    let test = "training::on_device::cuda::first_losses_agree_with_the_cpu";
    let digits = digits_of_50_steps();
    if let Some(file) = restart::exchange() {
        return restart::write(&file, losses(&runtimes::tract(), &digits));
    }
    let Some(runtime) = runtimes::cuda(test) else {
        return;
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    restart::test(test, file.path());
    let mut trainer = device_trainer(&runtime, &digits, &gentle_record(), Augment::None).unwrap();
    let mut sums = Vec::new();
    let never = AtomicBool::new(false);
    trainer
        .epoch(7, None, &never, |after| sums.push(*after))
        .unwrap();
    let (found, expected) = (step_losses(&sums), restart::read(file.path()));
    assert_eq!(found.len(), expected.len());
    for (step, (a, b)) in found.iter().zip(&expected).enumerate() {
        let difference = (a - b).abs();
        assert!(difference <= LOSS_TOLERANCE * b, "step {step}: {a} and {b}");
    }
}

/// Captured graphs, whose runs are repeated in capturing, against runs that the host feeds.
#[test]
fn steps_are_those_of_the_host() {
    if let Some(runtime) = runtimes::cuda("training::on_device::cuda::steps_are_those_of_the_host")
    {
        steps_agree(
            &runtime,
            &digits(),
            Optimizer::Sgd,
            Augment::Invert,
            TOLERANCE,
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    if let Some(runtime) =
        runtimes::cuda("training::on_device::cuda::the_same_seed_gives_the_same_bits")
    {
        seeds_decide(&runtime);
    }
}

#[test]
fn both_precisions_reach_the_accuracy() {
    let test = "training::on_device::cuda::both_precisions_reach_the_accuracy";
    let Some(runtime) = runtimes::cuda(test) else {
        return;
    };
    let Some(digits) = mnist::mnist(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for precision in [Precision::Float32, Precision::Tf32] {
        let (record, out) = (record(0), folder.path());
        let plain = Augment::None;
        let checkpoint = two_epochs_in(precision, &runtime, &digits, record, None, plain, out);
        println!("val_accuracy in {precision:?}: {}", accuracy(&checkpoint));
        assert!(accuracy(&checkpoint) >= PLAIN_ACCURACY, "{precision:?}");
    }
}
