//! What `train check --json` says of what it ends with.

use std::path::Path;

use input::file::display_name;
use serde::Serialize;

use crate::error::Error;
use crate::import::ImportError;
use crate::quantize::QuantizeError;

/// Why a model does not go, in parts as far as they are known.
#[derive(Debug, Serialize)]
pub struct Failure {
    file: String,
    node: Option<String>,
    operator: Option<String>,
    /// What was found.
    reason: String,
    /// What was expected, or what to do.
    remedy: Option<String>,
    /// The line on standard error.
    message: String,
}

impl Failure {
    pub fn new(model: &Path, error: &Error) -> Self {
        let message = error.to_string();
        let mut failure = Self {
            file: file(error).map_or_else(|| display_name(model), ToOwned::to_owned),
            node: None,
            operator: None,
            reason: message.clone(),
            remedy: None,
            message,
        };
        match import_error(error) {
            Some(ImportError::Node {
                node,
                operator,
                expected,
                found,
            }) => {
                (failure.node, failure.operator) = (Some(node.clone()), Some(operator.clone()));
                (failure.reason, failure.remedy) = (found.clone(), Some(expected.clone()));
            }
            Some(ImportError::Form { expected, found }) => {
                (failure.reason, failure.remedy) = (found.clone(), Some(expected.clone()));
            }
            _ => {}
        }
        failure
    }
}

/// The file besides the model that is at fault.
fn file(error: &Error) -> Option<&str> {
    match error {
        Error::Calibration(error) => Some(&error.file),
        Error::Labels(error) => Some(&error.file),
        Error::ReadLabels(error) => Some(&error.file),
        _ => None,
    }
}

fn import_error(error: &Error) -> Option<&ImportError> {
    match error {
        Error::QuantizeModel {
            reason: QuantizeError::Import(error),
            ..
        } => Some(error),
        _ => None,
    }
}
