//! How busy processors are while something runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::runtime::{Kind, Runtime, discover};

/// The driver averages over as much as this.
const SAMPLE: Duration = Duration::from_secs(1);

/// Shares of the time, 0 to 1.
#[derive(Debug, Serialize)]
pub struct Utilization {
    /// Processor time of the process over wall-clock time times threads; `None` where the system does not tell.
    pub cpu: Option<f64>,
    /// Mean of what NVIDIA's driver reports each second; `None` on other runtimes and for shorter work.
    pub gpu: Option<f64>,
}

/// Does the work and tells how busy the runtime was.
pub fn during<T>(runtime: &Runtime, work: impl FnOnce() -> T) -> (T, Utilization) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let gpu = (runtime.kind() == Kind::Cuda).then(|| scope.spawn(|| gpu_until(&done)));
        let (start, cpu_start) = (Instant::now(), cpu_time());
        let result = work();
        let wall = start.elapsed().as_secs_f64() * runtime.threads() as f64;
        let cpu = cpu_time().zip(cpu_start);
        done.store(true, Ordering::Relaxed);
        let used = Utilization {
            cpu: cpu.map(|(end, start)| end.saturating_sub(start).as_secs_f64() / wall),
            gpu: gpu.and_then(|samples| samples.join().ok().flatten()),
        };
        (result, used)
    })
}

fn gpu_until(done: &AtomicBool) -> Option<f64> {
    let mut samples = Vec::new();
    loop {
        thread::sleep(SAMPLE);
        if done.load(Ordering::Relaxed) {
            break;
        }
        samples.extend(discover::gpu_utilization());
    }
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
