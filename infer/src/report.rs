//! A prediction as the user sees it: a line of the table, or a line of JSON.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;

use crate::engine::Cost;
use crate::file::{display_name, one_line};
use crate::predict::Prediction;
use crate::source::Source;

/// The result for one picture. [`fmt::Display`] is its table line, [`Serialize`] its JSON object.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// The path; where it is no UTF-8, with marks in place of what is not.
    file: Cow<'a, str>,
    /// Then, all of its bytes in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_bytes: Option<String>,
    #[serde(skip)]
    name: &'a Path,
    label: &'a str,
    class: usize,
    probability: f64,
    probabilities: &'a [f64],
    #[serde(flatten)]
    truth: Option<Truth<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    elapsed_microseconds: u128,
    #[serde(flatten)]
    cost: Option<Cost>,
}

#[derive(Debug, Serialize)]
struct Truth<'a> {
    #[serde(rename = "truth")]
    label: &'a str,
    #[serde(rename = "truth_probability")]
    probability: f64,
}

impl<'a> Report<'a> {
    /// Reports on a picture, whose short name stands in the table.
    pub fn new(source: &'a Source, prediction: &'a Prediction) -> Self {
        let path = source.path();
        let bytes = path.as_os_str().as_encoded_bytes();
        Self {
            file: path.to_string_lossy(),
            file_bytes: path
                .to_str()
                .is_none()
                .then(|| BASE64_STANDARD.encode(bytes)),
            name: source.name(),
            label: &prediction.label,
            class: prediction.class,
            probability: prediction.probabilities[prediction.class],
            probabilities: &prediction.probabilities,
            truth: None,
            accepted: prediction.accepted,
            elapsed_microseconds: prediction.elapsed.as_micros(),
            cost: prediction.cost,
        }
    }

    /// Takes the picture's short name for what it truly shows, if it is one of the labels.
    #[must_use]
    pub fn with_truth_from_name(mut self, labels: &'a [String]) -> Self {
        let class = labels
            .iter()
            .position(|label| Path::new(label) == self.name);
        self.truth = class.map(|class| Truth {
            label: &labels[class],
            probability: self.probabilities[class],
        });
        self
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.truth {
            Some(truth) => {
                let name = one_line(truth.label);
                write!(f, "{name} at {:4.1}%", 100.0 * truth.probability)?;
            }
            None => f.write_str(&display_name(self.name))?,
        }
        let percent = 100.0 * self.probability;
        write!(
            f,
            ". CNN thinks it's a {} ({percent:.1}%)",
            one_line(self.label)
        )?;
        match self.accepted {
            Some(false) => f.write_str(", not sure it is a digit"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn json_has_microseconds_and_the_probability_of_the_truth() {
        let labels = ["0", "1"].map(String::from);
        let prediction = Prediction {
            class: 1,
            label: "1".into(),
            probabilities: vec![0.25, 0.75],
            accepted: None,
            elapsed: Duration::from_nanos(149_900),
            cost: None,
        };
        let source = Source("p/0.png".into());
        let report = Report::new(&source, &prediction).with_truth_from_name(&labels);
        let json = serde_json::to_value(report).unwrap();
        let expected = serde_json::json!({
            "file": "p/0.png", "label": "1", "class": 1, "probability": 0.75, "probabilities": [0.25, 0.75],
            "truth": "0", "truth_probability": 0.25, "elapsed_microseconds": 149,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn table_lines() {
        let labels = ["0", "1", "2", "a\nb"].map(String::from);
        let certain = Prediction {
            class: 2,
            label: "2".into(),
            probabilities: vec![0.0, 0.0, 1.0, 0.0],
            accepted: None,
            elapsed: Duration::ZERO,
            cost: None,
        };
        let doubtful = Prediction {
            class: 3,
            label: labels[3].clone(),
            probabilities: vec![0.0, 0.039, 0.525, 0.436],
            accepted: Some(true),
            ..certain.clone()
        };
        let rejected = Prediction {
            accepted: Some(false),
            ..certain.clone()
        };
        for (path, prediction, line) in [
            (
                "p/1.png",
                &doubtful,
                r"1 at  3.9%. CNN thinks it's a a\nb (43.6%)",
            ),
            (
                "dog.v2.png",
                &doubtful,
                r"dog.v2. CNN thinks it's a a\nb (43.6%)",
            ),
            ("x\ny.png", &certain, r"x\ny. CNN thinks it's a 2 (100.0%)"),
            (
                "2.png",
                &certain,
                "2 at 100.0%. CNN thinks it's a 2 (100.0%)",
            ),
            (
                "a\nb.png",
                &certain,
                r"a\nb at  0.0%. CNN thinks it's a 2 (100.0%)",
            ),
            (
                "-",
                &rejected,
                "-. CNN thinks it's a 2 (100.0%), not sure it is a digit",
            ),
        ] {
            let source = Source(path.into());
            let report = Report::new(&source, prediction);
            assert_eq!(report.with_truth_from_name(&labels).to_string(), line);
        }
    }
}
