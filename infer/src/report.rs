//! A prediction as the user sees it: a line of the table, or a line of JSON.

use std::fmt;

use serde::Serialize;

use crate::engine::Cost;
use crate::predict::Prediction;

/// The result for one picture. [`fmt::Display`] is its table line, [`Serialize`] its JSON object.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    file: &'a str,
    #[serde(skip)]
    name: &'a str,
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
    /// Reports on the picture in `file`, whose short name stands in the table.
    pub fn new(file: &'a str, name: &'a str, prediction: &'a Prediction) -> Self {
        Self {
            file,
            name,
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
    pub fn with_truth_from_name(mut self, labels: &[String]) -> Self {
        let class = labels.iter().position(|label| label == self.name);
        self.truth = class.map(|class| Truth {
            label: self.name,
            probability: self.probabilities[class],
        });
        self
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.truth {
            Some(truth) => write!(f, "{} at {:4.1}%", truth.label, 100.0 * truth.probability)?,
            None => f.write_str(self.name)?,
        }
        let percent = 100.0 * self.probability;
        write!(f, ". CNN thinks it's a {} ({percent:.1}%)", self.label)?;
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

    fn labels() -> Vec<String> {
        ["0", "1", "2", "3"].map(String::from).to_vec()
    }

    fn prediction(probabilities: [f64; 4], class: usize) -> Prediction {
        Prediction {
            class,
            label: class.to_string(),
            probabilities: probabilities.to_vec(),
            accepted: None,
            elapsed: Duration::from_nanos(149_900),
            cost: None,
        }
    }

    #[test]
    fn table_lines() {
        let three = prediction([0.0, 0.039, 0.525, 0.436], 3);
        let report = Report::new("p/1.png", "1", &three);
        assert_eq!(report.to_string(), "1. CNN thinks it's a 3 (43.6%)");
        let report = report.with_truth_from_name(&labels());
        assert_eq!(
            report.to_string(),
            "1 at  3.9%. CNN thinks it's a 3 (43.6%)"
        );
        let report = Report::new("p/dog.png", "dog", &three).with_truth_from_name(&labels());
        assert_eq!(report.to_string(), "dog. CNN thinks it's a 3 (43.6%)");

        let certain = prediction([0.0, 0.0, 1.0, 0.0], 2);
        let report = Report::new("2.png", "2", &certain).with_truth_from_name(&labels());
        assert_eq!(
            report.to_string(),
            "2 at 100.0%. CNN thinks it's a 2 (100.0%)"
        );
        let report = Report::new("0.png", "0", &certain).with_truth_from_name(&labels());
        assert_eq!(
            report.to_string(),
            "0 at  0.0%. CNN thinks it's a 2 (100.0%)"
        );
    }

    #[test]
    fn json_objects() {
        let two = prediction([0.25, 0.0, 0.5, 0.25], 2);
        let report = Report::new("p/3.png", "3", &two);
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"file":"p/3.png","label":"2","class":2,"probability":0.5,"probabilities":[0.25,0.0,0.5,0.25],"elapsed_microseconds":149}"#
        );
        assert_eq!(
            serde_json::to_string(&report.with_truth_from_name(&labels())).unwrap(),
            r#"{"file":"p/3.png","label":"2","class":2,"probability":0.5,"probabilities":[0.25,0.0,0.5,0.25],"truth":"3","truth_probability":0.25,"elapsed_microseconds":149}"#
        );
    }

    #[test]
    fn boards_tell_what_it_took() {
        let mut two = prediction([0.25, 0.0, 0.5, 0.25], 2);
        two.cost = Some(Cost {
            cycles: 4_000_000,
            stack_bytes: 6000,
        });
        let object = serde_json::to_string(&Report::new("2.png", "2", &two)).unwrap();
        assert!(
            object.ends_with(r#","cycles":4000000,"stack_bytes":6000}"#),
            "{object}"
        );
    }

    #[test]
    fn doubt_is_told() {
        let mut two = prediction([0.25, 0.0, 0.5, 0.25], 2);
        two.accepted = Some(false);
        let report = Report::new("p/dog.png", "dog", &two);
        assert_eq!(
            report.to_string(),
            "dog. CNN thinks it's a 2 (50.0%), not sure it is a digit"
        );
        assert!(
            serde_json::to_string(&report)
                .unwrap()
                .contains(r#""accepted":false,"#)
        );
        two.accepted = Some(true);
        let report = Report::new("p/dog.png", "dog", &two);
        assert_eq!(report.to_string(), "dog. CNN thinks it's a 2 (50.0%)");
        assert!(
            serde_json::to_string(&report)
                .unwrap()
                .contains(r#""accepted":true,"#)
        );
    }
}
