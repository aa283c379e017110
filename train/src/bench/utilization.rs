//! How busy processors are while something runs.

use std::iter;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::runtime::{Kind, Runtime, discover};

/// The driver averages over as much as this.
const SAMPLE: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize)]
pub struct Utilization {
    /// Processor time of the process over wall-clock time times the runtime's threads. The thread that makes batches
    /// comes on top of these, so this can exceed 1. `None` where the system does not tell.
    pub cpu: Option<f64>,
    /// Mean of what NVIDIA's driver reports each second, 0 to 1; `None` on other runtimes and for shorter work.
    pub gpu: Option<f64>,
}

/// Does the work and tells how busy the runtime was.
pub fn during<T>(runtime: &Runtime, work: impl FnOnce() -> T) -> (T, Utilization) {
    let work = || with_cpu(runtime.threads(), work);
    let ((result, cpu), gpu) = match runtime.kind() {
        Kind::Cuda => with_samples(SAMPLE, discover::gpu_utilization, work),
        Kind::Onnxruntime | Kind::Tract => (work(), None),
    };
    (result, Utilization { cpu, gpu })
}

/// Does the work and tells the share of the processor time of so many threads that it took.
fn with_cpu<T>(threads: usize, work: impl FnOnce() -> T) -> (T, Option<f64>) {
    let (start, cpu_start) = (Instant::now(), cpu_time());
    let result = work();
    let wall = start.elapsed().as_secs_f64() * threads as f64;
    let share = |(end, start): (Duration, Duration)| end.saturating_sub(start).as_secs_f64() / wall;
    (result, cpu_time().zip(cpu_start).map(share))
}

/// Does the work and takes a sample after each period of it; tells their mean, if there are any.
fn with_samples<T>(
    period: Duration,
    sample: impl Fn() -> Option<f64> + Send,
    work: impl FnOnce() -> T,
) -> (T, Option<f64>) {
    thread::scope(|scope| {
        // The sampling ends when `working` is dropped, which a panic of the work does as well.
        let (working, over) = mpsc::channel::<()>();
        let samples = scope.spawn(move || {
            let waited = || over.recv_timeout(period) == Err(RecvTimeoutError::Timeout);
            let samples = iter::from_fn(|| waited().then(&sample));
            samples.flatten().collect::<Vec<_>>()
        });
        let result = work();
        drop(working);
        (result, samples.join().ok().and_then(|all| mean(&all)))
    })
}

fn mean(samples: &[f64]) -> Option<f64> {
    (!samples.is_empty()).then(|| samples.iter().sum::<f64>() / samples.len() as f64)
}

#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID.now();
    time.ok().map(Into::into)
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// Longer than a test may take.
    const NEVER: Duration = Duration::from_hours(1);

    #[test]
    fn samples_are_taken_until_the_work_is_done() {
        let (taken, sampled) = channel();
        let sample = move || {
            taken.send(()).unwrap();
            Some(0.5)
        };
        let work = || sampled.iter().take(3).count();
        let period = Duration::from_millis(1);
        assert_eq!(with_samples(period, sample, work), (3, Some(0.5)));
    }

    #[test]
    fn work_that_is_over_before_a_sample_does_not_wait_for_it() {
        assert_eq!(with_samples(NEVER, || Some(1.0), || 7), (7, None));
    }

    #[test]
    #[should_panic(expected = "of the work")]
    fn a_panic_of_the_work_ends_the_sampling() {
        with_samples(NEVER, || Some(1.0), || panic!("of the work"));
    }

    #[test]
    fn a_mean_needs_samples() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[0.5, 1.0]), Some(0.75));
    }
}
