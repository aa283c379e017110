//! A training step on several threads: parts of the batch, each in a session of its own, then one update.

use std::ops::Range;

use ort::value::DynValue;
use rayon::prelude::*;

use super::session::Resident;
use super::{Outputs, RuntimeError, Session};
use crate::models::shard_name;
use crate::tensor::Tensor;

/// Models that compute gradients side by side, and one that updates the variables from them.
pub struct Shards {
    shards: Vec<Shard>,
    update: Session,
    pool: rayon::ThreadPool,
}

struct Shard {
    session: Session,
    rows: Range<usize>,
}

impl Shards {
    /// `shards` come with the number of rows of a batch that they take, first rows first.
    pub(super) fn new(
        shards: Vec<(Session, usize)>,
        update: Session,
    ) -> Result<Self, RuntimeError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(shards.len());
        let pool = pool.build().map_err(|error| RuntimeError::Run {
            runtime: "the thread pool",
            reason: error.to_string(),
        })?;
        let mut end = 0;
        let shard = |(session, rows)| {
            let start = end;
            end += rows;
            Shard {
                session,
                rows: start..end,
            }
        };
        Ok(Self {
            shards: shards.into_iter().map(shard).collect(),
            update,
            pool,
        })
    }

    /// Runs one step. `batch` are the inputs with a row for each image, `feeds` the other ones of the update; the
    /// result holds the numbers that the parts compute beside the gradients, such as the loss, added up.
    pub fn run(
        &mut self,
        batch: &[(String, Tensor)],
        feeds: Vec<(String, Tensor)>,
    ) -> Result<Outputs, RuntimeError> {
        let variables = self.update.variables();
        let shards = self.shards.par_iter_mut();
        let parts = shards.map(|shard| shard.run(batch, variables));
        let parts: Vec<_> = self.pool.install(|| parts.collect::<Result<_, _>>())?;
        let (mut gradients, mut numbers) = (Vec::new(), Vec::new());
        for (shard, values) in parts.into_iter().enumerate() {
            for (name, value) in values {
                let gradient = shard_name(&name, shard);
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

impl Shard {
    fn run(
        &mut self,
        batch: &[(String, Tensor)],
        variables: &[Resident],
    ) -> Result<Vec<(String, DynValue)>, RuntimeError> {
        let rows =
            |(name, tensor): &(String, Tensor)| (name.clone(), tensor.rows(self.rows.clone()));
        let feeds = batch.iter().map(rows).collect();
        self.session.run_with(feeds, variables)
    }
}
