//! Running a model on samples, one at a time as its users will.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, ArrayD};

use super::QuantizeError;
use super::samples::Samples;
use crate::runtime::Runtime;

/// What the input and the output of a model are called.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    pub input: &'static str,
    pub output: &'static str,
}

/// What runs models until the user stops it.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// Runs the graphs.
    pub runtime: &'a Runtime,
    /// What they call their input and output.
    pub names: Names,
    /// Becomes true when the user wants to stop; looked at before each sample.
    pub interrupted: &'a AtomicBool,
}

impl Runner<'_> {
    /// Fails once the user wants to stop.
    pub fn check_stop(&self) -> Result<(), QuantizeError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(QuantizeError::Stopped);
        }
        Ok(())
    }

    /// Calls `visit` with these outputs of the model for each sample.
    pub fn run(
        &self,
        model: &[u8],
        outputs: &[impl AsRef<str>],
        samples: &Samples,
        mut visit: impl FnMut(Vec<ArrayD<f32>>) -> Result<(), QuantizeError>,
    ) -> Result<(), QuantizeError> {
        let mut session = self.runtime.load(model, Vec::new())?;
        samples.each(|sample| {
            self.check_stop()?;
            let mut found = session.run(vec![(self.names.input.into(), sample.into())])?;
            let taken = outputs.iter().map(|name| found.take(name.as_ref()));
            visit(taken.collect::<Result<_, _>>()?)
        })
    }

    /// The outputs `[samples, elements]` of a model, all finite.
    pub fn outputs(&self, model: &[u8], samples: &Samples) -> Result<Array2<f32>, QuantizeError> {
        let name = self.names.output;
        let mut values = Vec::new();
        self.run(model, &[name], samples, |outputs| {
            values.extend(outputs.into_iter().flatten());
            Ok(())
        })?;
        if let Some(&found) = values.iter().find(|value| !value.is_finite()) {
            let node = name.into();
            return Err(QuantizeError::NotFinite { node, found });
        }
        let shape = (samples.len(), values.len() / samples.len());
        Ok(Array2::from_shape_vec(shape, values).expect("shapes are static, all rows are equal"))
    }
}
