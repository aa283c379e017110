//! How fast each engine runs a model on the machine at hand.

use std::fmt;
use std::time::Duration;

use input::limits::Limits;
use serde::Serialize;

use crate::error::{ModelError, RunError};
use crate::file::InFile;
use crate::flash::FlashModel;
use crate::open::{Contender, open_with};
use crate::table::{left_aligned, right_aligned};

mod machine;
mod measure;
mod operators;
mod sample;

pub use machine::{Machine, name as machine_name};
use measure::{Speed, measure};
use operators::{OperatorTime, operators};

/// What was measured of a model. [`fmt::Display`] is its tables, [`Serialize`] its JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct Benchmark {
    pub model: String,
    pub machine: Machine,
    pub speeds: Vec<Speed>,
    /// Of the fastest integer engine, each operator.
    pub operators: Vec<OperatorTime>,
    /// The engine that answers soonest, of the fewest threads measured.
    pub choice: String,
    /// What else would be faster.
    pub note: Option<&'static str>,
}

/// What is measured, and for how long.
pub struct Request<'a> {
    pub bytes: &'a [u8],
    pub name: &'a str,
    pub limits: &'a Limits,
    /// How many threads run the model at once: one setting after the other.
    pub threads: &'a [usize],
    /// For each engine and number of threads.
    pub time: Duration,
}

/// Runs the model in each engine that can run it here, on one input of random values over and over.
///
/// # Errors
///
/// If an engine does not open the model, or does not run it.
pub fn benchmark(request: &Request<'_>) -> Result<Benchmark, BenchmarkError> {
    let fewest = request.threads.iter().min();
    let (mut speeds, mut medians) = (Vec::new(), Vec::new());
    for contender in Contender::all(request.bytes) {
        for threads in request.threads {
            let speed = measure(request, contender, *threads)?;
            if Some(threads) == fewest {
                medians.push((contender, speed.p50_microseconds));
            }
            speeds.push(speed);
        }
    }
    let soonest = medians.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let chosen = || Contender::chosen(request.bytes);
    let fastest = soonest.map_or_else(chosen, |&(contender, _)| contender);
    let engine = open_with(request.bytes, request.name, fastest, request.limits)?;
    let is_float = !matches!(fastest, Contender::Integer(_));
    let note = (is_float && engine.spec().input.quantization.is_some()).then_some(NOTE);
    let operators = match fastest {
        Contender::Integer(backend) => {
            let model = FlashModel::on(request.bytes, request.name, request.limits, backend)?;
            operators(&model)?
        }
        Contender::Tract | Contender::OnnxRuntime => Vec::new(),
    };
    Ok(Benchmark {
        model: request.name.to_owned(),
        machine: Machine::now(),
        speeds,
        operators,
        choice: fastest.name(),
        note,
    })
}

/// What is said of an ONNX model of 8 bits.
const NOTE: &str = "the flash file (.q8) that `train quantize` writes beside a model of 8 bits gives the same answers in the integer engine, which is made for them";

/// Why a model was not measured.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum BenchmarkError {
    Model(#[from] InFile<ModelError>),
    Run(#[from] InFile<RunError>),
}

impl fmt::Display for Benchmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} on {}\n", self.model, self.machine)?;
        let heading = [
            "engine", "threads", "p50 us", "p95 us", "p99 us", "a second", "cores", "MB",
        ];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        rows.extend(self.speeds.iter().map(Speed::cells));
        f.write_str(&right_aligned(&rows))?;
        if !self.operators.is_empty() {
            writeln!(f, "\nOperators, {}, one thread:", self.choice)?;
            let mut rows = vec![OperatorTime::HEADING.map(str::to_owned).to_vec()];
            rows.extend(self.operators.iter().map(OperatorTime::cells));
            f.write_str(&left_aligned(&rows))?;
        }
        writeln!(f, "\nchoice: {}", self.choice)?;
        self.note.map_or(Ok(()), |note| writeln!(f, "note: {note}"))
    }
}
