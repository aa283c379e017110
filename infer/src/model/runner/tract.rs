//! Graphs in tract.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use input::onnx::{OnnxError, guarded};
use tract_onnx::prelude::*;

use super::Runner;
use crate::error::RunError;

/// A graph whose operators are in the order in which they run, and what runs have in work: as many as were under way at once.
struct Plan {
    plan: Arc<TypedRunnableModel>,
    idle: Mutex<Vec<TypedSimpleState>>,
}

/// Makes a graph ready to run.
pub fn runner(graph: TypedModel) -> Result<Arc<dyn Runner>, OnnxError> {
    let plan = guarded(|| graph.into_optimized()?.into_runnable())?;
    Ok(Arc::new(Plan {
        plan,
        idle: Mutex::default(),
    }))
}

impl Plan {
    fn idle(&self) -> MutexGuard<'_, Vec<TypedSimpleState>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner for Plan {
    fn run(&self, sizes: &[usize], input: &[f32]) -> Result<Vec<f32>, RunError> {
        let run = || -> TractResult<Vec<f32>> {
            let input = Tensor::from_shape(sizes, input)?;
            let idle = self.idle().pop();
            let mut state = idle.map_or_else(|| self.plan.spawn(), Ok)?;
            let outputs = state.run(tvec!(input.into()))?;
            self.idle().push(state);
            Ok(outputs[0].to_plain_array_view()?.iter().copied().collect())
        };
        Ok(guarded(run)?)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
