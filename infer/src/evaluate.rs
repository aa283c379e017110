//! How often a model is right on a test set, and what it takes for what.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

use crate::engine::Engine;
use crate::file::InFile;
use crate::model::ModelError;
use crate::test_set::TestSet;

/// The result of a model on a test set. [`fmt::Display`] is its table, [`Serialize`] its JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    images: usize,
    correct: usize,
    accuracy: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<usize>,
    #[serde(rename = "images_per_second", serialize_with = "per_second")]
    elapsed: PerImage,
    labels: Vec<String>,
    confusion: Vec<Vec<usize>>,
    #[serde(skip)]
    outputs: Vec<u8>,
}

/// The time of all runs together.
#[derive(Clone, Copy, Debug)]
struct PerImage {
    images: usize,
    elapsed: Duration,
}
