//! A request as a worker has it: files in, JSON out, by the code of `infer predict --json`.

use std::path::PathBuf;

use ::input::arrays::{self, Array, Arrays, Elements};
use axum::body::Bytes;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::oneshot::Sender;

use super::Bounds;
use super::problem::{Described, Problem};
use crate::engine::Engine;
use crate::input::Input;
use crate::picture::header;
use crate::predict::predict;
use crate::prepare::{Preparing, Wish};
use crate::report::Report;
use crate::source::{Content, Source, SourceError};
use crate::spec::InputSpec;

/// What a request wants to know of its files.
#[derive(Debug)]
pub struct Job {
    pub files: Files,
    pub options: Options,
    pub reply: Sender<Result<Vec<u8>, Problem>>,
    /// For the memory of the files.
    pub room: OwnedSemaphorePermit,
}

/// What a body holds.
#[derive(Debug)]
pub enum Files {
    /// The body itself is a file.
    File(Bytes),
    /// It is the numbers that a model takes, in their own order and type.
    Tensor(Bytes),
    /// It has files with names.
    Parts(Vec<(String, Bytes)>),
}

impl Files {
    /// The files, of which nothing is left.
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Parts(Vec::new()))
    }
}

/// How the files are to be taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub prepare: Option<Wish>,
    /// Whether the answer is to have what the network sees.
    pub input: Flag,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Flag {
    #[default]
    #[serde(rename = "0")]
    No,
    #[serde(rename = "1")]
    Yes,
}

/// A list of predictions as it grows: each as `infer predict --json` prints it, or the problem of a file that gave none.
struct Answer {
    json: Vec<u8>,
    count: usize,
}

#[derive(Serialize)]
struct Failed<'a> {
    file: &'a str,
    error: Described,
}

/// A prediction as `infer predict --json` prints it, and what the network saw.
#[derive(Serialize)]
struct Predicted<'a> {
    #[serde(flatten)]
    report: Report<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Seen>,
}

/// The pixels of an input.
#[derive(Serialize)]
struct Seen {
    rows: usize,
    columns: usize,
    channels: usize,
    /// `[row][column][channel]`, in base64.
    pixels: String,
}

/// What answers the jobs of one model.
pub struct Answerer<'e> {
    pub name: &'e str,
    pub engine: &'e dyn Engine,
    pub bounds: &'e Bounds,
}

impl Answer {
    fn new(model: &str) -> Self {
        Self {
            // The names of models have nothing that would have to be escaped.
            json: format!(r#"{{"model":"{model}","predictions":["#).into_bytes(),
            count: 0,
        }
    }

    fn push(&mut self, item: &impl Serialize) -> Result<(), Problem> {
        if self.count > 0 {
            self.json.push(b',');
        }
        self.count += 1;
        serde_json::to_writer(&mut self.json, item).map_err(|_| Problem::Fault)
    }

    fn finish(mut self) -> (Vec<u8>, usize) {
        self.json.extend(b"]}");
        (self.json, self.count)
    }
}

impl Answerer<'_> {
    /// The answer to a job, and how many inputs it is about. Of several files some may fail; one that is alone has its problem
    /// as the answer.
    pub fn answer(&self, job: &mut Job) -> Result<(Vec<u8>, usize), Problem> {
        let mut answer = Answer::new(self.name);
        match job.files.take() {
            Files::File(bytes) => self.predict("-", &content(bytes)?, job, &mut answer)?,
            Files::Tensor(bytes) => {
                let content = tensor(&self.engine.spec().input, &bytes)?;
                self.predict("-", &content, job, &mut answer)?;
            }
            Files::Parts(files) => self.predict_parts(files, job, &mut answer)?,
        }
        Ok(answer.finish())
    }

    fn predict_parts(
        &self,
        files: Vec<(String, Bytes)>,
        job: &Job,
        answer: &mut Answer,
    ) -> Result<(), Problem> {
        for (file, bytes) in files {
            let predicted =
                content(bytes).and_then(|content| self.predict(&file, &content, job, answer));
            match predicted {
                Ok(()) => {}
                Err(problem @ (Problem::TooManyInputs(_) | Problem::Fault)) => return Err(problem),
                Err(problem) => answer.push(&Failed {
                    file: &file,
                    error: problem.described(),
                })?,
            }
        }
        Ok(())
    }

    fn predict(
        &self,
        file: &str,
        content: &Content,
        job: &Job,
        answer: &mut Answer,
    ) -> Result<(), Problem> {
        let spec = self.engine.spec();
        let preparing = Preparing::of(spec, job.options.prepare)?;
        if let Content::Picture(picture) = content {
            self.check_size(picture)?;
        }
        let source = Source(PathBuf::from(file));
        for input in content.inputs(&spec.input, preparing)? {
            let limit = self.bounds.inputs;
            // Nobody waits any more for an answer that took too long.
            if answer.count == limit || job.reply.is_closed() {
                return Err(Problem::TooManyInputs(limit));
            }
            let (sample, candidates) = input?;
            let prediction = predict(self.engine, &candidates)?;
            let mut report = Report::new(&source, spec, &prediction);
            if let Some(sample) = sample {
                report = report.of_sample(sample);
            }
            let wants_input = job.options.input == Flag::Yes;
            let input = candidates.counted(prediction.prepared);
            let input = wants_input.then(|| seen(&spec.input, input)).flatten();
            answer.push(&Predicted { report, input })?;
        }
        Ok(())
    }

    /// Refuses a picture that is too large by its header.
    fn check_size(&self, picture: &[u8]) -> Result<(), Problem> {
        let header = header(picture).map_err(SourceError::from)?;
        let (rows, columns) = (header.rows, header.columns);
        let limit = self.bounds.pixels;
        if u64::from(rows) * u64::from(columns) > limit {
            return Err(Problem::TooManyPixels {
                limit,
                rows,
                columns,
            });
        }
        Ok(())
    }
}

/// What a file holds. Archives may grow to many times their size, and are refused.
fn content(bytes: Bytes) -> Result<Content, Problem> {
    if bytes.starts_with(b"PK") {
        return Err(Problem::Archive);
    }
    Ok(Content::of(bytes.into()).map_err(SourceError::from)?)
}

/// The samples in bytes that are those of one or several.
fn tensor(spec: &InputSpec, bytes: &[u8]) -> Result<Content, Problem> {
    let size = if spec.quantization.is_some() { 1 } else { 4 };
    let sample = spec.elements() * size;
    let count = bytes.len() / sample;
    if count == 0 || count * sample != bytes.len() {
        let element = if size == 1 { "int8" } else { "float32" };
        return Err(Problem::Tensor {
            expected: format!("{element} {:?}, {sample} bytes a sample", spec.sizes),
            found: bytes.len(),
        });
    }
    let elements = if size == 1 {
        Elements::Int8(bytes.iter().map(|byte| byte.cast_signed()).collect())
    } else {
        let (floats, _) = bytes.as_chunks::<4>();
        Elements::Float32(
            floats
                .iter()
                .map(|&float| f32::from_le_bytes(float))
                .collect(),
        )
    };
    let shape = [&[count], &spec.sizes[..]].concat();
    let arrays = Arrays {
        numbers: vec![(String::new(), Array { shape, elements })],
        others: Vec::new(),
    };
    let samples = arrays::samples(arrays).map_err(SourceError::from)?;
    Ok(Content::Samples(samples))
}

/// What the network sees, if it is a picture.
fn seen(spec: &InputSpec, input: &Input) -> Option<Seen> {
    let [rows, columns, channels] = spec.picture()?;
    let pixels = BASE64_STANDARD.encode(spec.pixels_of(input)?);
    Some(Seen {
        rows,
        columns,
        channels,
        pixels,
    })
}
