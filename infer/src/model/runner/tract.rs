//! Graphs in tract.

use std::sync::Arc;

use input::onnx::{OnnxError, guarded};
use tract_onnx::prelude::*;

use super::Runner;
use crate::error::RunError;

/// A graph whose operators are in the order in which they run.
#[derive(Debug)]
struct Plan(Arc<TypedRunnableModel>);

/// Makes a graph ready to run.
pub fn runner(graph: TypedModel) -> Result<Arc<dyn Runner>, OnnxError> {
    let plan = guarded(|| graph.into_optimized()?.into_runnable())?;
    Ok(Arc::new(Plan(plan)))
}

impl Runner for Plan {
    fn run(&self, sizes: &[usize], input: &[f32]) -> Result<Vec<f32>, RunError> {
        let run = || -> TractResult<Vec<f32>> {
            let input = Tensor::from_shape(sizes, input)?;
            let outputs = self.0.run(tvec!(input.into()))?;
            Ok(outputs[0].to_plain_array_view()?.iter().copied().collect())
        };
        Ok(guarded(run)?)
    }
}
