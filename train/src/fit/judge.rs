//! Epochs measured on samples that are not learnt from.

use super::{Epochs, FitError, Sums};
use crate::architecture::Network;
use crate::checkpoint::{Epoch, Record};
use crate::data::Sets;
use crate::data::augment::Augment;
use crate::evaluate::Evaluator;
use crate::optimizer::in_use;
use crate::runtime::Runtime;
use crate::tensor::Tensor;

/// What measures epochs.
pub struct Judge<'a> {
    evaluator: Evaluator<'a>,
    /// What is added to the images that are learnt from.
    augment: Augment,
    /// Parameters of the network, with which the variables begin.
    parameters: usize,
}

impl<'a> Judge<'a> {
    pub fn new(
        runtime: &Runtime,
        network: &Network,
        sets: &'a Sets,
        record: &Record,
        (augment, trainer): (Augment, &Epochs),
    ) -> Result<Self, FitError> {
        let parameters = network.parameters().len();
        let mut first = trainer.variables()?;
        first.truncate(parameters);
        // What chooses is measured in all that is learnt; the test set of digits as the course does.
        let variants = match &sets.validation {
            Some(_) if record.recipe.inverts() => Augment::Invert.variants(),
            _ => augment.variants(),
        };
        Ok(Self {
            evaluator: Evaluator::new(runtime, network, first, sets.measured(), variants)?,
            augment,
            parameters,
        })
    }

    /// Adds an epoch to the record, the one of this number here with these sums, which left the variables so.
    pub fn measure(
        &mut self,
        variables: &[(String, Tensor)],
        (number, sums): (usize, &Sums),
        record: &mut Record,
    ) -> Result<Epoch, FitError> {
        let parameters = in_use(variables, self.parameters);
        self.evaluator.set_parameters(&parameters)?;
        let measured = self.evaluator.evaluate()?;
        let epoch = Epoch {
            augment: self.augment,
            loss: sums.mean_loss(),
            accuracy: sums.accuracy(),
            val_loss: measured.loss,
            val_accuracy: measured.accuracy,
        };
        if let Some(loss) = epoch.infinite_loss() {
            return Err(FitError::Diverged {
                epoch: number,
                loss,
                learning_rate: record.learning_rate,
            });
        }
        if let Some(detector) = &mut record.detector {
            detector.set_threshold(&measured.scores);
        }
        record.epochs.push(epoch);
        Ok(epoch)
    }
}
