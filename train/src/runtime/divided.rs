//! A training step on several threads: parts of the batch, each in a session of its own, then one update.

use std::ops::Range;

use ort::value::DynValue;

use super::session::Resident;
use super::{Outputs, RuntimeError, Session};
use crate::models::part_name;
use crate::tensor::Tensor;

/// Models that compute gradients side by side, and one that updates the variables from them.
pub struct DividedStep {
    parts: Parts,
    update: Session,
}

/// Models that take parts of a batch side by side, a thread each.
pub struct Parts {
    parts: Vec<Part>,
    pool: rayon::ThreadPool,
}

/// What a part has computed, still with the runtime.
type Computed = Vec<(String, DynValue)>;

struct Part {
    session: Session,
    rows: Range<usize>,
}

impl Parts {
    /// `parts` come with the number of rows of a batch that they take, first rows first.
    pub(super) fn new(parts: Vec<(Session, usize)>) -> Result<Self, RuntimeError> {
        // The thread that asks takes a part itself, so that one less has to be woken.
        let others = parts.len().saturating_sub(1).max(1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(others);
        let pool = pool.build().map_err(|error| RuntimeError::Threads {
            threads: others,
            reason: error.to_string(),
        })?;
        let mut end = 0;
        let part = |(session, rows)| {
            let start = end;
            end += rows;
            Part {
                session,
                rows: start..end,
            }
        };
        Ok(Self {
            parts: parts.into_iter().map(part).collect(),
            pool,
        })
    }

    /// Runs all parts of a batch on these variables.
    fn run(
        &mut self,
        batch: &[(String, Tensor)],
        variables: &[Resident],
    ) -> Result<Vec<Computed>, RuntimeError> {
        self.check(batch)?;
        let mut computed: Vec<_> = self.parts.iter().map(|_| Ok(Vec::new())).collect();
        let mut others = self.parts.iter_mut().zip(&mut computed);
        let own = others.next();
        self.pool.in_place_scope(|scope| {
            for (part, result) in others {
                scope.spawn(|_| *result = part.run(batch, variables));
            }
            if let Some((part, result)) = own {
                *result = part.run(batch, variables);
            }
        });
        computed.into_iter().collect()
    }

    /// Fails unless each input has the rows of all parts.
    fn check(&self, batch: &[(String, Tensor)]) -> Result<(), RuntimeError> {
        let rows = self.parts.last().map_or(0, |last| last.rows.end);
        for (name, tensor) in batch {
            let found = tensor.tensor_type();
            if found.shape.first() != Some(&rows) {
                let name = name.clone();
                return Err(RuntimeError::Rows { name, rows, found });
            }
        }
        Ok(())
    }
}

impl DividedStep {
    pub(super) fn new(parts: Parts, update: Session) -> Self {
        Self { parts, update }
    }

    /// Runs one step. `batch` are the inputs with a row for each image, `feeds` the other ones of the update; the
    /// result holds the numbers that the parts compute beside the gradients, such as the loss, added up.
    pub fn run(
        &mut self,
        batch: &[(String, Tensor)],
        feeds: Vec<(String, Tensor)>,
    ) -> Result<Outputs, RuntimeError> {
        let computed = self.parts.run(batch, self.update.variables())?;
        let (mut gradients, mut numbers) = (Vec::new(), Vec::new());
        for (part, values) in computed.into_iter().enumerate() {
            for (name, value) in values {
                let gradient = part_name(&name, part);
                if self.update.has_input(&gradient) {
                    gradients.push((gradient, value));
                } else {
                    numbers.push((name, value));
                }
            }
        }
        let mut outputs = self.update.run_with_values(feeds, gradients)?;
        for (name, value) in numbers {
            outputs.add(name, &value)?;
        }
        Ok(outputs)
    }

    /// The current values of all variables.
    pub fn residents(&self) -> Result<Vec<(String, Tensor)>, RuntimeError> {
        self.update.residents()
    }
}

impl Part {
    fn run(
        &mut self,
        batch: &[(String, Tensor)],
        variables: &[Resident],
    ) -> Result<Computed, RuntimeError> {
        let rows =
            |(name, tensor): &(String, Tensor)| (name.clone(), tensor.rows(self.rows.clone()));
        let feeds = batch.iter().map(rows).collect();
        self.session.run_with(feeds, variables)
    }
}
