//! What pixels become before a network sees them, where its description says it: numbers that are not trained.

use serde::Deserialize;

use super::trained::{Pass, Trained, picture};
use crate::graph::{GraphError, ValueId};

/// Each channel less its mean, divided by its deviation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let shape = picture(inputs)?;
        for (name, numbers, is_right) in [
            ("mean", &self.mean, f32::is_finite as fn(f32) -> bool),
            ("std", &self.std, f32::is_normal),
        ] {
            if numbers.len() != shape[0] || !numbers.iter().all(|&one| is_right(one)) {
                return Err(format!(
                    "expected `{name}` of {} channels, finite and as a divisor not 0, found {numbers:?}",
                    shape[0]
                ));
            }
        }
        Ok(shape.to_vec())
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        _: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        pass.graph.standardize(inputs[0], [&self.mean, &self.std])
    }
}
