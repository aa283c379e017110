//! Of reconstructions how far they are from their inputs, and how well that tells one kind of input from the other.

use std::fmt;

use serde::Serialize;

use super::{Effort, write_cost};
use crate::engine::Cost;
use crate::output::{Distance, shown};

/// How far reconstructions are from their inputs. Scores are means of squared differences, in steps of the integers or
/// of floats themselves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfReconstructions {
    inputs: usize,
    mean_score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    /// Inputs that are like what the model was made for.
    accepted: usize,
    /// The probability that of two inputs, one of each kind, that of class 1 has the greater score.
    #[serde(skip_serializing_if = "Option::is_none")]
    auc: Option<f64>,
    inputs_per_second: f64,
    #[serde(flatten)]
    cost: Option<Cost>,
}

pub struct ReconstructionTally {
    threshold: Option<f64>,
    accepted: usize,
    sum: f64,
    /// The scores of inputs of class 0 and of class 1.
    scores: [Vec<f64>; 2],
}

impl ReconstructionTally {
    pub fn new(threshold: Option<f64>) -> Self {
        Self {
            threshold,
            accepted: 0,
            sum: 0.0,
            scores: [const { Vec::new() }; 2],
        }
    }

    pub fn add(&mut self, difference: Distance, class: Option<usize>) {
        self.accepted += usize::from(difference.accepted);
        self.sum += difference.score;
        if let Some(scores) = class.and_then(|class| self.scores.get_mut(class)) {
            scores.push(difference.score);
        }
    }

    pub fn finish(self, effort: Effort) -> OfReconstructions {
        OfReconstructions {
            inputs: effort.runs,
            mean_score: self.sum / effort.runs as f64,
            threshold: self.threshold,
            accepted: self.accepted,
            auc: auc(self.scores),
            inputs_per_second: effort.per_second(),
            cost: effort.cost,
        }
    }
}

/// The area under the receiver operating characteristic: of all pairs with one score of each kind, the share in which that of
/// the second is greater, equal ones counting half. `None` if there are no pairs.
fn auc([normal, strange]: [Vec<f64>; 2]) -> Option<f64> {
    let mut normal = normal;
    normal.sort_unstable_by(f64::total_cmp);
    let below = |score: f64| {
        let less = normal.partition_point(|&other| other < score);
        let at_most = normal.partition_point(|&other| other <= score);
        (less + at_most) as f64 / 2.0
    };
    let pairs = normal.len() as f64 * strange.len() as f64;
    let greater: f64 = strange.into_iter().map(below).sum();
    (pairs > 0.0).then(|| greater / pairs)
}

impl fmt::Display for OfReconstructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inputs, accepted) = (self.inputs, self.accepted);
        writeln!(f, "inputs   {inputs}")?;
        write!(f, "score    {} on average", shown(self.mean_score))?;
        match self.threshold {
            Some(threshold) => writeln!(f, ", threshold {}", shown(threshold))?,
            None => writeln!(f)?,
        }
        let share = accepted as f64 / inputs as f64;
        writeln!(f, "accepted {share:.4} ({accepted} of {inputs})")?;
        if let Some(auc) = self.auc {
            writeln!(f, "AUC      {auc:.4}")?;
        }
        writeln!(f, "speed    {:.0} inputs/s", self.inputs_per_second)?;
        write_cost(f, self.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pairs, one by one.
    fn by_pairs([normal, strange]: &[Vec<f64>; 2]) -> f64 {
        let pairs = strange
            .iter()
            .flat_map(|one| normal.iter().map(move |other| one.total_cmp(other)));
        let worth = pairs.map(|order| match order {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 1.0,
        });
        worth.sum::<f64>() / (normal.len() * strange.len()) as f64
    }

    #[test]
    fn the_area_is_that_of_all_pairs() {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24
        };
        for spread in [1, 4, 100] {
            let mut some = |count, more| {
                (0..count)
                    .map(|_| f64::from(next() % spread + more))
                    .collect()
            };
            let scores: [Vec<f64>; 2] = [some(40, 0), some(30, spread / 3)];
            let expected = by_pairs(&scores);
            assert!((auc(scores).unwrap() - expected).abs() < 1e-12);
        }
        assert_eq!(auc([vec![1.0], vec![]]), None);
        assert_eq!(auc([vec![], vec![1.0]]), None);
    }
}
