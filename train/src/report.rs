//! What a classifier got right and wrong on a data set, for people: as text, as JSON, and as one HTML file.

mod acceptance;
pub mod anomalies;
mod corruptions;
mod html;
mod int8;
mod lines;
#[cfg(test)]
mod tests;
pub mod values;

use std::fmt::Write as _;

use ndarray::{Array2, ArrayView1};
use serde::Serialize;

pub use acceptance::{Acceptance, Negatives};
pub use corruptions::{Corruptions, correct};
pub use html::Page;
pub use int8::Int8;
pub use lines::LinesPage;

/// Bins of confidence in which calibration is measured.
const BINS: usize = 10;
/// Mistakes that are told.
const MISTAKES: usize = 24;
/// Standard deviations on each side of a mean that hold 95 of 100 measurements.
const DEVIATIONS: f64 = 1.959_963_985;

/// How well a classifier does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub samples: usize,
    pub correct: usize,
    pub accuracy: f64,
    /// Between which accuracies the true one lies, with a probability of .95
    /// ([Wilson](https://doi.org/10.1080/01621459.1927.10502953)).
    pub interval: [f64; 2],
    pub classes: Vec<ClassReport>,
    /// For each true class the number of its samples that were put in each class.
    pub confusion: Vec<Vec<usize>>,
    pub calibration: Calibration,
    /// The mistakes that the network was surest of, those first.
    pub mistakes: Vec<Mistake>,
    /// What the model in 8 bits does on the same samples, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub int8: Option<Int8>,
    /// What it gets right of the same samples made worse, where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corruptions: Option<Corruptions>,
    /// What it accepts of them and of samples of no class, where there are such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
}

/// How well a classifier does on one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassReport {
    pub name: String,
    /// Samples of it.
    pub samples: usize,
    /// Samples that were put in it.
    pub found: usize,
    /// Samples of it that were put in it.
    pub correct: usize,
    /// The share of those found that are of it; none where none was found.
    pub precision: Option<f64>,
    /// The share of its samples that were found; none where there are none.
    pub recall: Option<f64>,
}

/// Whether answers are right as often as the network is sure of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The mean difference of confidence and accuracy of the bins, each counted by its samples
    /// ([Guo et al.](https://arxiv.org/abs/1706.04599)).
    pub error: f64,
    pub bins: Vec<Bin>,
}

/// The answers of which the network is about as sure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bin {
    pub samples: usize,
    /// Mean probability of the answers.
    pub confidence: f64,
    /// Share of right ones.
    pub accuracy: f64,
}

/// A sample that was put in a wrong class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mistake {
    /// Its row among the logits.
    pub sample: usize,
    /// Its class.
    pub label: usize,
    pub answer: usize,
    /// The probability of the answer.
    pub confidence: f64,
}

/// The answer to one sample.
struct Answer {
    class: usize,
    confidence: f64,
}

impl Answer {
    /// Those to samples with logits `[samples, classes]`.
    fn all(logits: &Array2<f32>) -> Vec<Self> {
        let rows = logits.rows().into_iter();
        rows.map(|row| Self::new(&row)).collect()
    }

    /// The first of the largest logits, and its softmax.
    fn new(logits: &ArrayView1<f32>) -> Self {
        let mut best = (0, f32::NEG_INFINITY);
        for (class, &logit) in logits.iter().enumerate() {
            if logit > best.1 {
                best = (class, logit);
            }
        }
        let (class, _) = best;
        Self {
            class,
            confidence: probabilities(logits)[class],
        }
    }
}

/// How sure a network with these logits `[samples, classes]` is of each of its answers.
pub fn confidences(logits: &Array2<f32>) -> Vec<f64> {
    let answers = Answer::all(logits).into_iter();
    answers.map(|answer| answer.confidence).collect()
}

/// The softmax of logits.
fn probabilities(logits: &ArrayView1<f32>) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |&logit: &f32| f64::from(logit - largest).exp();
    let weights: Vec<f64> = logits.iter().map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

impl Report {
    /// Of logits `[samples, classes]` of samples with these labels.
    pub fn new(classes: &[String], labels: &[u16], logits: &Array2<f32>) -> Self {
        let answers = Answer::all(logits);
        let labels: Vec<usize> = labels.iter().map(|&label| label.into()).collect();
        let mut confusion = vec![vec![0; classes.len()]; classes.len()];
        for (answer, &label) in answers.iter().zip(&labels) {
            confusion[label][answer.class] += 1;
        }
        let correct = (0..classes.len())
            .map(|class| confusion[class][class])
            .sum();
        let names = classes.iter().enumerate();
        let classes = names.map(|(class, name)| ClassReport::new(name, class, &confusion));
        Self {
            samples: labels.len(),
            correct,
            accuracy: correct as f64 / labels.len() as f64,
            interval: interval(correct, labels.len()),
            classes: classes.collect(),
            confusion,
            calibration: Calibration::new(&answers, &labels),
            mistakes: mistakes(&answers, &labels),
            int8: None,
            corruptions: None,
            acceptance: None,
        }
    }

    /// The accuracy in one line.
    pub fn line(&self) -> String {
        let [low, high] = self.interval;
        format!(
            "accuracy {:.4} ({} of {} right), with a probability of .95 from {low:.4} to {high:.4}",
            self.accuracy, self.correct, self.samples
        )
    }

    /// The accuracy, each class with the counts behind its figures, what was taken for what most often, what 8 bits
    /// change, what is right of samples made worse, and what is accepted.
    pub fn text(&self) -> String {
        let widths = self.classes.iter().map(|class| class.name.chars().count());
        let width = widths.max().unwrap_or(0).max(5);
        let mut text = format!(
            "{}\n\n{:<width$} {:>9} {:>16} {:>9} {:>16}\n",
            self.line(),
            "class",
            "precision",
            "right of found",
            "recall",
            "found of its own"
        );
        let share = |share: Option<f64>| share.map_or("-".into(), |share| format!("{share:.4}"));
        for class in &self.classes {
            let of_found = format!("{} of {}", class.correct, class.found);
            let of_own = format!("{} of {}", class.correct, class.samples);
            let (precision, recall) = (share(class.precision), share(class.recall));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{:<width$} {precision:>9} {of_found:>16} {recall:>9} {of_own:>16}",
                class.name
            );
        }
        for (count, label, answer) in self.confused().into_iter().take(5) {
            let name = |class: usize| &self.classes[class].name;
            let _ = write!(text, "\n{count} times {} for {}", name(answer), name(label));
        }
        let mut text = text.trim_end().to_owned();
        if let Some(int8) = &self.int8 {
            let _ = write!(text, "\n\n{int8}");
        }
        if let Some(corruptions) = &self.corruptions {
            let _ = write!(text, "\n\n{corruptions}");
        }
        if let Some(acceptance) = &self.acceptance {
            let _ = write!(text, "\n\n{acceptance}");
        }
        text
    }

    /// How often each class was taken for each other one, with the class and what it was taken for, most often first.
    fn confused(&self) -> Vec<(usize, usize, usize)> {
        let mut confused = Vec::new();
        for (label, answers) in self.confusion.iter().enumerate() {
            for (answer, &count) in answers.iter().enumerate() {
                if answer != label && count > 0 {
                    confused.push((count, label, answer));
                }
            }
        }
        confused.sort_by(|a, b| b.0.cmp(&a.0).then(a.cmp(b)));
        confused
    }
}

impl ClassReport {
    fn new(name: &str, class: usize, confusion: &[Vec<usize>]) -> Self {
        let samples = confusion[class].iter().sum();
        let found = confusion.iter().map(|answers| answers[class]).sum();
        let correct = confusion[class][class];
        let share = |of: usize| (of > 0).then(|| correct as f64 / of as f64);
        Self {
            name: name.into(),
            samples,
            found,
            correct,
            precision: share(found),
            recall: share(samples),
        }
    }
}

impl Calibration {
    fn new(answers: &[Answer], labels: &[usize]) -> Self {
        let mut bins = vec![Bin::default(); BINS];
        for (answer, &label) in answers.iter().zip(labels) {
            let bin = &mut bins[((answer.confidence * BINS as f64) as usize).min(BINS - 1)];
            bin.samples += 1;
            bin.confidence += answer.confidence;
            bin.accuracy += f64::from(u8::from(answer.class == label));
        }
        let mut error = 0.0;
        for bin in bins.iter_mut().filter(|bin| bin.samples > 0) {
            let samples = bin.samples as f64;
            error += (bin.confidence - bin.accuracy).abs() / labels.len() as f64;
            bin.confidence /= samples;
            bin.accuracy /= samples;
        }
        Self { error, bins }
    }
}

fn mistakes(answers: &[Answer], labels: &[usize]) -> Vec<Mistake> {
    let all = answers.iter().zip(labels).enumerate();
    let wrong = all.filter(|(_, (answer, label))| answer.class != **label);
    let mut mistakes: Vec<Mistake> = wrong
        .map(|(sample, (answer, &label))| Mistake {
            sample,
            label,
            answer: answer.class,
            confidence: answer.confidence,
        })
        .collect();
    mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    mistakes.truncate(MISTAKES);
    mistakes
}

/// Between which shares the true one lies where so many of all were right.
fn interval(correct: usize, all: usize) -> [f64; 2] {
    let (all, share) = (all as f64, correct as f64 / all as f64);
    let square = DEVIATIONS * DEVIATIONS;
    let middle = share + square / (2.0 * all);
    let spread = (share * (1.0 - share) / all + square / (4.0 * all * all)).sqrt();
    [-1.0, 1.0].map(|side| (middle + side * DEVIATIONS * spread) / (1.0 + square / all))
}
