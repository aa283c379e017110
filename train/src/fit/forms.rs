//! The forms in which a network trains the fastest on this machine.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use input::file;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::FitError;
use crate::architecture::Network;
use crate::checkpoint::Record;
use crate::data::random::Random;
use crate::data::{cache_folder, hexadecimal};
use crate::graph::{Candidate, Chosen, Forms, Place};
use crate::models;
use crate::runtime::{Kind, Runtime};
use crate::tensor::Tensor;

/// The share of the usual form's time that another one must save.
const WORTHWHILE: f64 = 0.03;

/// Which form to take for each part of a training step where there are several: what was measured before on this machine, with
/// this runtime, and on these shapes, else what is measured now, for a second or a few. On a GPU forms are chosen for results
/// that are the same every time, and there is nothing to measure.
pub fn fastest(runtime: &Runtime, network: &Network, record: &Record) -> Result<Chosen, FitError> {
    if runtime.kind() == Kind::Cuda {
        return Ok(Chosen::new());
    }
    let cache = Cache::new(runtime);
    let mut known = cache.read();
    let before = known.len();
    // What a candidate is made of may have to be measured before it.
    loop {
        let forms = Forms::in_search(runtime.target(), known.clone());
        let threads = build(runtime, network, record, &forms)?;
        let (taken, open) = forms.found();
        if open.is_empty() {
            if known.len() > before {
                cache.write(known);
            }
            return Ok(taken);
        }
        for place in open {
            let form = fastest_of(runtime, threads, &place);
            known.insert(place.name, form.into());
        }
    }
}

/// Builds the graphs of a step, and returns the threads that each one has.
fn build(
    runtime: &Runtime,
    network: &Network,
    record: &Record,
    forms: &Forms,
) -> Result<usize, FitError> {
    let method = record.method();
    match &super::trainer::parts(runtime, network, record)[..] {
        [_] => {
            models::training(network, method, record.batch_size, forms.clone())?;
            Ok(runtime.threads())
        }
        parts => {
            for &rows in parts {
                models::part(network, &method, rows, forms.clone())?;
            }
            Ok(1)
        }
    }
}

/// The form of a place whose runs are the shortest; one that a runtime does not take is none.
fn fastest_of(runtime: &Runtime, threads: usize, place: &Place) -> &'static str {
    let [usual, others @ ..] = &place.candidates[..] else {
        return "";
    };
    let time = |candidate: &Candidate| {
        let time = runtime.shortest_run(threads, &candidate.onnx, drawn(candidate));
        time.as_ref().map_or(f64::INFINITY, Duration::as_secs_f64)
    };
    let (mut form, mut least) = (usual.form, time(usual) * (1.0 - WORTHWHILE));
    for candidate in others {
        let time = time(candidate);
        if time < least {
            (form, least) = (candidate.form, time);
        }
    }
    form
}

/// Numbers for a candidate's inputs: which ones is of no account.
fn drawn(candidate: &Candidate) -> Vec<(String, Tensor)> {
    let mut random = Random::new(0, 0);
    let mut tensor = |shape: &[usize]| {
        let number = || random.between(-1.0, 1.0);
        ndarray::ArrayD::from_shape_simple_fn(shape, number).into()
    };
    let inputs = candidate.inputs.iter();
    inputs
        .map(|(name, tensor_type)| (name.clone(), tensor(&tensor_type.shape)))
        .collect()
}

/// What was measured with a runtime on a machine, in a file of the user's cache.
struct Cache {
    machine: String,
    runtime: String,
    /// `None` where this system has no place for it.
    file: Option<PathBuf>,
}

/// What the file says.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    machine: String,
    runtime: String,
    forms: Chosen,
}

impl Cache {
    fn new(runtime: &Runtime) -> Self {
        let (machine, runtime) = (machine(), runtime.description());
        let digest = Sha256::digest(format!("{machine}\n{runtime}"));
        let name = format!("{}.json", &hexadecimal(&digest)[..16]);
        let folder = cache_folder("forms").ok();
        Self {
            machine,
            runtime,
            file: folder.map(|folder| folder.join(name)),
        }
    }

    /// Nothing where there is no such file, or none of this machine and runtime.
    fn read(&self) -> Chosen {
        let bytes = self.file.as_ref().and_then(|file| fs::read(file).ok());
        let remembered = bytes.and_then(|bytes| serde_json::from_slice::<Remembered>(&bytes).ok());
        let own =
            remembered.filter(|one| one.machine == self.machine && one.runtime == self.runtime);
        own.map(|one| one.forms).unwrap_or_default()
    }

    /// What cannot be kept is measured again.
    fn write(self, forms: Chosen) {
        let Some(path) = self.file else { return };
        let remembered = Remembered {
            machine: self.machine,
            runtime: self.runtime,
            forms,
        };
        if let Ok(json) = serde_json::to_vec_pretty(&remembered) {
            let _ = file::write(&path, &json);
        }
    }
}

/// The processor, as far as programs can tell.
fn machine() -> String {
    const TOLD_BY: [&str; 6] = [
        "model name",
        "flags",
        "Features",
        "CPU implementer",
        "CPU part",
        "cache size",
    ];
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let first = told.split("\n\n").next().unwrap_or_default();
    let is_telling = |line: &&str| TOLD_BY.iter().any(|name| line.starts_with(name));
    let lines: Vec<&str> = first.lines().filter(is_telling).collect();
    format!("{}\n{}", env::consts::ARCH, lines.join("\n"))
}
