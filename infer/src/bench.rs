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
    /// The engine that answers soonest.
    pub choice: String,
    /// What else would be faster.
    pub note: Option<&'static str>,
    #[serde(skip)]
    pub fastest: Contender,
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
    let contenders = Contender::all(request.bytes);
    let mut speeds = Vec::new();
    for &contender in &contenders {
        for &threads in request.threads {
            speeds.push(measure(request, contender, threads)?);
        }
    }
    let one_thread = speeds.iter().filter(|speed| speed.threads == 1);
    let soonest = one_thread.min_by(|a, b| a.p50_microseconds.total_cmp(&b.p50_microseconds));
    let choice = soonest.map_or_else(String::new, |speed| speed.engine.clone());
    let fastest = contenders.into_iter().find(|found| found.name() == choice);
    let fastest = fastest.unwrap_or(Contender::Tract);
    let engine = open_with(request.bytes, request.name, fastest, request.limits)?;
    let is_int8 = engine.spec().input.quantization.is_some();
    let note = (is_int8 && matches!(fastest, Contender::Tract)).then_some(NOTE);
    let operators = match fastest {
        Contender::Integer(backend) => {
            let model = FlashModel::on(request.bytes, request.name, request.limits, backend)?;
            operators(&model)?
        }
        Contender::Tract => Vec::new(),
    };
    Ok(Benchmark {
        model: request.name.to_owned(),
        machine: Machine::now(),
        speeds,
        operators,
        choice,
        note,
        fastest,
    })
}

/// What is said of an ONNX model of 8 bits.
const NOTE: &str = "tract is made for floats; the flash file (.q8) that `train quantize` writes beside a model of 8 bits gives the same answers in the integer engine";

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
