//! The workers of a model, which share its engine.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::{io, thread};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::Bounds;
use super::about::About;
use super::job::{Answerer, Job};
use super::metrics::Metrics;
use super::problem::Problem;
use crate::engine::Engine;
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
    queue: Sender<Job>,
}

/// What the workers have in common.
struct Workers {
    name: String,
    contender: Contender,
    bytes: ModelBytes,
    bounds: Bounds,
    metrics: Metrics,
    jobs: Receiver<Job>,
}

type Started = io::Result<Result<Spec, InFile<ModelError>>>;

impl Pool {
    /// Opens the model and starts its workers; errors call it `file`.
    pub fn start(
        name: &str,
        file: &str,
        bytes: ModelBytes,
        bounds: &Bounds,
        metrics: &Metrics,
    ) -> io::Result<Result<Self, InFile<ModelError>>> {
        let (queue, jobs) = bounded(bounds.queue);
        let contender = Contender::chosen(&bytes);
        let workers = Workers {
            name: name.to_owned(),
            contender,
            bytes: Arc::clone(&bytes),
            bounds: bounds.clone(),
            metrics: metrics.clone(),
            jobs,
        };
        let (started, has_started) = bounded(1);
        let called = file.to_owned();
        workers
            .thread()
            .spawn(move || workers.run(&called, &started))?;
        let fault = |_| Err(io::Error::other("a fault while a model was opened"));
        let spec = has_started.recv().unwrap_or_else(fault)?;
        Ok(spec.map(|spec| Self {
            about: About::new(name, contender, &bytes, &spec),
            bytes,
            queue,
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

impl Workers {
    /// Opens the model once, says what has come of that, and answers jobs on all threads until there will be no more. An
    /// engine that threads cannot share has this one alone.
    fn run(&self, file: &str, started: &Sender<Started>) {
        let engine = match open_with(&self.bytes, file, self.contender, &self.bounds.limits) {
            Ok(engine) => engine,
            Err(error) => return drop(started.send(Ok(Err(error)))),
        };
        thread::scope(|scope| {
            let others = engine.shared().into_iter().cycle();
            for shared in others.take(self.bounds.workers.saturating_sub(1)) {
                let work = move || self.answer_all(shared);
                if let Err(error) = self.thread().spawn_scoped(scope, work) {
                    return drop(started.send(Err(error)));
                }
            }
            let _ = started.send(Ok(Ok(engine.spec().clone())));
            self.answer_all(&*engine);
        });
    }

    fn thread(&self) -> thread::Builder {
        thread::Builder::new().name(format!("model {}", self.name))
    }

    /// Answers jobs until there will be no more.
    fn answer_all(&self, engine: &dyn Engine) {
        let answerer = Answerer {
            name: &self.name,
            engine,
            bounds: &self.bounds,
        };
        for mut job in &self.jobs {
            // A fault of a decoder must not take the worker with it.
            let answer = catch_unwind(AssertUnwindSafe(|| answerer.answer(&mut job)));
            let answer = answer
                .unwrap_or(Err(Problem::Fault))
                .map(|(answer, count)| {
                    self.metrics.predicted(&self.name, count);
                    answer
                });
            // Who has the answer can count on the room.
            drop(job.room);
            // Who has asked may have gone.
            let _ = job.reply.send(answer);
        }
    }
}
