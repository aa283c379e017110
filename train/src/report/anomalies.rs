//! How well scores tell strange samples from normal ones.

use std::fmt::Write as _;

use serde::Serialize;

use super::interval;
use crate::detector::{Detector, Threshold};

/// How well a network of normal samples tells strange ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnomalyReport {
    /// The greatest score that counts as normal.
    pub threshold: f64,
    /// The share of normal samples that may be above it.
    pub false_alarms_allowed: f64,
    /// Normal samples that the threshold was chosen by, and those above it.
    pub held_out: Above,
    /// Normal samples of the test set.
    pub false_alarms: Above,
    /// Strange ones.
    pub detected: Above,
    /// The probability that of two samples, one of each kind, the strange one has the greater score.
    pub auc: Option<f64>,
}

/// Samples above the threshold, of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Above {
    pub above: usize,
    pub samples: usize,
}

impl AnomalyReport {
    /// Of the scores of samples that are normal, label 0, or strange; none where there is no threshold.
    pub fn new(detector: &Detector, scores: &[f32], labels: &[u16]) -> Option<Self> {
        let Threshold {
            score: threshold,
            samples,
            above,
        } = detector.threshold?;
        let of = |is_strange: bool| -> Vec<f32> {
            let all = scores.iter().zip(labels);
            let of_kind = all.filter(|(_, label)| (**label > 0) == is_strange);
            of_kind.map(|(&score, _)| score).collect()
        };
        let [normal, strange] = [false, true].map(of);
        let above_it = |scores: &[f32]| Above {
            above: scores.iter().filter(|&&score| score > threshold).count(),
            samples: scores.len(),
        };
        Some(Self {
            threshold: f64::from(threshold),
            false_alarms_allowed: detector.false_alarms,
            held_out: Above { above, samples },
            false_alarms: above_it(&normal),
            detected: above_it(&strange),
            auc: area(normal, &strange),
        })
    }

    /// A line for each figure, with the counts behind it.
    pub fn text(&self) -> String {
        let mut text = format!(
            "threshold    {:.6}, above it {} normal samples held out, {} allowed",
            self.threshold,
            self.held_out.text(),
            self.false_alarms_allowed
        );
        for (name, counts) in [
            ("false alarms", self.false_alarms),
            ("detected    ", self.detected),
        ] {
            if counts.samples > 0 {
                let [low, high] = interval(counts.above, counts.samples);
                // Writing to a string cannot fail.
                let _ = write!(
                    text,
                    "\n{name} {}, with a probability of .95 from {low:.4} to {high:.4}",
                    counts.text()
                );
            }
        }
        if let Some(auc) = self.auc {
            let _ = write!(text, "\nAUC          {auc:.4}");
        }
        text
    }
}

impl Above {
    fn text(self) -> String {
        let share = self.above as f64 / self.samples as f64;
        format!("{share:.4} ({} of {})", self.above, self.samples)
    }
}

/// The area under the receiver operating characteristic: of all pairs the share in which the strange one has the greater score,
/// equal ones counting half. `None` if there are no pairs.
fn area(mut normal: Vec<f32>, strange: &[f32]) -> Option<f64> {
    normal.sort_unstable_by(f32::total_cmp);
    let below = |&score: &f32| {
        let less = normal.partition_point(|&other| other < score);
        let at_most = normal.partition_point(|&other| other <= score);
        (less + at_most) as f64 / 2.0
    };
    let pairs = normal.len() as f64 * strange.len() as f64;
    let greater: f64 = strange.iter().map(below).sum();
    (pairs > 0.0).then(|| greater / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_counts() {
        let mut detector = Detector {
            normal: Vec::new(),
            false_alarms: 0.25,
            threshold: None,
        };
        let scores = [1.0, 5.0, 2.0, 3.0, 4.0, 2.0];
        let labels = [0, 1, 0, 0, 1, 1];
        assert_eq!(AnomalyReport::new(&detector, &scores, &labels), None);
        detector.set_threshold(&[1.0, 2.0, 2.5, 9.0]);
        let report = AnomalyReport::new(&detector, &scores, &labels).unwrap();
        let counts = [report.held_out, report.false_alarms, report.detected];
        let counts = counts.map(|counts| (counts.above, counts.samples));
        assert_eq!(counts, [(1, 4), (1, 3), (2, 3)]);
        // Pairs by hand: 3 and 3 of three, then of 2 one greater and one equal.
        assert!((report.auc.unwrap() - 7.5 / 9.0).abs() < 1e-12);
        assert!(
            report.text().contains("detected     0.6667 (2 of 3)"),
            "{}",
            report.text()
        );
        let report = AnomalyReport::new(&detector, &scores, &[0; 6]).unwrap();
        assert_eq!((report.auc, report.detected.samples), (None, 0));
    }
}
