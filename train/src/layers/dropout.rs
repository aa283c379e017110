//! Dropout ([Srivastava et al.](https://jmlr.org/papers/v15/srivastava14a.html)): only training has it.

use serde::Deserialize;

use super::trained::{Pass, Trained, one};
use crate::graph::{GraphError, ValueId};

/// In training, sets a share of the inputs to zero and scales the rest up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    rate: f32,
}

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        if (0.0..1.0).contains(&self.rate) {
            Ok(one(inputs)?.to_vec())
        } else {
            Err(format!(
                "expected a rate from 0 to less than 1, found {}",
                self.rate
            ))
        }
    }

    fn drops(&self) -> Option<f32> {
        Some(self.rate)
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        _: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        match pass.next_mask() {
            Some(mask) => pass.graph.mul(inputs[0], mask),
            None => Ok(inputs[0]),
        }
    }
}
