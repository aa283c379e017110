//! Running a model on images, one at a time as its users will.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{Array2, ArrayD};

use super::QuantizeError;
use crate::data::Dataset;
use crate::data::augment::Variant;
use crate::data::batch::{Batches, Order};
use crate::models::{IMAGES, LOGITS};
use crate::runtime::Runtime;

/// What runs models, on which variants of each image, until the user stops it.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// Runs the graphs.
    pub runtime: &'a Runtime,
    /// What is seen of each image.
    pub variants: &'static [Variant],
    /// Becomes true when the user wants to stop; looked at before each image.
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

    /// Calls `visit` with these outputs of the model for each variant of each image.
    pub fn run(
        &self,
        model: &[u8],
        outputs: &[impl AsRef<str>],
        images: &Dataset,
        mut visit: impl FnMut(Vec<ArrayD<f32>>),
    ) -> Result<(), QuantizeError> {
        let mut session = self.runtime.load(model, Vec::new())?;
        for batch in Batches::new(images, self.variants, 1, Order::Sequential)? {
            self.check_stop()?;
            let mut found = session.run(vec![(IMAGES.into(), batch.images.into())])?;
            let taken = outputs.iter().map(|name| found.take(name.as_ref()));
            visit(taken.collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    /// The logits `[samples, classes]` of a model, all finite.
    pub fn logits(&self, model: &[u8], images: &Dataset) -> Result<Array2<f32>, QuantizeError> {
        let mut logits = Vec::new();
        self.run(model, &[LOGITS], images, |outputs| {
            logits.extend(outputs.into_iter().flatten());
        })?;
        if let Some(&found) = logits.iter().find(|logit| !logit.is_finite()) {
            let node = LOGITS.into();
            return Err(QuantizeError::NotFinite { node, found });
        }
        let samples = images.len() * self.variants.len();
        let shape = (samples, logits.len() / samples);
        Ok(Array2::from_shape_vec(shape, logits).expect("shapes are static, all rows are equal"))
    }
}
