//! The workers of a model, each with an engine of its own.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use super::Bounds;
use super::about::About;
use super::job::{Answerer, Job};
use super::metrics::Metrics;
use super::problem::Problem;
use crate::error::ModelError;
use crate::file::InFile;
use crate::open::{Contender, open_with};
use crate::spec::Spec;

/// The bytes of a model.
pub type ModelBytes = Arc<Cow<'static, [u8]>>;

/// One state of a model's file, with the workers that run it. They end once it is dropped and its jobs are done.
#[derive(Debug)]
pub struct Pool {
    pub about: About,
    pub bytes: ModelBytes,
    queue: SyncSender<Job>,
}

type Opened = Result<Spec, InFile<ModelError>>;

/// What a worker needs to begin.
struct Worker {
    name: String,
    contender: Contender,
    bytes: ModelBytes,
    bounds: Bounds,
    metrics: Metrics,
    jobs: Arc<Mutex<Receiver<Job>>>,
}

impl Pool {
    /// Starts the workers, of which each opens the model; errors call it `file`.
    pub fn start(
        name: &str,
        file: &str,
        bytes: ModelBytes,
        bounds: &Bounds,
        metrics: &Metrics,
    ) -> io::Result<Result<Self, InFile<ModelError>>> {
        let (queue, jobs) = mpsc::sync_channel(bounds.queue);
        let jobs = Arc::new(Mutex::new(jobs));
        let (opened, all_opened) = mpsc::channel();
        let contender = Contender::chosen(&bytes);
        for _ in 0..bounds.workers.max(1) {
            let worker = Worker {
                name: name.to_owned(),
                contender,
                bytes: Arc::clone(&bytes),
                bounds: bounds.clone(),
                metrics: metrics.clone(),
                jobs: Arc::clone(&jobs),
            };
            let (file, opened) = (file.to_owned(), opened.clone());
            let builder = thread::Builder::new().name(format!("model {name}"));
            builder.spawn(move || worker.run(&file, opened))?;
        }
        drop(opened);
        let specs: Result<Vec<Spec>, _> = all_opened.into_iter().collect();
        Ok(specs.map(|specs| {
            let spec = specs.first().expect("there is at least one worker");
            Self {
                about: About::new(name, contender, &bytes, spec),
                bytes,
                queue,
            }
        }))
    }

    /// Hands a job to the workers, unless too many are waiting.
    pub fn submit(&self, job: Job) -> Result<(), Problem> {
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Problem::Busy,
            TrySendError::Disconnected(_) => Problem::Fault,
        })
    }
}

impl Worker {
    /// Opens the model and answers jobs until there will be no more.
    fn run(&self, file: &str, opened: Sender<Opened>) {
        let engine = match open_with(&self.bytes, file, self.contender, &self.bounds.limits) {
            Ok(engine) => engine,
            Err(error) => return drop(opened.send(Err(error))),
        };
        let _ = opened.send(Ok(engine.spec().clone()));
        // Who opens the model waits until nobody can send.
        drop(opened);
        let answerer = Answerer {
            name: &self.name,
            engine: &*engine,
            bounds: &self.bounds,
        };
        while let Some(mut job) = self.next() {
            // A fault of a decoder must not take the worker with it.
            let answer = catch_unwind(AssertUnwindSafe(|| answerer.answer(&mut job)));
            let answer = answer
                .unwrap_or(Err(Problem::Fault))
                .map(|(answer, count)| {
                    self.metrics.predicted(&self.name, count);
                    answer
                });
            // Who has asked may have gone.
            let _ = job.reply.send(answer);
        }
    }

    fn next(&self) -> Option<Job> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.recv().ok()
    }
}
