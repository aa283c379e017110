//! Time of a step in training as `train fit` does it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::steps::WARM_UP;
use crate::fit::{Epochs, FitError};

/// How long a GPU trains at least: once a second its driver tells how busy it was.
const LONG_ENOUGH: Duration = Duration::from_secs(3);

/// Trains as `train fit` does, on new batches, and returns the mean seconds of a step.
pub fn train(epochs: &mut Epochs<'_>, steps: usize) -> Result<f64, FitError> {
    let start = Instant::now();
    let done = match epochs {
        Epochs::Fed(..) => some_steps(epochs, steps)?,
        Epochs::OnDevice(_) => whole_epochs(epochs, steps, LONG_ENOUGH)?,
    };
    Ok(start.elapsed().as_secs_f64() / done as f64)
}

/// The steps that come before [`train`] and do not count.
pub fn warm_up(epochs: &mut Epochs<'_>) -> Result<(), FitError> {
    some_steps(epochs, WARM_UP).map(drop)
}

/// Ends in the middle of an epoch, and tells how many steps it took: a GPU shows many at a time, so there may be more
/// of them than were asked for.
fn some_steps(epochs: &mut Epochs<'_>, steps: usize) -> Result<usize, FitError> {
    let (mut done, enough) = (0, AtomicBool::new(false));
    while done < steps {
        epochs.epoch(0, Some(0), &enough, |_| {
            done += 1;
            enough.store(done >= steps, Ordering::Relaxed);
        })?;
    }
    Ok(done)
}

/// Epochs to their ends, until there are as many steps and as much time has passed, and the number of these steps. An
/// epoch on a GPU begins with copying its plan, of which each of its steps has its share.
fn whole_epochs(epochs: &mut Epochs<'_>, steps: usize, time: Duration) -> Result<usize, FitError> {
    let (mut done, never, start) = (0, AtomicBool::new(false), Instant::now());
    let mut seed = 0;
    while done < steps || start.elapsed() < time {
        epochs.epoch(seed, Some(seed + 1), &never, |_| done += 1)?;
        seed += 1;
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::augment::{Augment, Variant};
    use crate::data::synthetic;
    use crate::fit::DeviceTrainer;
    use crate::net::Network;
    use crate::runtime::{Choice, DeviceOptions, Runtime};

    /// Images and steps of an epoch, more of them than are shown at a time.
    const IMAGES: usize = 60;

    /// Epochs of as many steps as images, where a GPU would have them or fed to the runtime.
    fn epochs(on_device: bool, test: impl FnOnce(&mut Epochs<'_>)) {
        let (runtime, network) = (Runtime::open(Choice::Tract, 1).unwrap(), Network::digits());
        let images = synthetic::digits(IMAGES, 0, synthetic::SEED).train;
        let record = crate::bench::record(&network, 1);
        let mut epochs = if on_device {
            let variants = &[Variant::Plain];
            let options = DeviceOptions::default();
            let trainer = DeviceTrainer::new(
                &runtime, &network, &record, None, &images, variants, options,
            );
            Epochs::OnDevice(Box::new(trainer.unwrap()))
        } else {
            let how = (Augment::None, DeviceOptions::default());
            Epochs::new(&runtime, &network, &record, None, &images, how).unwrap()
        };
        test(&mut epochs);
    }

    #[test]
    fn epochs_on_a_device_are_timed_whole() {
        epochs(true, |epochs| {
            warm_up(epochs).unwrap();
            for (steps, expected) in [(1, IMAGES), (IMAGES, IMAGES), (IMAGES + 1, 2 * IMAGES)] {
                let done = whole_epochs(epochs, steps, Duration::ZERO).unwrap();
                assert_eq!(done, expected);
            }
            let time = Duration::from_millis(1);
            assert_eq!(whole_epochs(epochs, 0, time).unwrap() % IMAGES, 0);
        });
    }

    #[test]
    fn fed_steps_are_as_many_as_were_asked_for() {
        epochs(false, |epochs| {
            for steps in [1, IMAGES, IMAGES + 1] {
                assert_eq!(some_steps(epochs, steps).unwrap(), steps);
            }
            assert!(train(epochs, 2).unwrap() > 0.0);
        });
    }
}
