//! Which inputs count as strange: those that a network of normal ones makes worse again than nearly all of these.

use serde::{Deserialize, Serialize};

/// How much above a score its threshold lies, relative to it: runtimes round in ways that differ.
const ABOVE: f32 = 1e-5;

/// How strange inputs are told from normal ones by their score, the mean of the squared differences of an input and what is
/// made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    /// The classes that are normal; none where the data have no classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub normal: Vec<String>,
    /// The share of normal samples that may count as strange.
    pub false_alarms: f64,
    /// The greatest score that counts as normal, once there are scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
}

/// A greatest score, and how it was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    pub score: f32,
    /// Normal samples, not learnt from, whose scores it is from.
    pub samples: usize,
    /// Those of them that are above it.
    pub above: usize,
}

impl Detector {
    /// Sets the threshold by the scores of normal samples: the least score that no more than the share lie above.
    pub fn set_threshold(&mut self, scores: &[f32]) {
        let mut falling = scores.to_vec();
        falling.sort_unstable_by(|a, b| b.total_cmp(a));
        let allowed = allowed(falling.len(), self.false_alarms);
        let Some(score) = falling.get(allowed) else {
            return;
        };
        let score = score * (1.0 + ABOVE);
        self.threshold = Some(Threshold {
            score,
            samples: falling.len(),
            above: falling.iter().filter(|&&other| other > score).count(),
        });
    }

    /// What is to be said of a threshold from too few samples for the share.
    pub fn note(&self) -> Option<String> {
        let samples = self.threshold?.samples;
        let share = self.false_alarms;
        let is_greatest = share > 0.0 && allowed(samples, share) == 0;
        is_greatest.then(|| {
            format!(
                "the threshold is the greatest score of {samples} normal samples, too few to tell a share of {share} by; more \
                 would tell"
            )
        })
    }
}

/// How many of so many samples may lie above a threshold.
pub fn allowed(samples: usize, share: f64) -> usize {
    // A share of .07 of 100 is 7, though as floats a little more.
    ((samples as f64 * share + 1e-9) as usize).min(samples.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(false_alarms: f64) -> Detector {
        Detector {
            normal: Vec::new(),
            false_alarms,
            threshold: None,
        }
    }

    #[test]
    fn no_more_than_the_share_is_above_the_threshold() {
        let scores: Vec<f32> = (0..200).map(|at| ((at * 73) % 200) as f32).collect();
        for (share, above) in [(0.0, 0), (0.004, 0), (0.01, 2), (0.07, 14), (0.999, 199)] {
            let mut detector = detector(share);
            detector.set_threshold(&scores);
            let threshold = detector.threshold.unwrap();
            assert_eq!(
                (threshold.above, threshold.samples),
                (above, 200),
                "{share}"
            );
            let found = scores.iter().filter(|&&score| score > threshold.score);
            assert_eq!(found.count(), above);
        }
        // Equal scores are on one side.
        let mut detector = detector(0.5);
        detector.set_threshold(&[1.0; 10]);
        assert_eq!(detector.threshold.unwrap().above, 0);
        detector.threshold = None;
        detector.set_threshold(&[]);
        assert_eq!(detector.threshold, None);
    }

    #[test]
    fn too_few_samples_are_told_of() {
        let mut few = detector(0.01);
        few.set_threshold(&[1.0; 99]);
        assert!(few.note().unwrap().contains("99 normal samples"));
        few.set_threshold(&[1.0; 100]);
        assert_eq!(few.note(), None);
    }
}
