//! What a classifier gets right of samples made worse.

use std::fmt;

use ndarray::Array2;
use serde::Serialize;

use super::Answer;
use crate::data::corruption::{Corruption, STRENGTHS};

/// How much a classifier bears.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Corruptions {
    /// Samples of each way and strength.
    pub samples: usize,
    /// The mean accuracy over all ways and strengths.
    pub mean: f64,
    /// The way with the lowest mean.
    pub worst: &'static str,
    pub worst_mean: f64,
    pub ways: Vec<Way>,
}

/// How much it bears of one way to make samples worse.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Way {
    pub name: &'static str,
    /// Of each strength, the weakest first.
    pub correct: [usize; STRENGTHS],
    pub accuracy: [f64; STRENGTHS],
    pub mean: f64,
}

/// The number of samples with these labels that are put in their class.
pub fn correct(labels: &[u16], logits: &Array2<f32>) -> usize {
    let answers = Answer::all(logits);
    let pairs = answers.iter().zip(labels);
    pairs
        .filter(|(answer, label)| answer.class == usize::from(**label))
        .count()
}

impl Corruptions {
    /// Of the right answers among so many samples for each way and each strength.
    pub fn new(samples: usize, correct: &[[usize; STRENGTHS]; Corruption::ALL.len()]) -> Self {
        let ways = Corruption::ALL.iter().zip(correct);
        let ways: Vec<Way> = ways
            .map(|(way, correct)| Way::new(way.name(), samples, *correct))
            .collect();
        let sum: f64 = ways.iter().map(|way| way.mean).sum();
        let mut worst = &ways[0];
        for way in &ways {
            if way.mean < worst.mean {
                worst = way;
            }
        }
        Self {
            samples,
            mean: sum / ways.len() as f64,
            worst: worst.name,
            worst_mean: worst.mean,
            ways,
        }
    }

    /// The mean and the worst, with the counts behind them.
    pub fn summary(&self) -> String {
        let of_way = |way: &Way| way.correct.iter().sum::<usize>();
        let all: usize = self.ways.iter().map(of_way).sum();
        let worst = self.ways.iter().filter(|way| way.name == self.worst);
        let correct: usize = worst.map(of_way).sum();
        let samples = self.samples * STRENGTHS;
        format!(
            "mean {:.4} ({all} of {} right), worst {:.4} ({}, {correct} of {samples} right)",
            self.mean,
            samples * self.ways.len(),
            self.worst_mean,
            self.worst,
        )
    }
}

impl Way {
    fn new(name: &'static str, samples: usize, correct: [usize; STRENGTHS]) -> Self {
        let accuracy = correct.map(|correct| correct as f64 / samples as f64);
        Self {
            name,
            correct,
            accuracy,
            mean: accuracy.iter().sum::<f64>() / STRENGTHS as f64,
        }
    }
}

impl fmt::Display for Corruptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} samples made worse, accuracy at each strength:",
            self.samples
        )?;
        write!(f, "{:<13}", "corruption")?;
        for strength in 1..=STRENGTHS {
            write!(f, " {strength:>6}")?;
        }
        writeln!(f, "   mean")?;
        for way in &self.ways {
            write!(f, "{:<13}", way.name)?;
            for accuracy in way.accuracy {
                write!(f, " {accuracy:.4}")?;
            }
            writeln!(f, " {:.4}", way.mean)?;
        }
        f.write_str(&self.summary())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn means_and_the_worst_are_those_of_the_counts() {
        let mut counts = [[10, 10, 9, 8, 8]; 15];
        counts[3] = [9, 5, 4, 2, 0];
        counts[12] = [10, 4, 4, 2, 1];
        let report = Corruptions::new(10, &counts);
        assert_eq!(
            (report.worst, report.ways[12].name),
            ("motion blur", "dotted line")
        );
        assert!((report.worst_mean - 0.4).abs() < 1e-12);
        // 13 of 45, 20 and 21, of 750.
        assert!((report.mean - 626.0 / 750.0).abs() < 1e-12, "{report:?}");
        assert_eq!(
            report.summary(),
            "mean 0.8347 (626 of 750 right), worst 0.4000 (motion blur, 20 of 50 right)"
        );
        let text = report.to_string();
        for part in [
            "10 samples made worse",
            "\nmotion blur   0.9000 0.5000 0.4000 0.2000 0.0000 0.4000\n",
            "\nfog           1.0000 1.0000 0.9000 0.8000 0.8000 0.9000\n",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn right_is_what_is_put_in_its_class() {
        let logits = arr2(&[[2.0, 0.0], [0.0, 1.0], [3.0, 4.0], [1.0, 1.0]]);
        assert_eq!(correct(&[0, 1, 0, 0], &logits), 3);
    }
}
