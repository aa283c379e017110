//! One engine, and so many threads of it.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::sample::sample;
use super::{BenchmarkError, Request, machine};
use crate::engine::Engine;
use crate::error::RunError;
use crate::file::InFile;
use crate::open::{Contender, open_with};

/// Runs before those that count: they fetch code, weights and memory.
const WARM_UP: Duration = Duration::from_millis(200);
/// So many at least, however long they take.
const FEWEST: usize = 10;

/// How fast an engine is with so many threads, each of which runs the model by itself.
#[derive(Clone, Debug, Serialize)]
pub struct Speed {
    pub engine: String,
    pub threads: usize,
    pub runs: usize,
    /// Half of the runs took at most so long, 95 and 99 of a hundred.
    pub p50_microseconds: f64,
    pub p95_microseconds: f64,
    pub p99_microseconds: f64,
    /// Of all threads together.
    pub runs_per_second: f64,
    /// Processor time for each unit of time that passed: how many cores were busy. `None` where the system does not tell.
    pub busy_cores: Option<f64>,
    /// The most memory that the program had at once, with the model open in all threads.
    pub peak_memory_bytes: Option<u64>,
}

/// Opens the model in each thread, and has all of them run it for the time asked for.
pub(super) fn measure(
    request: &Request<'_>,
    contender: Contender,
    threads: usize,
) -> Result<Speed, BenchmarkError> {
    machine::forget_peak_memory();
    let start = Barrier::new(threads + 1);
    let (times, passed, busy) = thread::scope(|scope| {
        let work = || work(request, contender, &start);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        start.wait();
        let (began, busy) = (Instant::now(), machine::processor_time());
        let times: Result<Vec<Vec<Duration>>, BenchmarkError> = workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect();
        let busy = machine::processor_time()
            .zip(busy)
            .map(|(end, start)| end.saturating_sub(start));
        (times, began.elapsed(), busy)
    });
    let mut times = times?.concat();
    times.sort_unstable();
    let quantile = |percent: usize| {
        let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    Ok(Speed {
        engine: contender.name(),
        threads,
        runs: times.len(),
        p50_microseconds: quantile(50),
        p95_microseconds: quantile(95),
        p99_microseconds: quantile(99),
        runs_per_second: times.len() as f64 / passed.as_secs_f64(),
        busy_cores: busy.map(|busy| busy.as_secs_f64() / passed.as_secs_f64()),
        peak_memory_bytes: machine::peak_memory(),
    })
}

/// The times of one thread's runs.
fn work(
    request: &Request<'_>,
    contender: Contender,
    start: &Barrier,
) -> Result<Vec<Duration>, BenchmarkError> {
    let opened = open_with(request.bytes, request.name, contender, request.limits);
    let warm = opened.map_err(BenchmarkError::from).and_then(|engine| {
        run_for(&*engine, WARM_UP)?;
        Ok(engine)
    });
    // Whoever fails must not keep the others waiting.
    start.wait();
    Ok(run_for(&*warm?, request.time)?)
}

fn run_for(engine: &dyn Engine, time: Duration) -> Result<Vec<Duration>, InFile<RunError>> {
    let input = sample(&engine.spec().input);
    let (mut times, start) = (Vec::new(), Instant::now());
    while times.len() < FEWEST || start.elapsed() < time {
        let began = Instant::now();
        engine.run(&input)?;
        times.push(began.elapsed());
    }
    Ok(times)
}

impl Speed {
    /// A row of the table.
    pub(super) fn cells(&self) -> Vec<String> {
        let unknown = || "-".to_owned();
        let memory = self.peak_memory_bytes;
        vec![
            self.engine.clone(),
            self.threads.to_string(),
            format!("{:.1}", self.p50_microseconds),
            format!("{:.1}", self.p95_microseconds),
            format!("{:.1}", self.p99_microseconds),
            format!("{:.0}", self.runs_per_second),
            self.busy_cores
                .map_or_else(unknown, |cores| format!("{cores:.2}")),
            memory.map_or_else(unknown, |bytes| format!("{:.1}", bytes as f64 / 1e6)),
        ]
    }
}
