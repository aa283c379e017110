//! How often a model is right on a test set, and what it takes for what.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

use crate::engine::{Cost, Engine};
use crate::error::RunError;
use crate::file::{InFile, WriteError};
use crate::output::Output;
use crate::parallel::{self, cores};
use crate::predict::{Prediction, predict};
use crate::source::SourceError;
use crate::spec::OutputSpec;
use crate::test_set::{How, TestSet};

mod classes;
mod reconstruction;
mod values;

use classes::{ClassTally, OfClasses};
use reconstruction::{OfReconstructions, ReconstructionTally};
use values::{OfValues, ValueTally};

/// The result of a model on a test set. [`fmt::Display`] is its table, [`Serialize`] its JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Evaluation {
    Classes(OfClasses),
    Values(OfValues),
    Reconstructions(OfReconstructions),
}

/// Why a model was not evaluated.
#[derive(Debug, Error)]
#[error(transparent)]
pub enum EvaluateError {
    Input(#[from] InFile<SourceError>),
    Run(#[from] InFile<RunError>),
    Write(#[from] WriteError),
}

/// What all runs took.
#[derive(Clone, Copy, Debug, Default)]
struct Effort {
    runs: usize,
    /// With all threads at once.
    elapsed: Duration,
    /// The most of both that an input took, on a board.
    cost: Option<Cost>,
}

impl Effort {
    /// Inputs a second; 0 where nothing has run.
    fn per_second(self) -> f64 {
        if self.elapsed.is_zero() {
            return 0.0;
        }
        self.runs as f64 / self.elapsed.as_secs_f64()
    }
}

enum Tally {
    Classes(ClassTally),
    Values(ValueTally),
    Reconstructions(ReconstructionTally),
}

impl EvaluateError {
    /// Whether the input is a picture that is left unread.
    fn is_unread(&self) -> bool {
        match self {
            Self::Input(InFile {
                problem: SourceError::Picture(error),
                ..
            }) => error.is_unread(),
            _ => false,
        }
    }
}

/// Runs the model on all inputs of the test set that was loaded for it; on all cores, if they can share it. After each, tells
/// `each` how many are done, and the output. Where classes are told, a picture in which no drawing is found, or several, has
/// none: `each` is told why, and if it does not return that, the picture counts as one that is not right.
pub fn evaluate(
    engine: &dyn Engine,
    test_set: &TestSet,
    how: How,
    mut each: impl FnMut(usize, Result<&Output, EvaluateError>) -> Result<(), EvaluateError>,
) -> Result<Evaluation, EvaluateError> {
    let mut tally = Tally::new(engine);
    let mut effort = Effort::default();
    let (threads, batch) = match engine.shared() {
        Some(_) => (cores(), BATCH * cores()),
        None => (1, 1),
    };
    let run = |engine: &dyn Engine, index| predicted(engine, test_set, index, how);
    for start in (0..test_set.count).step_by(batch) {
        let numbers = start..test_set.count.min(start + batch);
        let found = match engine.shared() {
            Some(engine) => parallel::map(numbers, |index| run(engine, index)),
            None => numbers.map(|index| run(engine, index)).collect(),
        };
        for (index, found) in (start..).zip(found) {
            let Prediction {
                output,
                elapsed,
                cost,
                prepared,
            } = match (found, &mut tally) {
                (Err(error), Tally::Classes(tally)) if error.is_unread() => {
                    tally.add_unread();
                    each(index + 1, Err(error))?;
                    continue;
                }
                (found, _) => found?,
            };
            effort.runs += 1;
            effort.elapsed += elapsed / threads as u32;
            let greatest = |found: Cost| found.max(effort.cost.unwrap_or_default());
            effort.cost = cost.map(greatest).or(effort.cost);
            let class = test_set.classes.as_ref().map(|classes| classes[index]);
            let targets = match engine.spec().output {
                OutputSpec::Values { outputs } => test_set.targets(index, outputs),
                _ => None,
            };
            tally.add(&output, class, targets);
            if let (Tally::Classes(tally), Some(prepared)) = (&mut tally, prepared) {
                tally.count(prepared);
            }
            each(index + 1, Ok(&output))?;
        }
    }
    Ok(tally.finish(effort))
}

/// Inputs that a core works on before the outputs of all are looked at.
const BATCH: usize = 64;

/// What the model makes of an input.
fn predicted(
    engine: &dyn Engine,
    test_set: &TestSet,
    index: usize,
    how: How,
) -> Result<Prediction, EvaluateError> {
    let candidates = test_set.candidates(index, &engine.spec().input, how)?;
    Ok(predict(engine, &candidates)?)
}

impl Tally {
    fn new(engine: &dyn Engine) -> Self {
        match &engine.spec().output {
            OutputSpec::Classes { labels } => Self::Classes(ClassTally::new(labels)),
            OutputSpec::Values { .. } => Self::Values(ValueTally::default()),
            OutputSpec::Reconstruction { threshold } => {
                Self::Reconstructions(ReconstructionTally::new(*threshold))
            }
        }
    }

    /// Counts an output of the kind that the model gives, for an input of this class, or with these numbers.
    fn add(&mut self, output: &Output, class: Option<usize>, targets: Option<&[f32]>) {
        match (self, output) {
            (Self::Classes(tally), Output::Classes(found)) => tally.add(found, class),
            (Self::Values(tally), Output::Values(found)) => tally.add(found, targets),
            (Self::Reconstructions(tally), Output::Reconstruction { difference, .. }) => {
                tally.add(*difference, class);
            }
            // An engine gives what it says.
            _ => {}
        }
    }

    fn finish(self, effort: Effort) -> Evaluation {
        match self {
            Self::Classes(tally) => Evaluation::Classes(tally.finish(effort)),
            Self::Values(tally) => Evaluation::Values(tally.finish(effort)),
            Self::Reconstructions(tally) => Evaluation::Reconstructions(tally.finish(effort)),
        }
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classes(evaluation) => evaluation.fmt(f),
            Self::Values(evaluation) => evaluation.fmt(f),
            Self::Reconstructions(evaluation) => evaluation.fmt(f),
        }
    }
}

/// The lines about what a board needed.
fn write_cost(f: &mut fmt::Formatter<'_>, cost: Option<Cost>) -> fmt::Result {
    if let Some(cost) = cost {
        writeln!(f, "cycles   {} an input at most", cost.cycles)?;
        writeln!(f, "memory   {} bytes of stack at most", cost.stack_bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::io::ErrorKind;

    use no_std_core::prepare::Preparation;

    use super::*;
    use crate::engine::Answer;
    use crate::input::Input;
    use crate::output::{Numbers, Values};
    use crate::spec::{InputSpec, Layout, Spec};
    use crate::support_arrays::{floats, npz};

    /// Gives what it takes.
    struct Same {
        spec: Spec,
        runs: Cell<usize>,
    }

    impl Engine for Same {
        fn spec(&self) -> &Spec {
            &self.spec
        }

        fn run(&self, input: &Input) -> Result<Answer, InFile<RunError>> {
            self.runs.set(self.runs.get() + 1);
            let Input::Floats(floats) = input.clone() else {
                panic!("the test set is of floats");
            };
            let output = Output::Values(Values {
                shape: vec![floats.len()],
                numbers: Numbers::Float(floats),
            });
            Ok(Answer { output, cost: None })
        }
    }

    #[test]
    fn outputs_are_given_as_they_come_until_one_is_not_taken() {
        let engine = Same {
            spec: Spec {
                input: InputSpec {
                    sizes: vec![2],
                    layout: Layout::Unknown,
                    quantization: None,
                    preparation: Preparation::NONE,
                },
                output: OutputSpec::Values { outputs: 2 },
            },
            runs: Cell::new(0),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.npz");
        let numbers: Vec<f32> = (0..10_u8).map(f32::from).collect();
        fs::write(&path, npz(&[("x", floats(&[5, 2], &numbers))])).unwrap();
        let test_set = TestSet::load(&path, &engine.spec).unwrap();
        let mut found = Vec::new();
        let ended = evaluate(&engine, &test_set, How::default(), |done, output| {
            assert_eq!(engine.runs.get(), done);
            found.extend(output?.numbers().reals());
            let source = ErrorKind::StorageFull.into();
            let path = path.clone();
            Ok((done < 3)
                .then_some(())
                .ok_or(WriteError { path, source })?)
        });
        assert!(matches!(ended, Err(EvaluateError::Write(_))));
        assert_eq!(found, numbers[..6]);
    }
}
