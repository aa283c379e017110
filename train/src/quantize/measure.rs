//! How often the float model and the int8 model are right.

use super::choose::Candidate;
use super::network::FloatNetwork;
use super::{Request, VARIANTS, go_on, graphs};
use crate::data::Dataset;
use crate::data::augment::Variant;
use crate::error::Error;
use crate::evaluate::{accuracy, run_model};
use crate::runtime::Runtime;

/// Shares of right answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracies {
    /// Of the float model.
    pub float: f64,
    /// Of the int8 model.
    pub int8: f64,
}

/// Accuracy on several sets of images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// On the training images that the ranges were chosen by, plain and inverted.
    pub held_out: Accuracies,
    /// On the test images.
    pub test: Accuracies,
    /// On the inverted test images.
    pub inverted: Accuracies,
}

/// Measures both models.
pub fn measure(
    runtime: &Runtime,
    request: &Request,
    network: &FloatNetwork,
    best: &Candidate,
    held_out: &Dataset,
) -> Result<Measured, Error> {
    let int8 = graphs::shipped(network, &best.layers, &[])?;
    let share = |model: &[u8], images: &Dataset, variants: &'static [Variant]| {
        go_on(request.interrupted)?;
        Ok::<f64, Error>(accuracy(
            &run_model(runtime, model, images, variants)?,
            images,
        ))
    };
    let of_test = |variants| {
        let test = &request.digits.test;
        let float = share(request.model, test, variants)?;
        Ok::<Accuracies, Error>(Accuracies {
            float,
            int8: share(&int8, test, variants)?,
        })
    };
    let float = share(request.model, held_out, VARIANTS)?;
    Ok(Measured {
        held_out: Accuracies {
            float,
            int8: best.accuracy,
        },
        test: of_test(&[Variant::Plain])?,
        inverted: of_test(&[Variant::Inverted])?,
    })
}
