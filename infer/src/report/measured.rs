//! What a model has found in an input.

use serde::Serialize;

use crate::engine::Cost;
use crate::file::one_line;
use crate::output::{Classes, Numbers, Output, Values, shown};
use crate::predict::Prediction;
use crate::prepare::Prepared;
use crate::spec::{OutputSpec, Spec};

mod cells;
mod text;

/// What the model has found, and what that took. [`Display`](std::fmt::Display) says what it has found.
#[derive(Debug, Serialize)]
pub struct Measured<'a> {
    #[serde(flatten)]
    finding: Finding<'a>,
    /// How the picture was prepared, where that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    prepared: Option<Prepared>,
    elapsed_microseconds: u128,
    #[serde(flatten)]
    cost: Option<Cost>,
}

/// What the model has found.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Finding<'a> {
    Class(Guess<'a>),
    Values {
        #[serde(flatten)]
        numbers: Reals<'a>,
    },
    Reconstruction {
        /// The mean of the squared differences, in steps of the integers or of floats themselves.
        score: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        threshold: Option<f64>,
        accepted: bool,
    },
}

#[derive(Debug, Serialize)]
struct Guess<'a> {
    label: &'a str,
    class: usize,
    probability: f64,
    probabilities: &'a [f64],
    /// The likeliest classes, the answer first; empty where that alone is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top: Vec<Ranked<'a>>,
    #[serde(flatten)]
    truth: Option<Truth<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    /// What an input is that is not accepted.
    #[serde(skip)]
    stranger: &'static str,
}

/// One of the likeliest classes.
#[derive(Debug, Serialize)]
struct Ranked<'a> {
    label: &'a str,
    class: usize,
    probability: f64,
}

#[derive(Debug, Serialize)]
struct Truth<'a> {
    #[serde(rename = "truth")]
    label: &'a str,
    #[serde(rename = "truth_probability")]
    probability: f64,
}

/// Real numbers, and the integers that stand for them.
#[derive(Debug, Serialize)]
struct Reals<'a> {
    shape: &'a [usize],
    values: Vec<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integers: Option<&'a [i8]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zero_point: Option<i8>,
}

impl<'a> Measured<'a> {
    /// What a model of this kind has found.
    pub fn new(spec: &'a Spec, prediction: &'a Prediction) -> Self {
        Self {
            finding: match &prediction.output {
                Output::Classes(classes) => Finding::Class(Guess::new(classes, spec)),
                Output::Values(values) => Finding::Values {
                    numbers: Reals::new(values),
                },
                Output::Reconstruction { difference, .. } => Finding::Reconstruction {
                    score: difference.score,
                    threshold: match spec.output {
                        OutputSpec::Reconstruction { threshold } => threshold,
                        _ => None,
                    },
                    accepted: difference.accepted,
                },
            },
            prepared: prediction.prepared,
            elapsed_microseconds: prediction.elapsed.as_micros(),
            cost: prediction.cost,
        }
    }

    /// Tells so many of the likeliest classes.
    #[must_use]
    pub fn with_top(mut self, count: usize, labels: &'a [String]) -> Self {
        if let Finding::Class(found) = &mut self.finding
            && count > 1
        {
            found.top = found.ranked(count, labels);
        }
        self
    }

    /// Tells the class that the input truly is of, if that is known.
    #[must_use]
    pub fn with_truth(mut self, class: Option<usize>, labels: &'a [String]) -> Self {
        if let Finding::Class(found) = &mut self.finding {
            found.truth = class.map(|class| Truth {
                label: &labels[class],
                probability: found.probabilities[class],
            });
        }
        self
    }

    /// The label and the probability of the class that the input truly is of, if that is known.
    pub fn truth(&self) -> Option<(&'a str, f64)> {
        match &self.finding {
            Finding::Class(Guess {
                truth: Some(truth), ..
            }) => Some((truth.label, truth.probability)),
            _ => None,
        }
    }

    /// How the picture was prepared, where that was chosen.
    pub fn prepared(&self) -> Option<Prepared> {
        self.prepared
    }

    /// Whether the model takes the input for one of those that it was made for; where it does not say, it does.
    pub fn accepted(&self) -> bool {
        match &self.finding {
            Finding::Class(found) => found.accepted != Some(false),
            Finding::Values { .. } => true,
            Finding::Reconstruction { accepted, .. } => *accepted,
        }
    }

    /// What it has found in short, a line for each class that is told, and how the picture was prepared.
    pub fn captions(&self) -> Vec<String> {
        let prepared = self.prepared.map(|prepared| prepared.to_string());
        self.found().into_iter().chain(prepared).collect()
    }

    fn found(&self) -> Vec<String> {
        let caption = |label: &str, probability: f64| {
            let percent = 100.0 * probability;
            format!("{} {percent:.1}%", one_line(label))
        };
        match &self.finding {
            Finding::Class(found) if found.top.is_empty() => {
                vec![caption(found.label, found.probability)]
            }
            Finding::Class(found) => {
                let ranked = found.top.iter();
                ranked
                    .map(|one| caption(one.label, one.probability))
                    .collect()
            }
            Finding::Values { numbers } => vec![numbers.shown()],
            Finding::Reconstruction { score, .. } => vec![format!("score {}", shown(*score))],
        }
    }
}

impl<'a> Guess<'a> {
    fn new(classes: &'a Classes, spec: &'a Spec) -> Self {
        Self {
            label: &spec.labels()[classes.class],
            class: classes.class,
            probability: classes.probabilities[classes.class],
            probabilities: &classes.probabilities,
            top: Vec::new(),
            truth: None,
            accepted: classes.accepted,
            stranger: if spec.is_of_digits() {
                "a digit"
            } else {
                "any of the classes"
            },
        }
    }

    /// The likeliest classes: the answer, then by their probability, the first one of equals first.
    fn ranked(&self, count: usize, labels: &'a [String]) -> Vec<Ranked<'a>> {
        let mut classes: Vec<usize> = (0..labels.len()).collect();
        classes.sort_by(|&a, &b| {
            let [of_a, of_b] = [a, b].map(|class| self.probabilities[class]);
            let is_answer = (b == self.class).cmp(&(a == self.class));
            is_answer.then(of_b.total_cmp(&of_a))
        });
        let ranked = |class: usize| Ranked {
            label: &labels[class],
            class,
            probability: self.probabilities[class],
        };
        classes.into_iter().take(count).map(ranked).collect()
    }
}

impl<'a> Reals<'a> {
    fn new(values: &'a Values) -> Self {
        let (integers, of) = match &values.numbers {
            Numbers::Float(_) => (None, None),
            Numbers::Int8(integers, of) => (Some(&integers[..]), Some(*of)),
        };
        Self {
            shape: &values.shape,
            values: values.numbers.reals(),
            integers,
            scale: of.map(|of| of.scale),
            zero_point: of.map(|of| of.zero_point),
        }
    }

    fn shown(&self) -> String {
        let values: Vec<String> = self.values.iter().map(f32::to_string).collect();
        values.join(" ")
    }
}
