//! A prediction as the user sees it: a line of the table, a line of JSON, or a row of CSV.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;

use crate::file::{display_name, one_line};
use crate::predict::Prediction;
use crate::source::Source;
use crate::spec::Spec;

mod frame;
mod measured;
mod page;
mod row;

pub use frame::FrameReport;
pub use measured::Measured;
pub use page::PageReport;
pub use row::{Record, Row};

/// The result for one input. [`fmt::Display`] is its table line, [`Serialize`] its JSON object.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    #[serde(flatten)]
    file: FileName<'a>,
    /// Which sample of the file it is, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<usize>,
    #[serde(flatten)]
    measured: Measured<'a>,
    /// Whether its row has a column for how the picture was prepared.
    #[serde(skip)]
    has_prepared: bool,
}

/// Which file a result is about.
#[derive(Debug, Serialize)]
struct FileName<'a> {
    /// The path; where it is no UTF-8, with marks in place of what is not.
    file: Cow<'a, str>,
    /// Then, all of its bytes in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_bytes: Option<String>,
    /// The short name.
    #[serde(skip)]
    name: &'a Path,
}

impl<'a> Report<'a> {
    /// Reports on an input, whose short name stands in the table.
    pub fn new(source: &'a Source, spec: &'a Spec, prediction: &'a Prediction) -> Self {
        Self {
            file: FileName::of(source),
            sample: None,
            measured: Measured::new(spec, prediction),
            has_prepared: false,
        }
    }

    /// Gives its row a column for how pictures are prepared, empty for an array.
    #[must_use]
    pub fn with_prepared(mut self, has_prepared: bool) -> Self {
        self.has_prepared = has_prepared;
        self
    }

    /// One of several samples of a file.
    #[must_use]
    pub fn of_sample(mut self, sample: usize) -> Self {
        self.sample = Some(sample);
        self
    }

    /// Takes the input's short name for what it truly is, if it is one of the labels.
    #[must_use]
    pub fn with_truth_from_name(mut self, labels: &'a [String]) -> Self {
        let is_name = |label: &String| Path::new(label) == self.file.name;
        let truth = labels.iter().position(is_name);
        self.measured = self.measured.with_truth(truth, labels);
        self
    }

    /// Tells so many of the likeliest classes.
    #[must_use]
    pub fn with_top(mut self, count: usize, labels: &'a [String]) -> Self {
        self.measured = self.measured.with_top(count, labels);
        self
    }

    /// What the model has found.
    pub fn measured(&self) -> &Measured<'a> {
        &self.measured
    }
}

impl<'a> FileName<'a> {
    fn of(source: &'a Source) -> Self {
        let path = source.path();
        let bytes = path.as_os_str().as_encoded_bytes();
        let is_text = path.to_str().is_some();
        Self {
            file: path.to_string_lossy(),
            file_bytes: (!is_text).then(|| BASE64_STANDARD.encode(bytes)),
            name: source.name(),
        }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.measured.truth() {
            Some((label, probability)) => {
                write!(f, "{} at {:4.1}%", one_line(label), 100.0 * probability)?;
            }
            None => f.write_str(&display_name(self.file.name))?,
        }
        if let Some(sample) = self.sample {
            write!(f, "[{sample}]")?;
        }
        write!(f, ". {}", self.measured)
    }
}

#[cfg(test)]
mod tests;
