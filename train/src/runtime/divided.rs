//! A training step on several threads: parts of the batch, each in a session of its own, then one update.

use std::ops::Range;

use ort::value::DynValue;

use super::session::Resident;
use super::{Outputs, Runtime, RuntimeError, Session};
use crate::models::part_name;
use crate::tensor::Tensor;

/// Models that compute gradients side by side, a thread each, and one that updates the variables from them.
pub struct DividedStep {
    parts: Vec<Part>,
    pool: rayon::ThreadPool,
    update: Session,
}

/// What a part has computed, still with the runtime.
type Computed = Vec<(String, DynValue)>;

struct Part {
    session: Session,
    rows: Range<usize>,
}

impl Runtime {
    /// Prepares a step in parts that run at the same time, a thread each. `parts` are the models that compute the
    /// gradients, with the number of rows of a batch that each takes, first rows first; `update` takes what they compute.
    pub fn load_divided(
        &self,
        parts: &[(Vec<u8>, usize)],
        update: &[u8],
        residents: Vec<(String, Tensor)>,
    ) -> Result<DividedStep, RuntimeError> {
        let update = self.load_with(1, update, residents)?;
        let mut end = 0;
        let part = |(onnx, rows): &(Vec<u8>, usize)| {
            let start = end;
            end += rows;
            Ok(Part {
                // One thread each: the idle threads of one session would spin while another one works.
                session: self.load_with(1, onnx, Vec::new())?,
                rows: start..end,
            })
        };
        let parts = parts
            .iter()
            .map(part)
            .collect::<Result<Vec<_>, RuntimeError>>()?;
        // The thread that asks takes a part itself, so that one less has to be woken.
        let threads = parts.len().saturating_sub(1).max(1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| RuntimeError::Threads {
            threads,
            reason: error.to_string(),
        })?;
        Ok(DividedStep {
            parts,
            pool,
            update,
        })
    }
}

impl DividedStep {
    /// Runs one step. `batch` are the inputs with a row for each image, `feeds` the other ones of the update; the
    /// result holds the numbers that the parts compute beside the gradients, such as the loss, added up.
    pub fn run(
        &mut self,
        batch: &[(String, Tensor)],
        feeds: Vec<(String, Tensor)>,
    ) -> Result<Outputs, RuntimeError> {
        let computed = self.run_parts(batch)?;
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

    fn run_parts(&mut self, batch: &[(String, Tensor)]) -> Result<Vec<Computed>, RuntimeError> {
        self.check(batch)?;
        let variables = self.update.variables();
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
